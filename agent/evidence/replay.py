"""Replay: the outcomes of a sealed run computed again from the values that were kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Protocol

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


class Stood(Struct, frozen=True, kw_only=True):
    """A finding that stood after a run."""

    resource: str
    region: str
    outcome: str
    code: str
    message: str
    digest: bytes
    """Of the values that the rule read; empty: it read none."""


class Source(Protocol):
    """Where a run is replayed from: a store, or a bundle."""

    def entry(self, index: int) -> bytes | None:
        """Give the bytes of an entry."""
        ...

    def content(self, digest: bytes) -> bytes | None:
        """Give a content; None: it is not there any more."""
        ...

    def stood(self, index: int, target: str, rule: str) -> Iterator[Stood]:
        """Give the findings of a rule that stood after the run of an entry, by resource."""
        ...


class StoreSource:
    """A store as a source."""

    def __init__(self, view: Reading) -> None:
        self._view = view
        self.entry = view.entry
        self.content = view.content

    def stood(self, index: int, target: str, rule: str) -> Iterator[Stood]:
        """Give the findings of a rule that stood after the run of an entry."""
        view = self._view
        home, number, run = view.number_of(target), view.number_of(rule), view.run_at(index)
        for row in past.findings(view, target=home, rule=number, run=run):
            yield Stood(
                resource=row[2],
                region=row[3],
                outcome=str(OUTCOMES[row[4]]),
                code=row[5],
                message=row[6],
                digest=row[9] or b"",
            )


def replay(store: Store, entry: int, evaluate: Callable[[Case], Verdict | None]) -> Replayed:
    """Evaluate the findings that stood after the run of `entry` again.

    `evaluate` gives a verdict, or None for a case that values alone cannot decide. Raises
    `StoreError` when the entry is not a run.
    """
    with store.reading() as view:
        return replay_from(StoreSource(view), entry, evaluate)


def replay_from(
    source: Source,
    entry: int,
    evaluate: Callable[[Case], Verdict | None],
    *,
    rule: str = "",
    resource: str = "",
) -> Replayed:
    """Do the same from any source; only the findings of a rule, or on a resource, when named."""
    same = skipped = 0
    mismatches = []
    for case in _cases(source, entry, rule, resource):
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


def _cases(source: Source, index: int, only: str, resource: str) -> Iterator[Case | None]:
    data = source.entry(index)
    body = {} if data is None else json.loads(data)
    if body.get("kind") != "run":
        raise StoreError(f"entry {index} is not a run")
    plan = json.loads(_content(source, body["plan"]["blob"]))
    header = whole(body["header"], source.content)
    for rule, version in sorted(plan.items()):
        if only not in {"", rule}:
            continue
        text = _content(source, version["text"])
        for one in source.stood(index, body["target"], rule):
            if resource not in {"", one.resource}:
                continue
            content = b"" if not one.digest else source.content(one.digest)
            if content is None or (not content and one.outcome == Outcome.ERROR):
                yield None
                continue
            yield Case(
                target=body["target"],
                rule=rule,
                check=version["check"],
                text=text,
                params=version["params"],
                values=decode_values(content),
                resource=one.resource,
                region=one.region,
                started=from_rfc3339(body["started"]),
                slot=None if body["slot"] is None else from_rfc3339(body["slot"]),
                header=header or {},
                outcome=Outcome(one.outcome),
                code=one.code,
                message=one.message,
            )


def _content(source: Source, digest: str) -> bytes:
    content = source.content(bytes.fromhex(digest))
    if content is None:
        raise StoreError(f"blob {digest}: its content is missing")
    return content
