"""What management states of a deviation: checked, sealed in the log, read from it.

A reply means the deviations of a rule, or of one resource of it, or the one that was first seen at
an instant; or an instance of a control that people perform. A later one on the same amends.

    RespondError    the reply cannot be sealed; the message says why
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from agent.controls.model import Reply
from agent.evidence import queries
from agent.evidence.deviations import deviations
from agent.evidence.entry import Kind, from_rfc3339, to_rfc3339
from agent.evidence.store import Store

LONGEST = 10_000
"""Characters of a text."""


class RespondError(Exception):
    """A reply cannot be sealed."""


def verify_reply(reply: Reply, store: Store, now: datetime) -> None:
    """Check that a reply is whole and means something that the log has.

    Raises `RespondError`, and `StoreError`.
    """
    if bool(reply.rule) == bool(reply.control):
        raise RespondError("a reply is to a rule's deviations or to a control's instance")
    if reply.control and not reply.period:
        raise RespondError(f"{reply.control}: say which instance, such as 2026-Q3")
    for name in ("by", "text"):
        if not getattr(reply, name).strip():
            raise RespondError(f"{reply.rule or reply.control}: `{name}` is empty")
    if max(len(reply.text), len(reply.cause)) > LONGEST:
        raise RespondError(f"{reply.rule or reply.control}: more than {LONGEST} characters")
    if reply.said_at > now:
        raise RespondError(f"{reply.rule or reply.control}: it cannot be said in the future")
    if reply.rule and not _means_any(reply, store, now):
        raise RespondError(
            f"{reply.rule}: no deviation of it is meant"
            f"{f' on {reply.resource}' if reply.resource else ''}; `assay evidence deviations`"
            " lists all, each with its start"
        )


def to_body(reply: Reply) -> dict[str, Any]:
    """Write the body of the log's entry."""
    said = {
        "rule": reply.rule,
        "resource": reply.resource,
        "start": to_rfc3339(reply.start) if reply.start else "",
        "control": reply.control,
        "period": reply.period,
        "cause": reply.cause,
    }
    kept = {name: value for name, value in said.items() if value}
    return {**kept, "by": reply.by, "said_at": to_rfc3339(reply.said_at), "text": reply.text}


def recorded_replies(store: Store) -> tuple[Reply, ...]:
    """Give every reply of the log, the newest first. Raises `StoreError`."""
    entries = queries.entries(store, kind=Kind.RESPONSE)
    return tuple(reversed([read_body(index, body) for index, body in entries]))


def reply_to(control: str, period: str, replies: Iterable[Reply]) -> Reply | None:
    """Give the newest reply to an instance of a control; `replies` come newest first."""
    return next((r for r in replies if (r.control, r.period) == (control, period)), None)


def is_meant(start: datetime | None, first_seen: datetime) -> bool:
    """Whether an instant that a person wrote is when a deviation was first seen; None: any is."""
    return start in {None, first_seen, first_seen.replace(microsecond=0)}


def _means_any(reply: Reply, store: Store, now: datetime) -> bool:
    begun = next(iter(queries.entries(store)), None)
    if begun is None:
        return False
    found = deviations(store, from_rfc3339(begun[1]["at"]), now, rule=reply.rule)
    return any(
        reply.resource in {"", one.resource} and is_meant(reply.start, one.start) for one in found
    )


def read_body(index: int, body: Mapping[str, Any]) -> Reply:
    """Read what `to_body` wrote, from the entry of an index."""
    start = body.get("start")
    return Reply(
        rule=body.get("rule", ""),
        resource=body.get("resource", ""),
        start=from_rfc3339(start) if start else None,
        control=body.get("control", ""),
        period=body.get("period", ""),
        by=body["by"],
        said_at=from_rfc3339(body["said_at"]),
        text=body["text"],
        cause=body.get("cause", ""),
        recorded_at=from_rfc3339(body["at"]),
        entry=index,
    )
