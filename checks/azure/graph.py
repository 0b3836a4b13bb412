"""Azure Resource Graph: one query a table, for all types that are looked at and all subscriptions.

Facts (learn.microsoft.com/azure/governance/resource-graph): at most 1,000 rows a page and 1,000
subscriptions a request; pages repeat or skip rows unless ordered by id; an answer that was cut
short without a token, or for want of subscriptions, is an error here and not the end of the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from checks.azure.errors import request_id_of
from checks.azure.wire import Reply, Wire
from checks.canonical import rfc3339
from checks.estate import Raw, Row
from checks.httpdate import from_http_date
from checks.model import Answer, CallError, Cause

PATH = "/providers/Microsoft.ResourceGraph/resources"
API = "2024-04-01"
PAGE = 1000
SUBSCRIPTIONS = 1000
COLUMNS = (
    "id, name, type, location, tags, sku, kind, identity, zones, managedBy, properties,"
    " subscriptionId, resourceGroup"
)


class _At(Struct, frozen=True):
    """Where the next page is."""

    batches: tuple[tuple[str, ...], ...]
    """The subscriptions of the round, 1,000 at a time."""
    batch: int
    token: str = ""
    seen: int = 0
    """Rows of the batch on the pages before."""


def fetch_page(  # noqa: PLR0917  # six facts of one request
    wire: Wire,
    table: str,
    types: frozenset[str],
    subscriptions: Sequence[str],
    after: Any,
    at: datetime,
) -> Raw:
    """One page of `table`, of a round that began `at`. Raises `CallError`.

    `types` are the resource types that are looked at, in lower case.
    """
    place = after if isinstance(after, _At) else _At(_batches(subscriptions), 0)
    options: dict[str, Any] = {"$top": PAGE, "resultFormat": "objectArray"}
    if place.token:
        options["$skipToken"] = place.token
    body = {
        "subscriptions": place.batches[place.batch],
        "query": query_of(table, types),
        "options": options,
    }
    reply = wire.query(PATH, API, body)
    rows = tuple(_row(row) for row in _rows(reply))
    return Raw(
        rows=rows,
        answer=Answer(
            data=None,
            next=_next(place, reply, len(rows)),
            request_id=request_id_of(reply.headers),
            date=from_http_date(reply.headers.get("date", "")),
            status=reply.status,
        ),
        # When the round began: of each page a little before it was asked for.
        observed_at=rfc3339(at),
    )


def _batches(subscriptions: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    starts = range(0, len(subscriptions), SUBSCRIPTIONS)
    return tuple(tuple(subscriptions[start : start + SUBSCRIPTIONS]) for start in starts)


def _next(place: _At, reply: Reply, count: int) -> _At | None:
    seen = place.seen + count
    token = reply.data.get("$skipToken")
    if token:
        return _At(place.batches, place.batch, str(token), seen)
    _refuse_short(reply, seen)
    more = place.batch + 1 < len(place.batches)
    return _At(place.batches, place.batch + 1) if more else None


def query_of(table: str, types: Iterable[str]) -> str:
    """The query for the rows of `table` of these types, in the order of their ids."""
    names = ", ".join(f"'{name}'" for name in sorted(types))
    return f"{table} | where type in~ ({names}) | project {COLUMNS} | order by id asc"


def _refuse_short(reply: Reply, seen: int) -> None:
    """Raise when the last page is not the end of what there is."""
    data = reply.data
    if str(data.get("resultTruncated", "false")).lower() == "true":
        raise _short("the answer was cut short, and there is no token to read on")
    if reply.headers.get("x-ms-tenant-subscription-limit-hit", "").lower() == "true":
        raise _short("not all subscriptions were looked at: too many for one query")
    total = data.get("totalRecords")
    if isinstance(total, int) and seen < total:
        raise _short(f"{seen} rows came of {total}")


def _short(message: str) -> CallError:
    return CallError(Cause.TRANSIENT, "Truncated", message, status=200)


def _rows(reply: Reply) -> list[Any]:
    rows = reply.data.get("data")
    if not isinstance(rows, list):
        raise CallError(Cause.INVALID, "MalformedAnswer", "the answer has no rows", status=200)
    return rows


def _row(row: Any) -> Row:
    try:
        return Row(str(row["subscriptionId"]).lower(), str(row["type"]).lower(), row)
    except (TypeError, KeyError) as error:
        raise CallError(
            Cause.INVALID, "MalformedAnswer", "a row has no subscription or no type", status=200
        ) from error
