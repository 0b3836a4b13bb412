"""The listings of the API: their names, their columns, and the rows of a page of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from agent.evidence import paging, queries
from agent.evidence.entry import to_micros
from agent.evidence.paging import Key
from agent.evidence.rows import (
    DEVIATION_COLUMNS,
    ENTRY_COLUMNS,
    FINDING_COLUMNS,
    GAP_COLUMNS,
    RUN_COLUMNS,
    deviation_row,
    entry_row,
    finding_row,
    gap_row,
    run_row,
)
from agent.evidence.store import Store
from agent.web.api.answers import Fetch, Form, Rows
from agent.web.api.parameters import AsOf, Failed, Logged, Period

FINDINGS = Form(
    schema="assay.findings.v1", columns=(*FINDING_COLUMNS, "stale"), key=(str, str, int)
)
DEVIATIONS = Form(schema="assay.deviations.v1", columns=DEVIATION_COLUMNS, key=(int, int, int, int))
RUNS = Form(schema="assay.runs.v1", columns=RUN_COLUMNS, key=(int,))
GAPS = Form(schema="assay.gaps.v1", columns=GAP_COLUMNS, key=(str, int))
ENTRIES = Form(schema="assay.log.v1", columns=ENTRY_COLUMNS, key=(int,))


def findings(store: Store, query: AsOf, at: datetime) -> Fetch:
    """Give the findings as they stood, each with whether it was too old to be known."""
    stale: set[tuple[str, str]] | None = None

    def fetch(after: Key | None, limit: int) -> Rows:
        nonlocal stale
        if stale is None:
            stale = {(one.target, one.rule) for one in queries.bases(store, at) if one.stale}
        page = paging.findings(
            store,
            at,
            after=after,
            limit=limit,
            target=query.target,
            rule=query.rule,
            outcomes=query.outcome,
        )
        rows: list[Mapping[str, Any]] = [
            {**finding_row(one), "stale": (one.target, one.rule) in stale} for one in page.rows
        ]
        return rows, page.next

    return fetch


def deviations(store: Store, query: Failed, start: datetime, end: datetime) -> Fetch:
    """Give the deviations of a period."""

    def fetch(after: Key | None, limit: int) -> Rows:
        page = paging.deviations(
            store,
            start,
            end,
            after=after,
            limit=limit,
            target=query.target,
            rule=query.rule,
            only_open=query.only_open == "true",
        )
        return [deviation_row(one) for one in page.rows], page.next

    return fetch


def runs(store: Store, query: Period, start: datetime, end: datetime) -> Fetch:
    """Give the runs of a period."""

    def fetch(after: Key | None, limit: int) -> Rows:
        page = paging.runs(store, start, end, after=after, limit=limit, target=query.target)
        return [run_row(entry, body) for entry, body in page.rows], page.next

    return fetch


def gaps(store: Store, query: Period, start: datetime, end: datetime) -> Fetch:
    """Give the gaps of a period."""

    def fetch(after: Key | None, limit: int) -> Rows:
        page = paging.gaps(store, start, end, after=after, limit=limit, target=query.target)
        return [gap_row(one) for one in page.rows], page.next

    return fetch


def entries(store: Store, query: Logged) -> Fetch:
    """Give the entries of the log."""

    def fetch(after: Key | None, limit: int) -> Rows:
        page = paging.entries(store, after=after, limit=limit, kind=query.kind, start=query.start)
        return [entry_row(index, body) for index, body in page.rows], page.next

    return fetch


def among(rows: Iterable[Mapping[str, Any]], *names: str) -> Fetch:
    """Give pages of rows that are in memory, by members that tell them apart and order them."""

    def key(row: Mapping[str, Any]) -> Key:
        return tuple(_in_key(row[name]) for name in names)

    rows = sorted(rows, key=key)

    def fetch(after: Key | None, limit: int) -> Rows:
        left = [row for row in rows if after is None or key(row) > after]
        more = len(left) > limit
        return left[:limit], key(left[limit - 1]) if more else None

    return fetch


def _in_key(value: Any) -> str | int:
    if isinstance(value, datetime):
        return to_micros(value)
    return value if isinstance(value, int) else str(value)
