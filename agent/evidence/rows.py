"""What a list shows of what the log knows: one row each, the same for commands and for the API."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from agent.evidence.deviations import Deviation
from agent.evidence.queries import SlotGap, Span, Standing
from agent.model import Outcome

FINDING_COLUMNS = ("outcome", "target", "rule", "resource", "region", "since", "code", "message")
DEVIATION_COLUMNS = (
    *("start", "end", "ended_by", "observed", "longest", "target", "rule", "resource", "region"),
    "message",
)
GAP_COLUMNS = ("target", "from", "to", "slots", "reason", "author", "entry")
RUN_COLUMNS = (
    *("entry", "target", "slot", "trigger", "started", "finished", "rules"),
    *(str(outcome) for outcome in Outcome),
    *("changes", "gaps"),
)
ENTRY_COLUMNS = ("entry", "at", "kind", "what")
SPAN_COLUMNS = ("target", "rule", "resource", "outcome", "start", "end", "code", "message")


def finding_row(one: Standing) -> dict[str, Any]:
    """What a list shows of a finding as it stands, or stood."""
    return {
        "outcome": str(one.outcome),
        "target": one.target,
        "rule": one.rule,
        "resource": one.resource,
        "region": one.region,
        "since": one.since,
        "code": one.code,
        "message": one.message,
        "needs": list(one.needs),
    }


def span_row(one: Span) -> dict[str, Any]:
    """What a list shows of a time through which a finding did not change."""
    return {
        "target": one.target,
        "rule": one.rule,
        "resource": one.resource,
        "outcome": str(one.outcome),
        "start": one.start,
        "end": one.end,
        "code": one.code,
        "message": one.message,
        "needs": list(one.needs),
        "values": one.digest.hex(),
    }


def deviation_row(one: Deviation) -> dict[str, Any]:
    """What a list shows of an interval of failure."""
    return {
        "target": one.target,
        "rule": one.rule,
        "resource": one.resource,
        "region": one.region,
        "start": one.start,
        "end": one.end,
        "ended_by": one.ended_by,
        "observed": told(one.observed),
        "longest": told(one.longest),
        "last_good": one.last_good,
        "last_bad": one.last_bad,
        "blind": one.blind,
        "message": one.message,
    }


def gap_row(gap: SlotGap) -> dict[str, Any]:
    """What a list shows of slots without a run."""
    return {
        "target": gap.target,
        "from": gap.start,
        "to": gap.end,
        "slots": gap.slots,
        "reason": gap.reason or "unexplained",
        "author": gap.author,
        "entry": gap.entry,
    }


def run_row(index: int, body: Mapping[str, Any]) -> dict[str, Any]:
    """What a list shows of a run: its entry, whose counts and gaps are whole."""
    counts: Counter[str] = sum(map(Counter, body["counts"].values()), Counter())
    return {
        "entry": index,
        "target": body["target"],
        "slot": body["slot"],
        "trigger": body["trigger"],
        "started": body["started"],
        "finished": body["finished"],
        "rules": len(body["counts"]),
        **{str(outcome): counts[outcome] for outcome in Outcome},
        "changes": body["changes"],
        "gaps": len(body["gaps"] or ()),
    }


def entry_row(index: int, body: Mapping[str, Any]) -> dict[str, Any]:
    """What a list shows of an entry of the log: all of it, and a few words for people."""
    return {"entry": index, "at": body["at"], "kind": body["kind"], "what": words_of(body), **body}


def words_of(body: Mapping[str, Any]) -> str:
    """Say in a few words what an entry records."""
    if body["kind"] == "run":
        return f"{body['target']} {body.get('slot') or body.get('trigger', '')}"
    if body["kind"] == "config" and "targets" in body:
        return f"{body['rules']} rules, {', '.join(body['targets'])}"
    words = _WORDS.get(body["kind"], "{origin}{of}")
    return words.format_map(defaultdict(str, body))


def told(duration: timedelta | None) -> str:
    """Write a duration for people; empty: it is not known."""
    return "" if duration is None else str(timedelta(seconds=round(duration.total_seconds())))


_WORDS = {
    "gap": "{target} {slots} slots from {from}: {reason}",
    "agent": "{event} {version}{reason}",
    "schedule": "from {valid_from}",
    "config": "{of} {digest}",
    "waiver": "{id} {event}: {rule}, until {until}",
    "attestation": "{control} {period}: {result}, by {performer}",
    "key": "{origin}: {event} {vkey}",
    "response": "{rule}{control} {resource}{period}: {text}, by {by}",
    "population": "{of} {source}{control}",
    "export": "{what} {to}{from}",
    "anchor": "{place} has the checkpoint of size {size}, at {time}",
}
"""Kind of entry -> what to say of it; a member that it does not have is left out."""
