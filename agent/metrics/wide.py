"""Families of very many series, whose lines are kept as text from one scrape to the next.

prometheus_client writes each label of each sample anew; at 100,000 series that takes seconds. Here
the lines of a row are written when its values change, and only joined otherwise. To everything that
does not know this, a `Wide` is a family like any other: its samples are made when they are asked
for.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

Row = tuple[tuple[str, ...], tuple[float, ...]]
"""Values of the labels, and for each option of `across` the value of its series."""

_number = lru_cache(maxsize=1 << 16)(floatToGoString)


class Shape(Struct, frozen=True, kw_only=True):
    """What the rows of a family have in common; all are gauges."""

    name: str
    doc: str
    labels: tuple[str, ...]
    across: str = ""
    """The label that tells the series of a row from one another; empty: there is one series."""
    options: tuple[str, ...] = ("",)
    """The values of `across`, in the order of a row's values."""
    always: tuple[str, ...] = ()
    """The options that are there even when zeros are left out."""


class Wide(Metric):
    """One family at one scrape."""

    def __init__(self, shape: Shape, rows: list[Row], text: str, *, zeros: bool) -> None:
        """`text` is what `Lines` made of the rows."""
        super().__init__(shape.name, shape.doc, "gauge")
        self.shape, self.rows, self.text, self.zeros = shape, rows, text, zeros

    @property
    def samples(self) -> list[Sample]:
        """Give every series as the library has it."""
        shape = self.shape
        return [
            Sample(
                shape.name,
                dict(zip(shape.labels, values, strict=True))
                | ({shape.across: option} if shape.across else {}),
                number,
            )
            for values, numbers in self.rows
            for option, number in zip(shape.options, numbers, strict=True)
            if self.zeros or number or option in shape.always
        ]

    @samples.setter
    def samples(self, nothing: list[Sample]) -> None:
        """Take the empty list that the library's constructor sets."""

    @property
    def empty(self) -> Metric:
        """The family without series: what its head is written from."""
        return GaugeMetricFamily(self.name, self.documentation)


class Lines:
    """The text of one family; for several threads at once."""

    def __init__(self, shape: Shape) -> None:
        """Nothing is written yet."""
        self._shape = shape
        self._kept: tuple[bool, dict[tuple[str, ...], tuple[tuple[float, ...], str]]] = (True, {})

    def family(self, rows: list[Row], *, zeros: bool = True) -> Wide:
        """Write the rows; without `zeros`, series that are 0 are left out but for `always`."""
        kept_zeros, before = self._kept
        if kept_zeros != zeros:
            before = {}
        now: dict[tuple[str, ...], tuple[tuple[float, ...], str]] = {}
        for row in rows:
            key, numbers = row
            kept = before.get(key)
            if kept is None or kept[0] != numbers:
                kept = (numbers, "".join(self._lines(row, zeros=zeros)))
            now[key] = kept
        self._kept = (zeros, now)  # in one step: another scrape may be reading it
        text = "".join([text for _, text in now.values()])
        return Wide(self._shape, rows, text, zeros=zeros)

    def _lines(self, row: Row, *, zeros: bool) -> Iterator[str]:
        shape = self._shape
        before, after = self._around(row[0])
        for option, number in zip(shape.options, row[1], strict=True):
            if zeros or number or option in shape.always:
                yield f"{before}{option}{after}{_number(number)}\n"

    def _around(self, values: tuple[str, ...]) -> tuple[str, str]:
        """Give the text of a row's lines before the option and after it, up to the number."""
        parts = [
            f'{label}="{_escaped(value)}"'
            for label, value in zip(self._shape.labels, values, strict=True)
        ]
        if not self._shape.across:
            return f"{self._shape.name}{{{','.join(sorted(parts))}}} ", ""
        here = f'{self._shape.across}="'
        before = [f"{part}," for part in sorted(parts) if part < here]
        after = [f",{part}" for part in sorted(parts) if part > here]
        return f"{self._shape.name}{{{''.join(before)}{here}", f'"{"".join(after)}}} '


def _escaped(value: str) -> str:
    """Write a label's value as both formats do (Prometheus, Exposition formats)."""
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
