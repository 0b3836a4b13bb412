"""The schedule as evidence: which (target, slot) should have run. Pure.

A slot is an instant whose seconds since 1970 UTC are a multiple of the interval of some rule of
the target, while the schedule that says so is in force.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from msgspec import Struct

from agent.evidence.entry import from_rfc3339, to_rfc3339


class Scheduled(Struct, frozen=True, kw_only=True):
    """A rule in a schedule."""

    every: int
    """Seconds between its slots."""
    digest: str
    """Hex SHA-256 of the rule's text."""


class Schedule(Struct, frozen=True, kw_only=True):
    """What should run, from an instant until the next schedule is in force."""

    valid_from: int
    """Seconds since 1970 UTC."""
    until: int | None
    """None: it is the newest."""
    targets: Mapping[str, Mapping[str, Scheduled]]
    """Target -> rule -> how it runs."""


class Range(NamedTuple):
    """Slots of one target, half-open, in seconds since 1970 UTC."""

    start: int
    end: int
    slots: int


def to_body(targets: Mapping[str, Mapping[str, Scheduled]], valid_from: datetime) -> dict[str, Any]:
    """Write the body of a `schedule` entry; targets with the same rules are written together."""
    groups: dict[tuple[tuple[str, int, str], ...], list[str]] = {}
    for target, rules in sorted(targets.items()):
        key = tuple((rule, how.every, how.digest) for rule, how in sorted(rules.items()))
        groups.setdefault(key, []).append(target)
    scopes = [
        {
            "targets": names,
            "rules": {rule: {"digest": digest, "every": every} for rule, every, digest in key},
        }
        for key, names in groups.items()
    ]
    return {"valid_from": to_rfc3339(valid_from), "scopes": scopes}


def from_bodies(bodies: Iterable[Mapping[str, Any]]) -> list[Schedule]:
    """Read the bodies of all `schedule` entries in their order."""
    found: list[tuple[int, Mapping[str, Mapping[str, Scheduled]]]] = []
    for body in bodies:
        targets: Mapping[str, Mapping[str, Scheduled]] = {
            target: {rule: Scheduled(**how) for rule, how in scope["rules"].items()}
            for scope in body["scopes"]
            for target in scope["targets"]
        }
        found.append((to_seconds(from_rfc3339(body["valid_from"])), targets))
    schedules: list[Schedule] = []
    for index, (start, targets) in enumerate(found):
        until = min((later for later, _ in found[index + 1 :]), default=None)
        schedules.append(Schedule(valid_from=start, until=until, targets=targets))
    return schedules


def expected(schedules: Sequence[Schedule], target: str, start: int, end: int) -> Iterator[int]:
    """Give the slots of a target from `start` to before `end`, in order."""
    for schedule in sorted(schedules, key=lambda s: s.valid_from):
        low = max(start, schedule.valid_from)
        high = end if schedule.until is None else min(end, schedule.until)
        intervals = _intervals(schedule.targets.get(target, {}))
        ranges = [range(low + -low % every, high, every) for every in intervals]
        yield from ranges[0] if len(ranges) == 1 else sorted(set().union(*ranges))


def interval_of(schedules: Sequence[Schedule], target: str, rule: str, at: int) -> int | None:
    """Give the seconds between slots of a rule at an instant; None: it is not scheduled."""
    for schedule in reversed(schedules):
        if schedule.valid_from <= at and (schedule.until is None or at < schedule.until):
            how = schedule.targets.get(target, {}).get(rule)
            return None if how is None else how.every
    return None


def next_slot(schedules: Sequence[Schedule], target: str, after: int) -> int:
    """Give the first slot after an instant; the instant + 1 when none is expected any more."""
    horizon = max((_longest(schedule, target) for schedule in schedules), default=0) + 1
    return next(expected(schedules, target, after + 1, after + 1 + horizon), after + 1)


def ranges(slots: Iterable[int], counted: Iterable[int], end_of: Mapping[int, int]) -> list[Range]:
    """Join those of the `slots` (sorted) that are in `counted` into ranges without a slot between.

    `end_of` gives, for a slot, where a range that ends with it stops.
    """
    wanted, found, run = set(counted), list[Range](), list[int]()
    for slot in (*slots, None):
        if slot is not None and slot in wanted:
            run.append(slot)
        elif run:
            found.append(Range(run[0], end_of[run[-1]], len(run)))
            run = []
    return found


def to_seconds(moment: datetime) -> int:
    """Count whole seconds since 1970 UTC."""
    return int(moment.timestamp() // 1)


def from_seconds(seconds: int) -> datetime:
    """Give the instant of `to_seconds`."""
    return datetime.fromtimestamp(seconds, UTC)


def _intervals(rules: Mapping[str, Scheduled]) -> list[int]:
    """Give the distinct intervals, without those whose slots a shorter one has anyway."""
    kept: list[int] = []
    for every in sorted({how.every for how in rules.values()}):
        if not any(every % shorter == 0 for shorter in kept):
            kept.append(every)
    return kept


def _longest(schedule: Schedule, target: str) -> int:
    return max((how.every for how in schedule.targets.get(target, {}).values()), default=0)
