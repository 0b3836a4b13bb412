"""Waivers as the log has them: each time one is added, changed, removed or ends, an entry says so.

What stands in a file can be changed afterwards; what the log says of when it was decided cannot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from agent.evidence import queries
from agent.evidence.entry import Kind, from_rfc3339, to_rfc3339
from agent.evidence.store import Store
from agent.model import Outcome
from agent.waivers import State, Waiver, state_at


class Turn(StrEnum):
    """What became of a waiver."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    EXPIRED = "expired"


class Recorded(Struct, frozen=True, kw_only=True):
    """One entry of the log about a waiver."""

    entry: int
    at: datetime
    """When it was sealed."""
    turn: Turn
    id: str
    rule: str
    resources: tuple[str, ...]
    where: str
    """CEL; empty: none."""
    reason: str
    requested_by: str
    approved_by: str
    since: datetime
    until: datetime
    ticket: str

    @property
    def is_open(self) -> bool:
        """Whether it was still decided after this entry."""
        return self.turn in {Turn.ADDED, Turn.CHANGED}

    def state(self, now: datetime) -> State:
        """Say how it stands at `now`, when this is the last that was sealed of it by then."""
        if self.turn is Turn.REMOVED:
            return State.REMOVED
        return state_at(self.since, self.until, now)


def recorded_waivers(store: Store) -> list[Recorded]:
    """Give every entry about waivers, oldest first. Raises `StoreError`."""
    return [_recorded(index, body) for index, body in queries.entries(store, kind=Kind.WAIVER)]


def standing_waivers(store: Store) -> dict[str, Recorded]:
    """Give what the log last said of each waiver."""
    return {each.id: each for each in recorded_waivers(store)}


def added_waivers(store: Store) -> dict[str, Recorded]:
    """Give of each waiver the entry that added it: when it was first decided."""
    return {each.id: each for each in recorded_waivers(store) if each.turn is Turn.ADDED}


def waiver_changes(
    known: Mapping[str, Recorded], waivers: Iterable[Waiver], now: datetime
) -> Iterator[dict[str, Any]]:
    """Give the bodies of the entries that are due: how `waivers` differ from what is `known`."""
    wanted = {waiver.id: waiver for waiver in waivers}
    for name in sorted(known.keys() | wanted.keys()):
        before, waiver = known.get(name), wanted.get(name)
        if waiver is None:
            if before is not None and before.is_open:
                yield _body(before, Turn.EXPIRED if before.until <= now else Turn.REMOVED)
            continue
        standing = before if before is not None and before.turn is not Turn.REMOVED else None
        if standing is None or _essence(standing) != _essence(waiver):
            yield _body(waiver, Turn.CHANGED if standing else Turn.ADDED)
            standing = None
        ended = standing is not None and standing.turn is Turn.EXPIRED
        if waiver.until <= now and not ended:
            yield _body(waiver, Turn.EXPIRED)


def recorded_before(store: Store, waiver: Recorded) -> bool | None:
    """Whether a waiver was added before any failure that it covers; None: it covers none now."""
    failures = [
        span.start
        for standing in queries.current(store, rule=waiver.rule, outcomes=[Outcome.WAIVED])
        if standing.code == waiver.id
        for span in queries.history(store, rule=waiver.rule, resource=standing.resource)
        if span.target == standing.target and span.outcome in {Outcome.FAIL, Outcome.WAIVED}
    ]
    return waiver.at <= min(failures) if failures else None


_TEXTS = ("id", "rule", "reason", "requested_by", "approved_by", "ticket")


def _body(waiver: Waiver | Recorded, turn: Turn) -> dict[str, Any]:
    return {
        "event": str(turn),
        **{name: getattr(waiver, name) for name in _TEXTS},
        "resources": list(waiver.resources),
        "where": _where(waiver),
        "from": to_rfc3339(waiver.since),
        "until": to_rfc3339(waiver.until),
    }


def _where(waiver: Waiver | Recorded) -> str:
    if isinstance(waiver, Recorded):
        return waiver.where
    return str(waiver.where.source) if waiver.where else ""


def _essence(waiver: Waiver | Recorded) -> dict[str, Any]:
    return _body(waiver, Turn.ADDED)


def _recorded(index: int, body: Mapping[str, Any]) -> Recorded:
    return Recorded(
        entry=index,
        at=from_rfc3339(body["at"]),
        turn=Turn(body["event"]),
        **{name: body[name] for name in _TEXTS},
        resources=tuple(body["resources"]),
        where=body["where"],
        since=from_rfc3339(body["from"]),
        until=from_rfc3339(body["until"]),
    )
