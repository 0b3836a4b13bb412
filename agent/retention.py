"""Retention: contents that are older than the policy are deleted, logged, and their hashes kept.

Deleted are the values of findings that ended long ago, and the records of the calls of old runs.
Kept for ever are entries, checkpoints, changes, rules, plans, populations, samples and what people
attested; also a content that others are stored by the difference to, until those are gone.
While a legal hold stands nothing is deleted.

    RetentionError    nothing was deleted; the message says why
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from agent.evidence import queries
from agent.evidence.entry import DELETED, Kind, blobs_of, from_rfc3339, to_micros, to_rfc3339
from agent.evidence.log import Log
from agent.evidence.store import Reading, Store

VALUES = timedelta(days=760)
"""Twenty-five months: an audit of a year, and the year before it to compare with."""
CALLS = timedelta(days=400)
SHORTEST = timedelta(days=366)
"""The period of an audit must stay whole."""


class RetentionError(Exception):
    """Nothing was deleted."""


class Policy(Struct, frozen=True, kw_only=True):
    """How long contents are kept after they last said how something stood."""

    values: timedelta = VALUES
    """What rules read."""
    calls: timedelta = CALLS
    """The record of the calls of a run."""


class Old(Struct, frozen=True):
    """A content that may go."""

    blob: int
    digest: bytes
    size: int


class Hold(Struct, frozen=True, kw_only=True):
    """A legal hold that stands."""

    id: str
    entry: int
    at: datetime
    reason: str
    by: str


def holds(store: Store) -> dict[str, Hold]:
    """Give the legal holds that stand, by id. Raises `StoreError`."""
    found: dict[str, Hold] = {}
    for index, body in queries.entries(store, kind=Kind.RETENTION):
        if body.get("of") == "hold":
            found[body["id"]] = Hold(
                id=body["id"],
                entry=index,
                at=from_rfc3339(body["at"]),
                reason=body["reason"],
                by=body["by"],
            )
        elif body.get("of") == "release":
            found.pop(body["id"], None)
    return found


def old_contents(store: Store, policy: Policy, now: datetime) -> list[Old]:
    """Give what the policy lets go. Raises `RetentionError` for a policy that is too short."""
    if min(policy.values, policy.calls) < SHORTEST:
        raise RetentionError(
            f"contents are kept for {SHORTEST.days} days at least: an audit's period stays whole"
        )
    with store.reading() as view:
        return sorted(_old(view, policy, now), key=lambda one: one.blob)


def retain(log: Log, policy: Policy, now: datetime) -> tuple[int, list[Old]] | None:
    """Delete what the policy lets go, and log it, in one transaction; None: there was nothing.

    Gives the entry and what was deleted. Raises `RetentionError` while a hold stands; `StoreError`.
    """
    standing = holds(log.store)
    if standing:
        hold = next(iter(standing.values()))
        raise RetentionError(f"the legal hold {hold.id} ({hold.reason}) stands: nothing is deleted")
    old = old_contents(log.store, policy, now)
    if not old:
        return None
    body = {
        "of": DELETED,
        "values_before": to_rfc3339(now - policy.values),
        "calls_before": to_rfc3339(now - policy.calls),
        "deleted": sorted(one.digest.hex() for one in old),
        "bytes": sum(one.size for one in old),
    }
    with log.sealing() as (writing, _):
        writing.drop_contents(one.blob for one in old)
        size, _ = log.put(writing, Kind.RETENTION, body, now)
    return size - 1, old


def _old(view: Reading, policy: Policy, now: datetime) -> Iterator[Old]:
    cited: set[str] = set()
    calls: set[str] = set()
    before = now - policy.calls
    for _, data in view.entries():
        body = json.loads(data)
        if body["kind"] == Kind.RUN and from_rfc3339(body["at"]) < before:
            record = body.pop("calls", None)
            calls.update(blobs_of({"calls": record}))
        cited.update(blobs_of(body))
    for text in calls - cited:
        found = view.kept(bytes.fromhex(text))
        if found is not None:
            yield Old(found[0], bytes.fromhex(text), found[1])
    for blob, digest, size in view.outlived(to_micros(now - policy.values)):
        if digest.hex() not in cited | calls:
            yield Old(blob, digest, size)
