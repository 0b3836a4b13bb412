"""Which slots have a run, which a recorded gap, and which nobody accounts for."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from agent.evidence.entry import from_rfc3339, whole
from agent.evidence.slots import Range, Schedule, expected, from_bodies, next_slot, ranges
from agent.evidence.slots import to_seconds as seconds_of
from agent.evidence.store import Reading

_MICROS = 1_000_000


class RecordedGap(NamedTuple):
    """A `gap` entry."""

    entry: int
    target: str
    start: int
    end: int
    reason: str
    author: str


def schedules(view: Reading) -> list[Schedule]:
    """Read all schedules of the log."""
    return from_bodies(_schedule(view, data) for _, data in view.entries("schedule"))


def recorded_gaps(view: Reading) -> list[RecordedGap]:
    """Read all gaps of the log."""
    found = []
    for index, data in view.entries("gap"):
        body = json.loads(data)
        found.append(
            RecordedGap(
                index,
                body["target"],
                seconds_of(from_rfc3339(body["from"])),
                seconds_of(from_rfc3339(body["to"])),
                body["reason"],
                body["author"],
            )
        )
    return found


def slots_run(view: Reading, target: str, start: int, end: int) -> set[int]:
    """Give the slots of a target that have a run."""
    number = view.number_of(target)
    if number is None:
        return set()
    return {slot // _MICROS for slot in view.slots(number, start * _MICROS, end * _MICROS)}


def unaccounted(
    view: Reading,
    before: int,
    accounted: Mapping[str, int],
    running: Collection[tuple[str, int]],
) -> list[tuple[str, Range]]:
    """Give the ranges of slots before `before` with neither run nor gap, target by target.

    `accounted` says from where on a target is still to be looked at; `running` are slots to leave.
    """
    known = schedules(view)
    gaps = recorded_gaps(view)
    found = []
    for target in sorted({target for schedule in known for target in schedule.targets}):
        start = max(accounted.get(target, 0), min(schedule.valid_from for schedule in known))
        slots = list(expected(known, target, start, before))
        done = slots_run(view, target, start, before)
        done |= {slot for name, slot in running if name == target}
        for gap in gaps:
            if gap.target == target:
                done |= {slot for slot in slots if gap.start <= slot < gap.end}
        missing = [slot for slot in slots if slot not in done]
        found += [(target, part) for part in ranges(slots, missing, ends_of(known, target, slots))]
    return found


def ends_of(known: Sequence[Schedule], target: str, slots: Sequence[int]) -> dict[int, int]:
    """Give for every slot the one after it."""
    ends = dict(pairwise(slots))
    if slots:
        ends[slots[-1]] = next_slot(known, target, slots[-1])
    return ends


def _schedule(view: Reading, data: bytes) -> dict[str, Any]:
    body = json.loads(data)
    return {**body, "scopes": whole(body["scopes"], view.content)}
