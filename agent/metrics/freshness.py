"""What is known now of every rule on every target that the schedule in force expects.

Every expected pair is there from the first scrape, `unknown` until it is known, and `unknown` again
when its last run is older than its limit: that is decided at the scrape, so that an agent that
stands still cannot leave green behind.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from agent.evidence import queries
from agent.evidence.coverage import schedules
from agent.evidence.entry import from_micros, to_micros
from agent.evidence.moment import seen_at
from agent.evidence.queries import Latest
from agent.evidence.slots import Schedule, to_seconds
from agent.evidence.store import Reading, Store
from agent.model import Outcome

STATUSES = ("fail", "error", "unknown", "pass", "not_applicable")
"""The worst first: what a criterion shows is the worst of its rules."""
GRACE = timedelta(minutes=15)
"""How much older than its interval a result may be; the same as `queries.bases` takes."""
_GRACE = to_micros(from_micros(0) + GRACE)

Counts = tuple[int, ...]
"""Findings of a run, in the order of `Outcome`."""


class Pair(Struct, frozen=True, kw_only=True):
    """A rule on a target, as it is known now."""

    rule: str
    target: str
    status: str
    conclusive: float
    """Of when its last conclusive state is, in seconds since 1970 UTC; 0: it never had one."""
    counts: Counts


class _Fact(Struct, frozen=True):
    """What the newest run of a pair said; it does not change with time."""

    run: int
    status: str
    seen: int
    """Of when the state is: when the run finished, unless it is one on the past."""
    conclusive: float
    counts: Counts


_NEVER = _Fact(0, "unknown", 0, 0.0, (0,) * len(Outcome))


class Knowledge:
    """Reads the log at each scrape, and no more of it than has changed."""

    def __init__(self, store: Store) -> None:
        """Nothing is read yet."""
        self._store = store
        self._lock = threading.Lock()
        self._facts: dict[tuple[str, str], _Fact] = {}
        self._schedules: Sequence[Schedule] = ()
        self._read = 0

    def pairs(self, now: datetime) -> list[Pair]:
        """Give every pair that the schedule in force expects, by target and rule."""
        with self._lock:
            with self._store.reading() as view:
                self._read_schedules(view)
                self._read_runs(view)
            scheduled, at, facts = _in_force(self._schedules, now), to_micros(now), self._facts
        found = []
        for target, rules in sorted(scheduled.items()):
            for rule, every in sorted(rules.items()):
                fact = facts.get((target, rule), _NEVER)
                known = -_GRACE <= at - fact.seen <= every * 1_000_000 + _GRACE
                found.append(
                    Pair(
                        rule=rule,
                        target=target,
                        status=fact.status if known else "unknown",
                        conclusive=fact.conclusive,
                        counts=fact.counts,
                    )
                )
        return found

    def _read_schedules(self, view: Reading) -> None:
        size = view.size()
        if next(view.entries("schedule", self._read), None) is not None:
            self._schedules = schedules(view)
        self._read = size

    def _read_runs(self, view: Reading) -> None:
        names, before, facts = view.names(), self._facts, {}
        seen: dict[int, int] = {}
        for row in view.latest():
            key, run = (names[row[0]], names[row[1]]), row[2]
            old = before.get(key)
            if old and old.run == run:
                facts[key] = old
                continue
            if run not in seen:  # hundreds of rules share a run
                seen[run] = seen_at(view, run)
            facts[key] = self._fact(key, row, old, seen[run])
        self._facts = facts

    def _fact(
        self, key: tuple[str, str], row: Sequence[int], old: _Fact | None, seen: int
    ) -> _Fact:
        _, _, run, *counted, entry, _, started, finished = row
        counts = tuple(counted)
        status = status_of(counts)
        if status != "error":
            conclusive = seen / 1_000_000
        elif old is not None:  # an error that lasts is not looked up again at every run
            conclusive = old.conclusive
        else:
            last = Latest(
                target=key[0],
                rule=key[1],
                run=run,
                entry=entry,
                slot=None,
                started=from_micros(started),
                finished=from_micros(finished),
                counts=dict(zip(Outcome, counts, strict=True)),
            )
            when = queries.last_conclusive(self._store, last)
            conclusive = when.timestamp() if when else 0.0
        return _Fact(run, status, seen, conclusive, counts)


def status_of(counts: Counts) -> str:
    """Fold what a run counted: a waived failure does not make a rule fail."""
    fail, error, waived, passed, _ = counts
    if fail:
        return "fail"
    if error:
        return "error"
    return "pass" if passed or waived else "not_applicable"


def _in_force(known: Sequence[Schedule], now: datetime) -> Mapping[str, Mapping[str, int]]:
    """Give target -> rule -> seconds between its slots, by the schedule in force."""
    at = to_seconds(now)
    for schedule in reversed(known):
        if schedule.valid_from <= at and (schedule.until is None or at < schedule.until):
            return {
                target: {rule: how.every for rule, how in rules.items()}
                for target, rules in schedule.targets.items()
            }
    return {}
