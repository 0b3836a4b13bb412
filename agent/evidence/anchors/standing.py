"""Until where a log is anchored, and in which words that is said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from agent.evidence.anchors.model import LAG, AnchorError
from agent.evidence.anchors.receipt import STAMP, Receipt, enough, receipts
from agent.evidence.anchors.timestamp import verify_reply
from agent.evidence.entry import from_rfc3339
from agent.evidence.store import Reading, Store

UNANCHORED = "chained, not anchored"


class Reach(Struct, frozen=True, kw_only=True):
    """Until where one kind of anchor reaches."""

    by: str
    size: int
    time: datetime


class Late(Struct, frozen=True, kw_only=True):
    """Entries that waited longer for an anchor than the policy says."""

    first: int
    last: int
    waited: timedelta
    """The longest of them."""


class Standing(Struct, frozen=True, kw_only=True):
    """What anchors say of a log."""

    reaches: tuple[Reach, ...] = ()
    """The furthest first."""
    late: tuple[Late, ...] = ()
    unjudged: int = 0
    """Timestamps of authorities whose roots are not known here: they count for nothing."""


def read_standing(
    store: Store, roots: Mapping[str, bytes], *, now: datetime, lag: timedelta = LAG
) -> Standing:
    """Verify as many receipts of a verified store as it takes. `roots`: authority -> PEM.

    Raises `AnchorError`, which names the entry, for a timestamp that does not hold.
    """
    with store.reading() as view:
        known, unjudged = [], 0
        for receipt in receipts(view):
            if receipt.by == STAMP and receipt.place not in roots:
                unjudged += 1
            else:
                known.append(receipt)
        good = list(enough(known))
        for receipt in good:
            _verify(view, receipt, roots)
        if not good:
            return Standing(unjudged=unjudged)
        late = tuple(_late(view, good, now, lag))
    furthest: dict[str, Receipt] = {}
    for each in good:
        if each.by not in furthest or each.size > furthest[each.by].size:
            furthest[each.by] = each
    reaches = [Reach(by=by, size=each.size, time=each.time) for by, each in furthest.items()]
    reaches.sort(key=lambda reach: (-reach.size, reach.by))
    return Standing(reaches=tuple(reaches), late=late, unjudged=unjudged)


def words(standing: Standing) -> str:
    """Say it in one line."""
    reaches = ", ".join(
        f"until size {each.size} at {each.time:%Y-%m-%dT%H:%M:%SZ} by {each.by}"
        for each in standing.reaches
    )
    said = f"anchored {reaches}" if reaches else UNANCHORED
    for each in standing.late:
        said += f"; entries {each.first} to {each.last} waited up to {each.waited} for an anchor"
    if standing.unjudged:
        said += f"; {standing.unjudged} timestamps of authorities whose roots are not known here"
    return said


def _verify(view: Reading, receipt: Receipt, roots: Mapping[str, bytes]) -> None:
    """Check who signed a timestamp; that a receipt is of its checkpoint, verify_store checks."""
    if receipt.by != STAMP:
        return
    reply = view.content(bytes.fromhex(receipt.proof)) or b""
    note = view.checkpoint(receipt.size) or b""
    try:
        verify_reply(reply, note, roots[receipt.place])
    except AnchorError as error:
        raise AnchorError(f"entry {receipt.entry}: {receipt.place}: {error}") from error


def _late(view: Reading, good: list[Receipt], now: datetime, lag: timedelta) -> Iterator[Late]:
    """Walk over the entries beside the first receipt that covers each."""
    soonest: dict[int, datetime] = {}
    for each in good:
        soonest[each.size] = min(each.time, soonest.get(each.size, each.time))
    covering = iter(sorted(soonest.items()))
    size, when = next(covering)
    late: Late | None = None
    for index, data in view.entries():
        while index >= size:
            size, when = next(covering, (view.size(), now))
        waited = when - from_rfc3339(json.loads(data)["at"])
        if waited > lag:
            late = _wider(late, index, waited)
        elif late:
            yield late
            late = None
    if late:
        yield late


def _wider(late: Late | None, index: int, waited: timedelta) -> Late:
    if late is None:
        return Late(first=index, last=index, waited=waited)
    return Late(first=late.first, last=index, waited=max(late.waited, waited))
