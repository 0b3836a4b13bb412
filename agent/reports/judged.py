"""What one rule said through a period: one pass over its spans, target by target."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from msgspec import Struct

from agent.evidence.entry import to_micros
from agent.evidence.leaf import OUTCOMES
from agent.evidence.store import Reading, period
from agent.model import Outcome
from agent.reports.blind import unlooked
from agent.reports.lens import Lens
from agent.reports.model import Day, Health, Stretch
from agent.reports.timeline import Piece, calendar, cut, merge, to_moment, total, without

_SHOWN = {
    Outcome.FAIL: Health.FAIL,
    Outcome.ERROR: Health.BLIND,
    Outcome.WAIVED: Health.WAIVED,
    Outcome.PASS: Health.PASS,
}


class Judged(Struct, frozen=True, kw_only=True):
    """What was read of a rule."""

    population: int
    population_sha256: str
    counts: Mapping[Outcome, int]
    blind: tuple[Stretch, ...]
    blind_share: float
    days: tuple[Day, ...]
    clean: bool
    first: tuple[str, str] | None
    """The (resource, target) that sorts first of what stood at the end; None: nothing did."""
    waived: Mapping[str, frozenset[tuple[str, str]]]
    """Waiver -> (target, resource) that read `waived` because of it in the period."""


def judge_period(view: Reading, lens: Lens, rule: str) -> Judged:
    """Read every span of a rule that touches the period, once; memory holds its resources' ids."""
    ids: set[str] = set()
    counts: Counter[Outcome] = Counter()
    waived: dict[str, set[tuple[str, str]]] = defaultdict(set)
    layers: dict[Health, list[Piece]] = {health: [] for health in Health}
    blind: list[Stretch] = []
    firsts: list[tuple[str, str]] = []
    looked: list[Piece] = []
    unseen: list[Piece] = []
    number = view.number_of(rule)
    numbers = {label: target for target, label in lens.targets.items()}
    for label in lens.labels:  # one that never had a run is blind from its first slot on
        windows = lens.pieces(label, rule)
        if not windows:
            continue
        read = _Spans(lens, label, standing=lens.is_due(label, rule))
        if number is not None and label in numbers:
            read.take(period.spans(view, numbers[label], number, lens.first, lens.last))
        ids |= read.ids
        counts.update(read.counts)
        firsts += [(read.first, label)] if read.first else []
        for code, resource in read.waived:
            waived[code].add((label, resource))
        mine = [*unlooked(label, lens.windows.get((label, rule), ()), lens.gaps)]
        for (outcome, code), pieces in read.pieces(view).items():
            seen = list(cut(pieces, windows))
            layers[_SHOWN[outcome]] += seen
            if outcome is Outcome.ERROR:
                mine += _stretches(label, code or "error", seen)
        layers[Health.BLIND] += [_piece(each) for each in mine]
        blind += [each for each in mine if _overlaps(_piece(each), lens.period)]
        looked += cut([lens.period], windows)
        unseen += cut(cut(map(_piece, mine), [lens.period]), windows)
    bad = merge(layers[Health.FAIL] + layers[Health.BLIND])
    listed = "".join(f"{name}\n" for name in sorted(ids))
    return Judged(
        population=len(ids),
        population_sha256=sha256(listed.encode()).hexdigest(),
        counts={outcome: counts[outcome] for outcome in Outcome},
        blind=tuple(sorted(blind, key=lambda each: (each.start, each.target, each.reason))),
        blind_share=min(1.0, total(unseen) / total(looked)) if looked else 0.0,
        days=calendar(lens.period, layers),
        clean=bool(without(layers[Health.PASS], bad)),
        first=min(firsts, default=None),
        waived={code: frozenset(found) for code, found in waived.items()},
    )


def is_tested(outcome: Outcome, resource: str, target: str) -> bool:
    """Whether a finding is of the population.

    An error of a whole scope is about no resource; what is not applicable is not tested.
    """
    if outcome is Outcome.ERROR:
        return resource != target and not resource.startswith(f"{target}/")
    return outcome is not Outcome.NOT_APPLICABLE


class _Spans:
    """The spans of a rule on one target, by what they say."""

    def __init__(self, lens: Lens, label: str, *, standing: bool) -> None:
        self._lens, self._label, self._standing = lens, label, standing
        self.ids: set[str] = set()
        self.counts: Counter[Outcome] = Counter()
        self.waived: set[tuple[str, str]] = set()
        self.first = ""
        """The id that sorts first of what stood at the end."""
        self._runs: dict[tuple[int, str], set[tuple[int, int | None]]] = defaultdict(set)

    def take(self, rows: Iterable[tuple[int, str, int, int | None, int, str]]) -> None:
        """Read them; what many resources share (from run, to run) is kept once."""
        last, moment = self._lens.last, self._lens.moment
        for _, text, since, until, number, code in rows:
            outcome = OUTCOMES[number]
            stands = until is None or until > last
            self._runs[number, code].add((since, until))
            if stands and self._standing:
                self.counts[outcome] += 1
            if moment and not stands:
                continue
            if outcome is Outcome.WAIVED:
                self.waived.add((code, text))
            if is_tested(outcome, text, self._label):
                self.ids.add(text)
                if stands and self._standing and (not self.first or text < self.first):
                    self.first = text

    def pieces(self, view: Reading) -> dict[tuple[Outcome, str], list[Piece]]:
        """Give the stretches of each outcome (errors by code), from finish to finish of runs."""
        end = self._lens.past[1]
        found: dict[tuple[Outcome, str], list[Piece]] = defaultdict(list)
        for (number, code), runs in self._runs.items():
            outcome = OUTCOMES[number]
            if outcome is not Outcome.NOT_APPLICABLE:
                found[outcome, code if outcome is Outcome.ERROR else ""] += [
                    (view.run_times(since)[1], end if until is None else view.run_times(until)[1])
                    for since, until in runs
                ]
        return found


def _stretches(target: str, reason: str, pieces: Iterable[Piece]) -> Iterator[Stretch]:
    for start, end in merge(pieces):
        yield Stretch(target=target, start=to_moment(start), end=to_moment(end), reason=reason)


def _overlaps(piece: Piece, period: Piece) -> bool:
    return piece[0] < period[1] and piece[1] > period[0]


def _piece(stretch: Stretch) -> Piece:
    return to_micros(stretch.start), to_micros(stretch.end)
