"""What a report looks through: its period, the runs in it, the targets in scope, their schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from msgspec import Struct

from agent.evidence.coverage import schedules
from agent.evidence.entry import to_micros
from agent.evidence.queries import SlotGap
from agent.evidence.slots import Schedule
from agent.evidence.store import Reading, period
from agent.reports.blind import Window, windows_of
from agent.reports.timeline import DAY, Piece, merge


class Lens(Struct, frozen=True, kw_only=True):
    """What all parts of one report are read by."""

    period: Piece
    """What calendars and blind stretches are of; of a moment, the microsecond before it."""
    past: Piece
    """What counts as having been seen: the period; of a moment, all that was before it."""
    first: int
    last: int
    """The first and last run that finished in `past`, by number."""
    moment: bool
    targets: Mapping[int, str]
    """Number -> label, of the targets in scope that ever had a run."""
    known: Sequence[Schedule]
    windows: Mapping[tuple[str, str], tuple[Window, ...]]
    """(target, rule) -> when the schedule had it, in `past`."""
    by_hand: Mapping[str, tuple[Piece, ...]]
    """Targets that no schedule ever named -> the days of their runs: of the others nothing is
    known, since nobody was to look."""
    gaps: Mapping[str, Sequence[SlotGap]]

    def pieces(self, target: str, rule: str) -> tuple[Piece, ...]:
        """Give when a rule was to be looked at on a target; at a moment, only if it still was."""
        if self.moment and not self.is_due(target, rule):
            return ()
        windows = self.windows.get((target, rule), ())
        return self.by_hand.get(target) or tuple(window.piece for window in windows)

    def tells(self, rule: str) -> bool:
        """Whether the rule is one of the report: at a moment, one that was retired is not."""
        return any(self.pieces(target, rule) for target in self.labels)

    def is_due(self, target: str, rule: str) -> bool:
        """Whether it was still to be looked at when the period ended."""
        windows = self.windows.get((target, rule))
        return target in self.by_hand or bool(windows and windows[-1].end == self.past[1])

    def interval(self, rule: str) -> int | None:
        """Give the shortest interval of a rule in microseconds; None: it was not scheduled."""
        found = (self.windows.get((target, rule), ()) for target in self.labels)
        return min((window.every for windows in found for window in windows), default=None)

    @property
    def labels(self) -> tuple[str, ...]:
        """The targets in scope, those that were scheduled and never ran included."""
        scheduled = {target for target, _ in self.windows}
        return tuple(sorted({*self.targets.values(), *scheduled}))


def open_lens(
    view: Reading, start: datetime, end: datetime, scope: Sequence[str], gaps: Sequence[SlotGap]
) -> Lens:
    """Look through [start, end), or at the moment `end` when they are the same.

    `scope` are globs of targets' labels; `gaps` the slots without a run in [start, end).
    """
    moment = start == end
    past = (0 if moment else to_micros(start), to_micros(end))
    first, last = view.run_bounds(*past)
    names, known = view.names(), schedules(view)
    targets = {number: names[number] for number in view.targets() if in_scope(names[number], scope)}
    windows = {
        pair: found for pair, found in windows_of(known, past).items() if in_scope(pair[0], scope)
    }
    scheduled = {target for schedule in known for target in schedule.targets}
    by_hand = {
        label: tuple(merge((day * DAY, day * DAY + DAY) for day in _days(view, number, past)))
        for number, label in targets.items()
        if label not in scheduled
    }
    by_target: dict[str, list[SlotGap]] = {}
    for gap in gaps:
        by_target.setdefault(gap.target, []).append(gap)
    return Lens(
        period=(past[1] - 1, past[1]) if moment else past,
        past=past,
        first=first,
        last=last,
        moment=moment,
        targets=targets,
        known=known,
        windows=windows,
        by_hand=by_hand,
        gaps=by_target,
    )


def in_scope(label: str, scope: Sequence[str]) -> bool:
    """Whether a target's label matches one of the globs."""
    return any(fnmatchcase(label, glob) for glob in scope)


def _days(view: Reading, target: int, past: Piece) -> list[int]:
    return period.run_days(view, target, *past)
