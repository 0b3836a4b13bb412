"""When nobody looked: the slots of a rule that have no run, as stretches of time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from agent.evidence.entry import to_micros
from agent.evidence.queries import SlotGap
from agent.evidence.slots import Schedule
from agent.reports.model import Stretch
from agent.reports.timeline import Piece, to_moment

MICROS = 1_000_000


class Window(Struct, frozen=True):
    """A stretch through which the schedule has a rule on a target at one interval."""

    start: int
    end: int
    every: int
    """All in microseconds."""

    @property
    def piece(self) -> Piece:
        """Its start and end."""
        return self.start, self.end


def windows_of(
    known: Sequence[Schedule], period: Piece
) -> dict[tuple[str, str], tuple[Window, ...]]:
    """Give, for each (target, rule), the windows of the period in which it was scheduled."""
    found: dict[tuple[str, str], list[Window]] = {}
    for schedule in sorted(known, key=lambda each: each.valid_from):
        low = max(period[0], schedule.valid_from * MICROS)
        until = period[1] if schedule.until is None else schedule.until * MICROS
        high = min(period[1], until)
        if low >= high:
            continue
        for target, rules in schedule.targets.items():
            for rule, how in rules.items():
                _add(found.setdefault((target, rule), []), Window(low, high, how.every * MICROS))
    return {pair: tuple(windows) for pair, windows in found.items()}


def unlooked(
    target: str, windows: Iterable[Window], gaps: Mapping[str, Sequence[SlotGap]]
) -> Iterator[Stretch]:
    """Give the stretches of a target from a slot of the rule that has no run to its next slot.

    `gaps` are those of the target's slots, of which the rule's are some.
    """
    for gap in gaps.get(target, ()):
        low, high = to_micros(gap.start), to_micros(gap.end)
        for window in windows:
            start, end = max(low, window.start), min(high, window.end)
            first = start + -start % window.every
            if first >= end:
                continue
            last = (end - 1) // window.every * window.every
            yield Stretch(
                target=target,
                start=to_moment(first),
                end=to_moment(min(last + window.every, window.end)),
                reason=gap.reason or "unexplained",
            )


def _add(windows: list[Window], window: Window) -> None:
    last = windows[-1] if windows else None
    if last is not None and last.end == window.start and last.every == window.every:
        windows[-1] = Window(last.start, window.end, last.every)
    else:
        windows.append(window)
