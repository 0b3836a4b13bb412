"""Questions to the log: what stands, what stood, what failed for how long, what was not looked at.

Everything that is shown comes from here. Periods are half-open [from, to) in UTC.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from agent.evidence.completeness import Basis, Completeness, SlotGap, bases, gaps
from agent.evidence.entry import decode_values, from_micros, from_rfc3339, to_micros, whole
from agent.evidence.leaf import OUTCOMES
from agent.evidence.moment import told_of
from agent.evidence.store import Reading, Store, past
from agent.model import Outcome


class Standing(Struct, frozen=True, kw_only=True):
    """A finding as it stands, or stood, and since when it does."""

    target: str
    rule: str
    resource: str
    region: str
    outcome: Outcome
    code: str
    message: str
    needs: tuple[str, ...]
    run: int
    """Number of the run that first saw it so."""
    since: datetime
    """When that run finished."""
    digest: bytes
    """Of the values that the rule read then, for `values_of`; empty: it read none."""


class Latest(Struct, frozen=True, kw_only=True):
    """The newest run of a rule on a target."""

    target: str
    rule: str
    run: int
    entry: int
    slot: datetime | None
    started: datetime
    finished: datetime
    counts: Mapping[Outcome, int]
    """All outcomes, zeros too."""


class Span(Struct, frozen=True, kw_only=True):
    """A time through which a finding did not change: from one run until before another."""

    target: str
    rule: str
    resource: str
    outcome: Outcome
    code: str
    message: str
    needs: tuple[str, ...]
    from_run: int
    start: datetime
    """When `from_run` finished."""
    to_run: int | None
    """The run that saw it different; None: it stands."""
    end: datetime | None
    digest: bytes


def current(
    store: Store,
    *,
    target: str | None = None,
    rule: str | None = None,
    outcomes: Collection[Outcome] = (),
) -> Iterator[Standing]:
    """Give the findings of the newest runs, by target, rule and resource."""
    with store.reading() as view:
        yield from _standing(view, target, rule, None, outcomes)


def latest(store: Store) -> list[Latest]:
    """Give the newest run of every rule on every target that ever had one."""
    with store.reading() as view:
        names = view.names()
        return [_latest(row, names) for row in view.latest()]


def as_of(
    store: Store,
    at: datetime,
    *,
    target: str | None = None,
    rule: str | None = None,
    outcomes: Collection[Outcome] = (),
) -> Iterator[Standing]:
    """Give the findings that stood at `at`: those of the last runs that had ended by then.

    How old that knowledge was, rule by rule, `bases` says.
    """
    with store.reading() as view:
        wanted = _number(view, target)
        for number in [wanted] if wanted is not None else view.targets():
            last = view.last_run(number, to_micros(at))
            if last is not None:
                yield from _standing(view, view.names()[number], rule, last[0], outcomes)


def outcomes_as_of(store: Store, at: datetime, *, target: str, rule: str) -> dict[str, Outcome]:
    """Give what a rule said of every resource of a target at `at`, and no more than that."""
    with store.reading() as view:
        numbers = [view.number_of(name) for name in (target, rule)]
        if numbers[0] is None or numbers[1] is None:
            return {}
        last = view.last_run(numbers[0], to_micros(at))
        rows = past.outcomes(view, last[0], numbers[0], numbers[1]) if last else ()
        return {resource: OUTCOMES[outcome] for resource, outcome in rows}


def finding_as_of(
    store: Store, at: datetime, *, target: str, rule: str, resource: str
) -> Span | None:
    """Give the span of one finding that covers `at`; None: it was not in the population."""
    with store.reading() as view:
        number = view.number_of(target)
        last = None if number is None else view.last_run(number, to_micros(at))
        if last is None:
            return None
        for span in _history(view, rule, resource, view.names(), number):
            until = span.to_run
            if (
                span.target == target
                and span.from_run <= last[0]
                and (until is None or last[0] < until)
            ):
                return span
    return None


def counts_as_of(store: Store, at: datetime) -> dict[tuple[str, str], dict[Outcome, int]]:
    """Count the findings that stood at `at`: (target, rule) -> outcome -> findings."""
    found: dict[tuple[str, str], dict[Outcome, int]] = {}
    with store.reading() as view:
        names = view.names()
        for number in view.targets():
            last = view.last_run(number, to_micros(at))
            for rule, outcome, count in past.counts(view, last[0], number) if last else ():
                found.setdefault((names[number], names[rule]), {})[OUTCOMES[outcome]] = count
    return found


def history(store: Store, *, rule: str, resource: str) -> list[Span]:
    """Give how a rule has judged a resource, oldest first, target by target."""
    with store.reading() as view:
        return list(_history(view, rule, resource, view.names()))


def histories(store: Store, resource: str) -> list[Span]:
    """Give how every rule that ever judged a resource has, rule by rule, each oldest first."""
    with store.reading() as view:
        names = view.names()
        return [
            span
            for rule in past.rules_of(view, resource)
            for span in _history(view, names[rule], resource, names)
        ]


def runs(
    store: Store, start: datetime, end: datetime, *, target: str | None = None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give (entry index, body) of the runs that finished in [start, end), oldest first."""
    with store.reading() as view:
        number = _number(view, target)
        for row in view.runs(to_micros(start), to_micros(end), number):
            yield row[1], json.loads(view.entry(row[1]) or b"{}")


