"""Replay: the outcomes of a sealed run computed again from the values that were kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from agent.evidence.entry import decode_values, from_rfc3339, whole
from agent.evidence.leaf import OUTCOMES
from agent.evidence.store import Reading, Store, StoreError, past
from agent.model import Outcome


class Case(Struct, frozen=True, kw_only=True):
    """A finding of a run, and all that was known when it was made."""

    target: str
    rule: str
    check: str
    text: bytes
    """The rule's file as it was."""
    params: Mapping[str, Any]
    values: Mapping[str, Any]
    """What the rule read: `{"resource": {...}, "params": {...}}`."""
    resource: str
    region: str
    started: datetime
    """When the run started; `header` says what `now` was, if the run chose another."""
    slot: datetime | None
    header: Mapping[str, Any]
    outcome: Outcome
    """As sealed, as are `code` and `message`."""
    code: str
    message: str


class Verdict(Struct, frozen=True):
    """What an evaluation says of a case."""

    outcome: Outcome
    code: str
    message: str


class Mismatch(Struct, frozen=True):
    """A finding whose evaluation does not give again what was sealed."""

    case: Case
    verdict: Verdict


class Replayed(Struct, frozen=True):
    """The result of a replay."""

    same: int
    """Findings that came out as sealed."""
    skipped: int
    """Findings that no values can give again: their place was not seen, or retention deleted
    the values."""
    mismatches: tuple[Mismatch, ...]


def replay(store: Store, entry: int, evaluate: Callable[[Case], Verdict | None]) -> Replayed:
    """Evaluate the findings that stood after the run of `entry` again.

    `evaluate` gives a verdict, or None for a case that values alone cannot decide. Raises
    `StoreError` when the entry is not a run.
    """
    same = skipped = 0
    mismatches = []
    with store.reading() as view:
        for case in _cases(view, entry):
            verdict = None if case is None else evaluate(case)
            if case is None or verdict is None:
                skipped += 1
            elif (verdict.outcome, verdict.code, verdict.message) == (
                case.outcome,
                case.code,
                case.message,
            ):
                same += 1
            else:
                mismatches.append(Mismatch(case, verdict))
    return Replayed(same, skipped, tuple(mismatches))


def _cases(view: Reading, index: int) -> Iterator[Case | None]:
    data = view.entry(index)
    body = {} if data is None else json.loads(data)
    if body.get("kind") != "run":
        raise StoreError(f"entry {index} is not a run")
    target = view.number_of(body["target"])
    number = view.run_at(index)
    plan = json.loads(_content(view, body["plan"]["blob"]))
    for rule, version in sorted(plan.items()):
        text = _content(view, version["text"])
        for row in past.findings(view, target=target, rule=view.number_of(rule), run=number):
            content = b"" if row[9] is None else view.content(row[9])
            if content is None or (not content and OUTCOMES[row[4]] is Outcome.ERROR):
                yield None
                continue
            yield Case(
                target=body["target"],
                rule=rule,
                check=version["check"],
                text=text,
                params=version["params"],
                values=decode_values(content),
                resource=row[2],
                region=row[3],
                started=from_rfc3339(body["started"]),
                slot=None if body["slot"] is None else from_rfc3339(body["slot"]),
                header=whole(body["header"], view.content),
                outcome=OUTCOMES[row[4]],
                code=row[5],
                message=row[6],
            )


def _content(view: Reading, digest: str) -> bytes:
    content = view.content(bytes.fromhex(digest))
    if content is None:
        raise StoreError(f"blob {digest}: its content is missing")
    return content
