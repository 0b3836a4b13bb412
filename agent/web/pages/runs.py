"""Runs: what was asked of a provider, how many pages came, what was not seen, what changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from msgspec import Struct

from agent.evidence.entry import from_rfc3339, whole
from agent.evidence.leaf import GONE, OUTCOMES
from agent.evidence.store import Reading, past
from agent.model import Outcome
from agent.web.pages.desk import Desk

PAGE = 50
SHOWN = 200
"""Calls and changes of one run that a page lists."""


class Brief(Struct, frozen=True, kw_only=True):
    """A run in one line."""

    entry: int
    target: str
    slot: datetime | None
    trigger: str
    started: datetime
    finished: datetime
    counts: Mapping[Outcome, int]
    gaps: int
    changes: int


class Called(Struct, frozen=True, kw_only=True):
    """One operation in one region."""

    name: str
    region: str
    count: int
    items: int
    status: str


class Changed(Struct, frozen=True, kw_only=True):
    """A finding that this run saw different from the run before."""

    rule: str
    resource: str
    region: str
    outcome: str
    """`gone`: it is no longer in the population."""
    message: str


class Run(Struct, frozen=True, kw_only=True):
    """A run in full."""

    brief: Brief
    header: Mapping[str, Any]
    previous: int | None
    calls: tuple[Called, ...]
    requests: int
    items: int
    gaps: tuple[Mapping[str, Any], ...]
    changed: tuple[Changed, ...]
    rules: tuple[tuple[str, Mapping[Outcome, int]], ...]
    state_root: str
    inventory_root: str
    sightings: int


class Runs(Struct, frozen=True, kw_only=True):
    """One page of the list, the newest first."""

    runs: tuple[Brief, ...]
    targets: tuple[str, ...]
    before: int
    """Where the next page begins; 0: there is none."""


def read_runs(desk: Desk, target: str, before: int) -> Runs:
    """Read the runs of a target (empty: of all) before a run's entry. Raises `StoreError`."""
    with desk.store.reading() as view:
        names = view.names()
        number = view.number_of(target) if target else None
        entries = past.entries_of_runs(view, number, before, PAGE + 1)
        briefs = tuple(_brief(view, entry, _body(view, entry)) for entry in entries)
        targets = tuple(sorted(names[each] for each in view.targets()))
    more = len(briefs) > PAGE
    return Runs(runs=briefs[:PAGE], targets=targets, before=briefs[PAGE - 1].entry if more else 0)


def read_run(desk: Desk, entry: int) -> Run | None:
    """Read the run of an entry; None: the entry is no run. Raises `StoreError`."""
    with desk.store.reading() as view:
        number = view.run_at(entry)
        if number is None:
            return None
        body, names = _body(view, entry), view.names()
        calls = tuple(_calls(whole(body.get("calls"), view.content)))
        counts = whole(body.get("counts", {}), view.content) or {}
        return Run(
            brief=_brief(view, entry, body),
            header=whole(body.get("header", {}), view.content) or {},
            previous=body.get("previous"),
            calls=calls,
            requests=sum(call.count for call in calls),
            items=sum(call.items for call in calls),
            gaps=tuple(whole(body.get("gaps", []), view.content) or ()),
            changed=tuple(
                Changed(
                    rule=names[rule],
                    resource=resource,
                    region=region,
                    outcome="gone" if outcome == GONE else str(OUTCOMES[outcome]),
                    message=message or code,
                )
                for rule, resource, region, outcome, code, message in islice(
                    past.changed(view, number), SHOWN
                )
            ),
            rules=tuple((rule, _counts(each)) for rule, each in sorted(counts.items())),
            state_root=body.get("state_root", ""),
            inventory_root=body.get("inventory_root", ""),
            sightings=body.get("sightings", 0),
        )


def _body(view: Reading, entry: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(view.entry(entry) or b"{}")
    return found


def _brief(view: Reading, entry: int, body: Mapping[str, Any]) -> Brief:
    rules = whole(body.get("counts", {}), view.content) or {}
    gaps = whole(body.get("gaps", []), view.content) or ()
    total: dict[Outcome, int] = dict.fromkeys(Outcome, 0)
    for counts in rules.values():
        for outcome, count in _counts(counts).items():
            total[outcome] += count
    return Brief(
        entry=entry,
        target=body["target"],
        slot=from_rfc3339(body["slot"]) if body.get("slot") else None,
        trigger=body["trigger"],
        started=from_rfc3339(body["started"]),
        finished=from_rfc3339(body["finished"]),
        counts=total,
        gaps=len(gaps),
        changes=body.get("changes", 0),
    )


def _counts(counts: Mapping[str, int]) -> dict[Outcome, int]:
    return {Outcome(outcome): count for outcome, count in counts.items()}


def _calls(record: Any) -> Iterator[Called]:
    """Read the record of a collection; of one in another form, nothing."""
    listed = record.get("calls") if isinstance(record, dict) else None
    for call in listed if isinstance(listed, list) else ():
        yield Called(
            name=str(call.get("call", "")),
            region=str(call.get("region", "")),
            count=int(call.get("count", 0)),
            items=int(call.get("items", 0)),
            status=str(call.get("status", "")),
        )
