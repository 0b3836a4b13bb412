"""The pages about findings: lists of them, one of them, deviations, and what could not be seen."""

from __future__ import annotations

from agent.evidence import queries
from agent.evidence.deviations import deviations
from agent.model import Outcome
from agent.reports.gather import in_words
from agent.web.pages import operation
from agent.web.pages.desk import Desk
from agent.web.pages.finding import read_finding, read_resource
from agent.web.pages.findings import PAGE, Filter, read_findings
from agent.web.pages.moments import bounds_of, known_of, moment_of
from agent.web.pages.overview import read_overview
from agent.web.pages.page import Asked, AskedWronglyError, NotHereError, Page


def findings(desk: Desk, asked: Asked) -> Page:
    """List findings."""
    names = ("outcome", "cloud", "target", "rule", "severity", "criterion")
    wanted = Filter(
        **{name: asked.text(name) for name in names},
        text=asked.text("q"),
        start=asked.number("start"),
    )
    if wanted.outcome and wanted.outcome not in list(Outcome):
        raise AskedWronglyError(f"outcome must be one of {', '.join(Outcome)}")
    at = moment_of(desk, asked)
    found, state = read_findings(desk, at, wanted), desk.state(at)
    filters = {name: asked.text(name) for name in (*names, "q")}
    return Page(
        template="findings.html",
        title="Findings",
        here="findings",
        query="findings" + "".join(f", {name} {value}" for name, value in filters.items() if value),
        at=found.at,
        asked=at,
        completeness=known_of(state),
        values={
            "found": found,
            "wanted": wanted,
            "filters": filters,
            "state": state,
            "criteria": desk.criteria(),
            "page_length": PAGE,
        },
    )


def finding(desk: Desk, asked: Asked) -> Page:
    """Show one finding: the reason, what to do, its history, and where it is sealed."""
    name, target, resource = (asked.text(each) for each in ("rule", "target", "resource"))
    at = moment_of(desk, asked)
    found = read_finding(desk, name, target, resource, at)
    if found is None:
        raise NotHereError(f"{name} never judged {resource} on {target}.")
    account, detail = found
    return Page(
        template="finding.html",
        title=account.rule.title,
        here="findings",
        crumbs=(("Findings", "/findings"), (name, f"/rules/{name}")),
        query=f"rule {name} on {resource}, target {target}",
        at=account.at,
        asked=at,
        completeness=known_of(desk.state(at)),
        values={"account": account, "detail": detail, "controls": desk.decisions.controls},
    )


def resource(desk: Desk, asked: Asked) -> Page:
    """Show what every rule says of one resource, and said."""
    name, at = asked.text("id"), moment_of(desk, asked)
    accounts = read_resource(desk, name, at)
    if not accounts:
        raise NotHereError(f"No rule ever judged {name or 'a resource without an id'}.")
    return Page(
        template="resource.html",
        title=name,
        here="findings",
        crumbs=(("Findings", "/findings"),),
        query=f"every rule that judged {name}",
        at=accounts[0].at,
        asked=at,
        completeness=known_of(desk.state(at)),
        values={"name": name, "accounts": accounts},
    )


def unseen(desk: Desk, asked: Asked) -> Page:
    """Show what could not be seen: denied and failed reads, stale states, slots without a run."""
    at = moment_of(desk, asked)
    view = read_overview(desk, at)
    end = view.state.at
    start = asked.moment("from") or end - operation.SPAN
    if not start < end:
        raise AskedWronglyError("from must be before the instant that is shown")
    low = start.replace(second=0, microsecond=0)
    gaps = desk.memo.ask(
        ("gaps", low, at), lambda: queries.gaps(desk.store, low, end), when=end.timestamp() // 60
    )
    errors = read_findings(desk, at, Filter(outcome=Outcome.ERROR, start=asked.number("start")))
    return Page(
        template="unseen.html",
        title="What could not be seen",
        here="unseen",
        query=f"errors and unknown states, and slots without a run since {low:%Y-%m-%d %H:%M} UTC",
        at=end,
        asked=at,
        completeness=in_words(gaps),
        values={"view": view, "gaps": gaps, "errors": errors, "start": low, "page_length": PAGE},
    )


def register(desk: Desk, asked: Asked) -> Page:
    """List the deviations of a period."""
    start, end = bounds_of(desk, asked)
    name = asked.text("rule")
    found = desk.memo.ask(
        ("deviations", start, end, name),
        lambda: deviations(desk.store, start, end, rule=name or None),
    )
    chosen = sorted(found, key=lambda one: one.start, reverse=True)
    if asked.text("open"):
        chosen = [one for one in chosen if one.end is None]
    first = asked.number("start")
    gaps = desk.memo.ask(("completeness", start, end), lambda: queries.gaps(desk.store, start, end))
    return Page(
        template="deviations.html",
        title="Deviations",
        here="deviations",
        query=f"failures from {start:%Y-%m-%d %H:%M} to before {end:%Y-%m-%d %H:%M} UTC"
        + (f", rule {name}" if name else ""),
        at=end,
        completeness=in_words(gaps),
        values={
            "deviations": chosen[first : first + PAGE],
            "all": len(chosen),
            "first": first,
            "page_length": PAGE,
            "start": start,
            "end": end,
            "rule": name,
            "only_open": bool(asked.text("open")),
        },
    )
