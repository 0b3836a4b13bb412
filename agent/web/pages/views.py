"""The pages about the state of things: overview, controls, rules, findings, resources, people."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from agent.controls.model import Control
from agent.model import Outcome
from agent.reports.gather import in_words
from agent.reports.readiness import SOC2
from agent.web.pages import operation
from agent.web.pages.desk import Desk
from agent.web.pages.findings import PAGE, Filter, read_findings
from agent.web.pages.known import known_rules
from agent.web.pages.moments import bounds_of, known_of, moment_of
from agent.web.pages.overview import SEVERITIES, read_overview
from agent.web.pages.page import Asked, NotHereError, Page
from agent.web.pages.people import part_of, read_people
from agent.web.pages.state import Status, by_rule, tally

View = Callable[[Desk, Asked], Page]


def overview(desk: Desk, asked: Asked) -> Page:
    """Show how everything stands."""
    at = moment_of(desk, asked)
    view = read_overview(desk, at)
    return Page(
        template="overview.html",
        title="Overview",
        here="overview",
        query="the state of every scheduled rule on every target",
        at=view.state.at,
        asked=at,
        completeness=known_of(view.state),
        values={"view": view},
    )


def controls(desk: Desk, asked: Asked) -> Page:
    """List the controls."""
    at, criterion, owner = moment_of(desk, asked), asked.text("criterion"), asked.text("owner")
    state, people, decisions = desk.state(at), read_people(desk, at), desk.decisions
    chosen = [
        control
        for control in decisions.controls.values()
        if (not criterion or criterion in control.criteria.get(SOC2, ()))
        and owner in ("", control.owner)
    ]
    rows = [
        (control, Status.worst(pair.status for pair in pairs), pairs, part_of(people, [control]))
        for control in chosen
        for pairs in [state.of_rules(_proving(desk, control))]
    ]
    return Page(
        template="controls.html",
        title="Controls",
        here="controls",
        query=f"controls{f' of {criterion}' if criterion else ''}, the worst of their rules",
        at=state.at,
        asked=at,
        completeness=known_of(state),
        values={
            "rows": rows,
            "criteria": desk.criteria(),
            "criterion": criterion,
            "owners": sorted({one.owner for one in decisions.controls.values() if one.owner}),
            "owner": owner,
            "tally": tally,
        },
    )


def control(desk: Desk, asked: Asked) -> Page:
    """Show a control through a period."""
    name = asked.id("id")
    found = desk.decisions.controls.get(name)
    if found is None:
        raise NotHereError(f"There is no control {name} in scope.")
    shown = _period(desk, asked, lambda start, end: operation.of_control(desk, found, start, end))
    people = read_people(desk, None)
    return Page(
        template="control.html",
        title=found.title,
        here="controls",
        crumbs=(("Controls", "/controls"),),
        query=f"control {name} from {shown.start:%Y-%m-%d %H:%M} to before"
        f" {shown.end:%Y-%m-%d %H:%M} UTC",
        at=shown.end,
        completeness=in_words(shown.completeness),
        values={
            "control": found,
            "shown": shown,
            "known": known_rules(desk, desk.state(None)),
            "coming": [due for due in people.coming if due.control == name],
            "criteria": desk.criteria(),
            "blind": operation.blind_of(shown),
        },
    )


def rules(desk: Desk, asked: Asked) -> Page:
    """List the rules."""
    at, text, severity = moment_of(desk, asked), asked.text("q"), asked.text("severity")
    status, state = asked.text("status"), desk.state(at)
    of_rule = by_rule(state.pairs)
    rows = [
        (rule, worst, tally(pairs))
        for rule in known_rules(desk, state).values()
        for pairs in [of_rule.get(rule.id, [])]
        for worst in [Status.worst(pair.status for pair in pairs)]
        if severity in ("", rule.severity)
        and status in ("", worst)
        and text.casefold() in f"{rule.id} {rule.title}".casefold()
    ]
    order = list(Status)
    rows.sort(key=lambda row: (order.index(row[1]), SEVERITIES.index(row[0].severity), row[0].id))
    return Page(
        template="rules.html",
        title="Rules",
        here="rules",
        query="rules in force or scheduled, the worst of their targets",
        at=state.at,
        asked=at,
        completeness=known_of(state),
        values={"rows": rows, "q": text, "severity": severity, "status": status},
    )


def rule(desk: Desk, asked: Asked) -> Page:
    """Show a rule: what it tests, how it stands, how it operated through a period."""
    name, state = asked.id("id"), desk.state(None)
    known = known_rules(desk, state).get(name)
    shown = _period(desk, asked, lambda start, end: operation.of_rule(desk, name, start, end))
    result = operation.the_rule(shown)
    if known is None and result is None:
        raise NotHereError(f"There is no rule {name}, neither in force nor in this period.")
    failing = [
        one
        for outcome in (Outcome.FAIL, Outcome.ERROR, Outcome.WAIVED)
        for one in read_findings(desk, None, Filter(rule=name, outcome=outcome)).lines
    ]
    in_force = desk.rules.get(name)
    return Page(
        template="rule.html",
        title=known.title if known and known.in_force else result.title if result else name,
        here="rules",
        crumbs=(("Rules", "/rules"),),
        query=f"rule {name} now, and from {shown.start:%Y-%m-%d %H:%M} to before"
        f" {shown.end:%Y-%m-%d %H:%M} UTC",
        at=state.at,
        completeness=in_words(shown.completeness),
        values={
            "name": name,
            "known": known,
            "in_force": in_force,
            "remedy": in_force.remediation.text if in_force and in_force.remediation else "",
            "pairs": state.of_rules([name]),
            "lines": failing[:PAGE],
            "shown": shown,
            "result": result,
            "blind": operation.blind_of(shown),
            "controls": [
                desk.decisions.controls[each]
                for each in desk.decisions.proves.get(name, ())
                if each in desk.decisions.controls
            ],
        },
    )


def people(desk: Desk, asked: Asked) -> Page:
    """Show what people have to do, did and decided."""
    at = moment_of(desk, asked)
    view = read_people(desk, at)
    low = view.at - operation.SPAN
    done = [due for due in view.dues if due.attestation and due.attestation.recorded_at >= low]
    return Page(
        template="people.html",
        title="People",
        here="people",
        query="attestations due and recorded, waivers",
        at=view.at,
        asked=at,
        completeness=f"{len(view.dues):,} instances of manual controls are known"
        + (f"; {len(view.unlisted)} controls of events have no list" if view.unlisted else ""),
        values={
            "view": view,
            "done": sorted(done, key=lambda due: due.due, reverse=True),
            "controls": desk.decisions.controls,
        },
    )


def _period(
    desk: Desk, asked: Asked, read: Callable[[datetime, datetime], operation.Operation]
) -> operation.Operation:
    """Read something through the period that is asked for, or tell it again."""
    start, end = bounds_of(desk, asked)
    question = (asked.request.url.path, start, end)
    return desk.memo.ask(question, lambda: read(start, end), when=desk.decisions)


def _proving(desk: Desk, found: Control) -> Iterable[str]:
    return [rule for rule, names in desk.decisions.proves.items() if found.id in names]
