"""The pages about the evidence: runs, the log, its entries and proofs, reports."""

from __future__ import annotations

import json

from agent.evidence.entry import Kind
from agent.web.pages.desk import Desk
from agent.web.pages.log import read_entry, read_log
from agent.web.pages.operation import SPAN
from agent.web.pages.page import Asked, AskedWronglyError, NotHereError, Page
from agent.web.pages.runs import SHOWN, read_run, read_runs


def runs(desk: Desk, asked: Asked) -> Page:
    """List the runs."""
    target = asked.text("target")
    view = read_runs(desk, target, asked.number("before"))
    return Page(
        template="runs.html",
        title="Runs",
        here="runs",
        query=f"runs{f' of {target}' if target else ''}, the newest first",
        values={"view": view, "target": target},
    )


def run(desk: Desk, asked: Asked) -> Page:
    """Show a run."""
    entry = asked.number_of("entry")
    view = read_run(desk, entry)
    if view is None:
        raise NotHereError(f"Entry {entry} of the log is no run.")
    return Page(
        template="run.html",
        title=f"Run of {view.brief.target}",
        here="runs",
        crumbs=(("Runs", "/runs"),),
        query=f"the run that entry {entry} seals",
        at=view.brief.finished,
        completeness="everything that was asked for was seen"
        if not view.gaps
        else f"{len(view.gaps)} places could not be seen",
        values={"view": view, "limit": SHOWN},
    )


def log(desk: Desk, asked: Asked) -> Page:
    """Show the head of the log and list its entries."""
    kind = asked.text("kind")
    if kind and kind not in list(Kind):
        raise AskedWronglyError(f"kind must be one of {', '.join(Kind)}")
    view = read_log(desk, kind, asked.number("before"))
    return Page(
        template="log.html",
        title="Log",
        here="log",
        query=f"entries{f' of kind {kind}' if kind else ''}, the newest first",
        values={"view": view, "kind": kind, "kinds": tuple(Kind)},
    )


def entry(desk: Desk, asked: Asked) -> Page:
    """Show an entry, and what proves that it is in the log."""
    index = asked.number_of("index")
    proven = read_entry(desk, index)
    if proven is None:
        raise NotHereError(f"The log has no entry {index}: it has {desk.size()}.")
    return Page(
        template="entry.html",
        title=f"Entry {index}",
        here="log",
        crumbs=(("Log", "/log"),),
        query=f"entry {index} and its inclusion proof",
        values={
            "proven": proven,
            "pretty": json.dumps(proven.body, indent=2, ensure_ascii=False),
            "last": desk.size() - 1,
        },
    )


def reports(desk: Desk, asked: Asked) -> Page:
    """Offer the reports."""
    now = desk.now()
    return Page(
        template="reports.html",
        title="Reports",
        here="reports",
        query="which reports and files there are to download",
        values={
            "start": asked.moment("from") or now - SPAN * 2,
            "end": asked.moment("to") or now,
            "scope": desk.decisions.scope,
        },
    )
