"""Reports to read and to keep: gathered from the log when they are asked for, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime

from agent.plan import make_plan
from agent.reports.document import write_json
from agent.reports.gather import gather
from agent.reports.html import write_html
from agent.reports.model import Report
from agent.reports.question import Kind, Question
from agent.web.pages.desk import Desk

FORMS = {"html": "text/html; charset=utf-8", "json": "application/json"}
_TURN = threading.Lock()
"""A report of a large estate takes a processor for seconds: never two of them."""


class BusyError(Exception):
    """Another report is being gathered; try again in a while."""


def make_report(desk: Desk, kind: Kind, start: datetime, end: datetime) -> Report:
    """Gather a report, the log verified first. Raises `BusyError` and `StoreError`."""
    if not _TURN.acquire(timeout=20):
        raise BusyError
    try:
        return gather(desk.store, _question(desk, kind, start, end))
    finally:
        _TURN.release()


def write_report(report: Report, form: str) -> Iterator[bytes]:
    """Write it in one of `FORMS`."""
    if form == "json":
        yield write_json(report)
    else:
        yield from (piece.encode() for piece in write_html(report))


def file_name(report: Report, form: str) -> str:
    """Name the file as `assay report` names it."""
    end = f"{report.end:%Y-%m-%d}"
    period = end if report.start == report.end else f"{report.start:%Y-%m-%d}-to-{end}"
    return f"{report.kind}-{period}.{form}"


def _question(desk: Desk, kind: Kind, start: datetime, end: datetime) -> Question:
    scope, decisions = desk.scope, desk.decisions
    return Question(
        kind=kind,
        start=start if kind is Kind.TYPE2 else end,
        end=end,
        made_at=desk.now(),
        scope=decisions.scope,
        controls=decisions.controls,
        criteria=desk.criteria(),
        permissions=make_plan(scope.pack.rules, scope.pack.checks).permissions,
        roots=desk.roots,
    )
