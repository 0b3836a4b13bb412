"""Deviations: intervals during which a finding failed, with what is known of their ends.

A failure lasts until it was seen good, gone or waived: an error in between is blindness, not the
end of it. The longest that it can have lasted is from the start of the last run that still saw it
good (or absent) to the end of the first run that saw it good again; a run on the past saw it at the
time that it is of, however soon after it the next was sealed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from msgspec import Struct

from agent.evidence.entry import from_micros, to_micros
from agent.evidence.leaf import OUTCOMES
from agent.evidence.moment import Told
from agent.evidence.store import Store, past
from agent.model import Outcome

_FAIL = OUTCOMES.index(Outcome.FAIL)
_ERROR = OUTCOMES.index(Outcome.ERROR)


class Deviation(Struct, frozen=True, kw_only=True):
    """One interval of failure of one finding."""

    target: str
    rule: str
    resource: str
    region: str
    code: str
    """Of its first failure."""
    message: str
    last_good: datetime | None
    """Start of the last run before it that saw the resource good, or not there, or the past time
    that this run was of; None: the rule never ran before."""
    start: datetime
    """End of the first run that saw it fail."""
    last_bad: datetime | None
    """End of the last run that saw it fail; None while it is open."""
    end: datetime | None
    """End of the first run that saw it otherwise; None: it is open."""
    ended_by: str
    """`pass`, `not_applicable`, `waived`, `gone`; empty while it is open."""
    blind: bool
    """Whether there were errors within it: nobody looked."""

    @property
    def observed(self) -> timedelta | None:
        """How long it was seen to fail; None while it is open."""
        return None if self.last_bad is None else self.last_bad - self.start

    @property
    def longest(self) -> timedelta | None:
        """How long it can have lasted; None: that is not known, or it is open."""
        if self.end is None or self.last_good is None:
            return None
        return self.end - self.last_good

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Whether any of it is in [start, end)."""
        return self.start < end and (self.end is None or self.end > start)


def deviations(
    store: Store,
    start: datetime,
    end: datetime,
    *,
    target: str | None = None,
    rule: str | None = None,
) -> list[Deviation]:
    """Give the deviations that overlap [start, end), by target, rule and resource."""
    with store.reading() as view:
        first, last = view.run_bounds(to_micros(start), to_micros(end))
        number = None if rule is None else view.number_of(rule) or 0
        names = view.names()
        told = Told(view)
        rows = past.failing(view, first, last, number)
        found = [
            deviation
            for _, spans in groupby(rows, key=lambda row: row[:3])
            for deviation in deviations_of(names, list(spans), told)
        ]
    return [
        deviation
        for deviation in found
        if deviation.overlaps(start, end) and target in (None, deviation.target)
    ]


def deviations_of(
    names: Mapping[int, str], spans: Sequence[Any], told: Told
) -> Iterator[Deviation]:
    """Cut the spans of one finding, as `past.failing` gives them, into its deviations."""
    failing: list[Any] = []
    before: Any = None
    for span in spans:
        left_off = bool(failing) and failing[-1][6] != span[5]  # gone, and here again
        if failing and (left_off or span[7] not in (_FAIL, _ERROR)):
            yield _deviation(names, before, failing, None if left_off else span, told)
            before, failing = failing[-1], []
        if span[7] == _FAIL or (failing and span[7] == _ERROR):
            failing.append(span)
        else:
            before = span
    if failing:
        yield _deviation(names, before, failing, None, told)


def _deviation(
    names: Mapping[int, str], before: Any, failing: list[Any], after: Any, told: Told
) -> Deviation:
    number = failing[0][0]
    target, rule, _, text, region, first = failing[0][:6]
    ended = failing[-1][6]
    last_fail = [span for span in failing if span[7] == _FAIL][-1]
    # errors right before it are blindness: the last that was seen good is before them
    blind_before = before is not None and before[7] == _ERROR and before[6] == first
    good = before[12] if blind_before else failing[0][12]
    return Deviation(
        target=names[target],
        rule=names[rule],
        resource=text,
        region=region,
        code=failing[0][8] or "",
        message=failing[0][9] or "",
        last_good=None if good is None else from_micros(told.started(number, good)),
        start=from_micros(failing[0][10]),
        last_bad=None if ended is None or last_fail[6] is None else _moment(last_fail[13]),
        end=_moment(failing[-1][11]),
        ended_by=_ended_by(ended, after),
        blind=any(span[7] == _ERROR for span in failing),
    )


def _ended_by(ended: int | None, after: Any) -> str:
    if ended is None:
        return ""
    return "gone" if after is None else str(OUTCOMES[after[7]])


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
