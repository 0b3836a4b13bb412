"""Questions to the log: what stands, what stood, what failed for how long, what was not looked at.

Everything that is shown comes from here. Periods are half-open [from, to) in UTC.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from agent.evidence.entry import decode_values, from_micros
from agent.evidence.seal import OUTCOMES
from agent.evidence.store import Reading, Store
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


def values_of(store: Store, digest: bytes) -> dict[str, Any] | None:
    """Give the values that a rule read; None when retention has deleted them."""
    if not digest:
        return {}
    with store.reading() as view:
        content = view.content(digest)
    return None if content is None else decode_values(content)


def _standing(
    view: Reading,
    target: str | None,
    rule: str | None,
    run: int | None,
    outcomes: Collection[Outcome],
) -> Iterator[Standing]:
    numbers = [None if name is None else view.number_of(name) or 0 for name in (target, rule)]
    names = view.names()
    wanted = [OUTCOMES.index(outcome) for outcome in outcomes]
    for row in view.findings(target=numbers[0], rule=numbers[1], run=run, outcomes=wanted):
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
            since=from_micros(row[9]),
            digest=row[10] or b"",
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