def run_body(view: Reading, entry: int) -> dict[str, Any]:
    """Give the body of a run's entry with its counts and gaps whole."""
    body = json.loads(view.entry(entry) or b"{}")
    parts = {name: whole(body.get(name), view.content) for name in ("counts", "gaps")}
    return {**body, **parts}


def last_conclusive(store: Store, last: Latest, *, runs: int = 1000) -> datetime | None:
    """Say of when the newest state is in which the rule was more than errors; None: of none.

    Looks back over as many `runs` of the target as that, from `last` on.
    """
    rule, entry = last.rule, last.entry
    with store.reading() as view:
        for _ in range(runs):
            body = json.loads(view.entry(entry) or b"{}")
            counts = whole(body.get("counts", {}), view.content).get(rule, {})
            if counts and (Outcome.FAIL in counts or Outcome.ERROR not in counts):
                return told_of(body, view.content) or from_rfc3339(body["finished"])
            if body.get("previous") is None:
                break
            entry = body["previous"]
    return None


def entries(
    store: Store, *, kind: str | None = None, start: int = 0
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give (index, entry) of the log from `start` on."""
    with store.reading() as view:
        for index, data in view.entries(kind, start):
            yield index, json.loads(data)


def values_of(store: Store, digest: bytes) -> dict[str, Any] | None:
    """Give the values that a rule read; None when retention has deleted them."""
    if not digest:
        return {}
    with store.reading() as view:
        content = view.content(digest)
    return None if content is None else decode_values(content)


def _number(view: Reading, name: str | None) -> int | None:
    """Give the number of a name; 0, which nothing has, for one that never occurred."""
    return None if name is None else view.number_of(name) or 0


def _history(
    view: Reading, rule: str, resource: str, names: Mapping[int, str], only: int | None = None
) -> Iterator[Span]:
    number = view.number_of(rule)
    if number is None:
        return
    for target, since, until, outcome, code, message, needs, digest in past.history(
        view, number, resource, view.targets() if only is None else [only]
    ):
        yield Span(
            target=names[target],
            rule=rule,
            resource=resource,
            outcome=OUTCOMES[outcome],
            code=code or "",
            message=message or "",
            needs=tuple(json.loads(needs)) if needs else (),
            from_run=since,
            start=from_micros(view.run_times(since)[1]),
            to_run=until,
            end=None if until is None else from_micros(view.run_times(until)[1]),
            digest=digest or b"",
        )


def _standing(
    view: Reading,
    target: str | None,
    rule: str | None,
    run: int | None,
    outcomes: Collection[Outcome],
) -> Iterator[Standing]:
    numbers = [_number(view, name) for name in (target, rule)]
    wanted = [OUTCOMES.index(outcome) for outcome in outcomes]
    yield from standings(
        view,
        past.findings(view, target=numbers[0], rule=numbers[1], run=run, outcomes=wanted),
    )


def standings(view: Reading, rows: Iterable[Any]) -> Iterator[Standing]:
    """Read rows of findings as `agent.evidence.store.past.findings` gives them."""
    names = view.names()
    since: dict[int, datetime] = {}
    for row in rows:
        if row[8] not in since:  # thousands of findings changed in the same run
            since[row[8]] = from_micros(view.run_times(row[8])[1])
        yield Standing(
            target=names[row[0]],
            rule=names[row[1]],
            resource=row[2],
            region=row[3],
            outcome=OUTCOMES[row[4]],
            code=row[5],
            message=row[6],
            needs=tuple(json.loads(row[7])) if row[7] else (),
            run=row[8],
            since=since[row[8]],
            digest=row[9] or b"",
        )


def _latest(row: Any, names: Mapping[int, str]) -> Latest:
    target, rule, run, *counts, entry, slot, started, finished = row
    return Latest(
        target=names[target],
        rule=names[rule],
        run=run,
        entry=entry,
        slot=None if slot is None else from_micros(slot),
        started=from_micros(started),
        finished=from_micros(finished),
        counts=dict(zip(OUTCOMES, counts, strict=True)),
    )


__all__ = [
    "Basis",
    "Completeness",
    "Latest",
    "SlotGap",
    "Span",
    "Standing",
    "as_of",
    "bases",
    "counts_as_of",
    "current",
    "entries",
    "finding_as_of",
    "gaps",
    "histories",
    "history",
    "last_conclusive",
    "latest",
    "run_body",
    "runs",
    "standings",
    "values_of",
]
