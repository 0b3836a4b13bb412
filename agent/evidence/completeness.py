"""How the slots of a period are accounted for, and on what a state of knowledge rests."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from agent.evidence.coverage import RecordedGap, ends_of, recorded_gaps, schedules, slots_run
from agent.evidence.entry import from_micros, to_micros
from agent.evidence.moment import seen_at
from agent.evidence.slots import (
    Range,
    Schedule,
    expected,
    from_seconds,
    interval_of,
    ranges,
    to_seconds,
)
from agent.evidence.store import Reading, Store


class Basis(Struct, frozen=True, kw_only=True):
    """On what the state of a rule on a target rests."""

    target: str
    rule: str
    run: int | None
    """None: it never ran."""
    finished: datetime | None
    age: timedelta | None
    """Of the state; that is older than the run where a cloud told its past."""
    limit: timedelta | None
    """The greatest age at which the state is known; None: the rule is not scheduled."""
    stale: bool
    """Whether the state is unknown."""


class SlotGap(Struct, frozen=True, kw_only=True):
    """Slots of a target, one after the other, that have no run."""

    target: str
    start: datetime
    end: datetime
    """The first slot after them."""
    slots: int
    reason: str
    """Empty: nobody explained it."""
    author: str
    entry: int | None
    """The entry that explains it."""


class Completeness(Struct, frozen=True, kw_only=True):
    """How the slots of a period are accounted for."""

    expected: int
    ran: int
    explained: int
    unexplained: int
    gaps: tuple[SlotGap, ...]
    longest: timedelta
    """The longest gap."""


def gaps(
    store: Store, start: datetime, end: datetime, *, target: str | None = None
) -> Completeness:
    """Account for every slot that the schedule expected in [start, end)."""
    low, high = to_seconds(start), to_seconds(end)
    with store.reading() as view:
        known, recorded = schedules(view), recorded_gaps(view)
        names = {name for schedule in known for name in schedule.targets}
        parts: list[SlotGap] = []
        expected_slots = ran = 0
        for name in sorted(names if target is None else names & {target}):
            slots = list(expected(known, name, low, high))
            done = slots_run(view, name, low, high)
            missing = [slot for slot in slots if slot not in done]
            expected_slots += len(slots)
            ran += len(slots) - len(missing)
            mine = [gap for gap in recorded if gap.target == name]
            parts += _slot_gaps(name, slots, missing, mine, ends_of(known, name, slots))
    return Completeness(
        expected=expected_slots,
        ran=ran,
        explained=sum(part.slots for part in parts if part.entry is not None),
        unexplained=sum(part.slots for part in parts if part.entry is None),
        gaps=tuple(parts),
        longest=max((part.end - part.start for part in parts), default=timedelta()),
    )


def bases(store: Store, at: datetime, *, grace: timedelta = timedelta(minutes=15)) -> list[Basis]:
    """Say on what the state at `at` rests, for every rule that was scheduled or had ever run.

    A rule whose last state is older than its interval plus `grace`, or that never ran, is stale:
    its state was unknown, whatever it was before.
    """
    with store.reading() as view:
        known, names = schedules(view), view.names()
        runs = {
            (names[number], names[rule]): run
            for number in view.targets()
            for rule, run in view.bases(number, to_micros(at)).items()
        }
        pairs = {(target, rule) for target, rule, _ in _scheduled(known, at)} | runs.keys()
        seen = {run: from_micros(seen_at(view, run)) for run in {*runs.values()}}
        return [
            _basis(view, pair, runs.get(pair), seen, known, at, grace=grace)
            for pair in sorted(pairs)
        ]


def _scheduled(known: Sequence[Schedule], at: datetime) -> Iterator[tuple[str, str, int]]:
    for schedule in known:
        if schedule.valid_from <= to_seconds(at) < (schedule.until or sys.maxsize):
            for target, rules in schedule.targets.items():
                yield from ((target, rule, how.every) for rule, how in rules.items())


def _basis(  # noqa: PLR0917  # all of one pair
    view: Reading,
    pair: tuple[str, str],
    run: int | None,
    seen: Mapping[int, datetime],
    known: Sequence[Schedule],
    at: datetime,
    *,
    grace: timedelta,
) -> Basis:
    every = interval_of(known, *pair, to_seconds(at))
    finished = None if run is None else from_micros(view.run_times(run)[1])
    age = None if run is None else at - seen[run]
    limit = None if every is None else timedelta(seconds=every) + grace
    stale = age is None or (limit is not None and age > limit)
    return Basis(
        target=pair[0], rule=pair[1], run=run, finished=finished, age=age, limit=limit, stale=stale
    )


def _slot_gaps(
    target: str,
    slots: Sequence[int],
    missing: Sequence[int],
    recorded: Sequence[RecordedGap],
    ends: Mapping[int, int],
) -> Iterator[SlotGap]:
    left = set(missing)
    for gap in recorded:
        mine = [slot for slot in sorted(left) if gap.start <= slot < gap.end]
        left.difference_update(mine)
        for part in ranges(slots, mine, ends):
            yield _slot_gap(target, part, gap)
    for part in ranges(slots, left, ends):
        yield _slot_gap(target, part, None)


def _slot_gap(target: str, part: Range, gap: RecordedGap | None) -> SlotGap:
    return SlotGap(
        target=target,
        start=from_seconds(part.start),
        end=from_seconds(part.end),
        slots=part.slots,
        reason="" if gap is None else gap.reason,
        author="" if gap is None else gap.author,
        entry=None if gap is None else gap.entry,
    )
