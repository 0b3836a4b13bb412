"""Gives a page its form: HTML from templates that escape whatever they are given."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader

from agent import __version__
from agent.model import Outcome
from agent.reports.html import TEMPLATES as REPORTS
from agent.reports.html import make_environment
from agent.web.pages.address import address
from agent.web.pages.desk import Desk
from agent.web.pages.page import Page
from agent.web.pages.runbooks import Runbook, runbooks
from agent.web.pages.state import Status
from agent.web.pages.static import static_files
from agent.web.pages.strip import to_strip

TEMPLATES = Path(__file__).with_name("templates")
NAVIGATION = (
    ("overview", "Overview", "/"),
    ("controls", "Controls", "/controls"),
    ("rules", "Rules", "/rules"),
    ("findings", "Findings", "/findings"),
    ("deviations", "Deviations", "/deviations"),
    ("unseen", "Not seen", "/unseen"),
    ("people", "People", "/people"),
    ("runs", "Runs", "/runs"),
    ("log", "Log", "/log"),
    ("reports", "Reports", "/reports"),
)
WORDS = {
    Status.FAIL: "failing",
    Status.ERROR: "not seen",
    Status.UNKNOWN: "unknown",
    Status.WAIVED: "waived",
    Status.PASS: "passing",
    Status.NOT_APPLICABLE: "nothing to test",
    Status.NONE: "not tested",
}


def render(desk: Desk, page: Page) -> str:
    """Write a page. What it links to is of the same instant as itself."""
    with desk.store.reading() as view:
        meta, size = view.meta(), view.size()
    to = partial(address, at=page.asked) if page.asked else address
    return (
        environment()
        .get_template(page.template)
        .render(
            page=page,
            to=to,
            plain=address,
            made_at=desk.now(),
            origin=meta.get("origin", ""),
            size=size,
            organization=desk.decisions.scope.organization,
            **page.values,
        )
    )


def render_runbook(runbook: Runbook | None) -> str:
    """Write the page of a runbook, or the list of all; without the store, which may have failed."""
    page = Page(
        template="runbook.html",
        title=runbook.name if runbook else "Runbooks",
        here="runbooks",
        query=f"the runbook of {runbook.name}" if runbook else "all runbooks",
        values={},
        crumbs=(("Runbooks", "/runbooks"),) if runbook else (),
    )
    template = environment().get_template(page.template)
    every = tuple(runbooks().values())
    return template.render(page=page, to=address, organization="", runbook=runbook, runbooks=every)


def render_problem(status: HTTPStatus, message: str) -> str:
    """Write the page that says what is wrong, and what to do."""
    template = environment().get_template("problem.html")
    return template.render(status=status, message=message, to=address)


def compile_templates() -> None:
    """Compile every template, which is kept."""
    for name in environment().list_templates(filter_func=lambda name: "/" not in name):
        environment().get_template(name)


@cache
def environment() -> Environment:
    """Make the template engine: that of the reports, with the pages' own templates."""
    found = make_environment(
        ChoiceLoader(
            [FileSystemLoader(TEMPLATES), PrefixLoader({"reports": FileSystemLoader(REPORTS)})]
        )
    )
    found.globals |= {
        "static": {name: f"/static/{file.name}" for name, file in static_files().items()},
        "navigation": NAVIGATION,
        "words": WORDS,
        "outcomes": tuple(Outcome),
        "version": __version__,
    }
    found.filters |= {
        "ago": ago,
        "count": lambda number: f"{number:,}",
        "stamp": stamp,
        "strip": to_strip,
    }
    return found


def ago(moment: datetime | None, now: datetime) -> str:
    """Say how long ago something was, in one unit."""
    if moment is None:
        return "never"
    seconds = int((now - moment) / timedelta(seconds=1))
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{seconds // length:,} {unit} ago"
    return "just now"


def stamp(moment: datetime) -> str:
    """Write an instant as `datetime` attributes and addresses have it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
