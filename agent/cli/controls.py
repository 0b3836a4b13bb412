"""`assay controls ...`: what the organization says it does, and what proves it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.exits import CommandError, Exit
from agent.cli.output import Format, Listing, show

if TYPE_CHECKING:
    from agent.controls.decisions import Decisions
    from agent.controls.model import Control, Manual, Scope
    from agent.pack import Pack
    from agent.rules.rule import Rule

app = typer.Typer(help="Controls: list, show, check, scope.", no_args_is_help=True)
FORM = Annotated[Format, typer.Option("--format", "-f", help="How to show it.")]


@app.command("list")
def list_controls(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Out of scope too.")] = False,
    form: FORM = Format.TABLE,
) -> None:
    """List the controls in scope: what each serves, and what proves it."""
    from agent.controls.decisions import all_rules
    from agent.controls.proof import rules_of
    from agent.controls.rows import CONTROL_COLUMNS, control_row

    decisions, pack = _load(context)
    rules, chosen = all_rules(pack), decisions.controls
    shown = decisions.library.controls if everything else chosen
    rows = [
        control_row(control, rules=len(rules_of(control, rules)), in_scope=name in chosen)
        for name, control in shown.items()
    ]
    show(
        Listing(schema="assay.controls.v1", columns=CONTROL_COLUMNS, rows=rows, empty="no control"),
        form,
    )


@app.command("show")
def show_control(
    context: typer.Context,
    control: Annotated[str, typer.Argument(help="The control's id.")],
    form: FORM = Format.TABLE,
) -> None:
    """Show a control: its statement, the rules that prove it, what people do for it."""
    from agent.controls.decisions import all_rules
    from agent.controls.proof import rules_of
    from agent.controls.rows import control_facts
    from agent.rules.params import suggest

    decisions, pack = _load(context)
    known = decisions.library.controls
    if control in decisions.library.not_applicable:
        reason = decisions.library.not_applicable[control]
        raise CommandError(f"{control}: does not apply here: {reason}")
    if control not in known:
        raise CommandError(f"{control}: there is no such control{suggest(control, known)}")
    rules = rules_of(known[control], all_rules(pack))
    if form is Format.TABLE:
        sys.stdout.write("\n".join(_lines(known[control], rules)) + "\n")
        return
    facts = {**control_facts(known[control]), "rules": [rule.id for rule in rules]}
    show(Listing(schema="assay.control.v1", columns=tuple(facts), rows=[facts]), form)


@app.command("check")
def check_controls(context: typer.Context, form: FORM = Format.TABLE) -> int:
    """Look for criteria in scope without a control, rules without one, names that mean nothing.

    Suppliers whose report, or bridge letter, does not cover today are found too.

    Exit code: 0 no error is found, 1 some are, 3 a file is wrong.
    """
    from agent.config import load_settings
    from agent.controls.decisions import all_rules, frameworks_of
    from agent.controls.lint import lint_controls, lint_events, lint_scope
    from agent.run import CLOCK

    settings = load_settings(context.obj)
    decisions, pack = _load(context)
    found = lint_scope(decisions.scope, CLOCK.now().date())
    found += lint_events(decisions.controls, settings.events)
    found += lint_controls(
        decisions.library.controls,
        all_rules(pack),
        frameworks_of(settings),
        decisions.scope.categories,
        whole=settings.shipped_rules and not pack.disabled,
    )
    rows = [
        {"severity": str(each.severity), "about": each.about, "message": each.message}
        for each in found
    ]
    columns = ("severity", "about", "message")
    empty = f"{len(decisions.library.controls)} controls, nothing found"
    show(Listing(schema="assay.controls.check.v1", columns=columns, rows=rows, empty=empty), form)
    return Exit.FAIL if any(row["severity"] == "error" for row in rows) else Exit.PASS


@app.command("scope")
def show_scope(
    context: typer.Context,
    start: Annotated[str, typer.Option("--from", help="Start of the period.")] = "",
    end: Annotated[str, typer.Option("--to", help="End of the period, not in it.")] = "",
    form: FORM = Format.TABLE,
) -> int:
    """Show what reports are about, and whether suppliers' reports cover a period (default: a year).

    Exit code: 0 they do, 1 they do not.
    """
    from agent.controls.scope import uncovered
    from agent.run import CLOCK

    decisions, _ = _load(context)
    last = _day(end) if end else CLOCK.now().date()
    first = _day(start) if start else last - timedelta(days=365)
    if first >= last:
        raise CommandError("--from must be before --to")
    scope = decisions.scope
    rows = [
        {
            "subservice": each.name,
            "services": each.services,
            "method": each.method,
            "report": each.report,
            "from": each.report_from,
            "to": each.report_to,
            "bridge_until": each.bridge_until,
            "cuecs": list(each.cuecs),
            "uncovered": "; ".join(uncovered(each, first, last)),
        }
        for each in scope.subservices
    ]
    if form is Format.TABLE:
        sys.stdout.write("\n".join(_scope_lines(scope, decisions)) + "\n\n")
    columns = ("subservice", "report", "from", "to", "bridge_until", "cuecs", "uncovered")
    empty = "no subservice organization is named; assay.yaml names the file (scope)"
    show(Listing(schema="assay.scope.v1", columns=columns, rows=rows, empty=empty), form)
    return Exit.FAIL if any(row["uncovered"] for row in rows) else Exit.PASS


def _load(context: typer.Context) -> tuple[Decisions, Pack]:
    from agent.config import load_settings
    from agent.controls.decisions import load_decisions
    from agent.pack import load_pack

    settings = load_settings(context.obj)
    pack = load_pack(settings)
    return load_decisions(settings, pack), pack


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise CommandError(f"{written!r} is not a date such as 2026-01-31") from None


def _lines(control: Control, rules: tuple[Rule, ...]) -> Iterator[str]:
    yield from (control.title, "", f"{'control':<12}{control.id}", f"{'owner':<12}{control.owner}")
    yield from (f"{name:<12}{', '.join(ids)}" for name, ids in control.criteria.items())
    yield f"{'file':<12}{control.source}"
    if control.manual:
        yield from _manual_lines(control.manual)
    yield from ("", f"Proven by {len(rules)} rules")
    yield from (f"  {rule.id:<44}{rule.title}" for rule in rules)


def _manual_lines(manual: Manual) -> Iterator[str]:
    from agent.duration import to_text

    yield from ("", "What people do", f"  {manual.task}")
    yield f"  {manual.cadence}, within {to_text(manual.grace)}; by {manual.performer},"
    yield f"  reviewed by {manual.reviewer}"
    if manual.population:
        yield f"  for each of: {manual.population}"
    yield "  attach"
    yield from (f"    {each}" for each in manual.attach)


def _scope_lines(scope: Scope, decisions: Decisions) -> Iterator[str]:
    facts: Mapping[str, str] = {
        "organization": scope.organization,
        "system": scope.system,
        "description": scope.description,
        "targets": ", ".join(scope.targets),
        "categories": ", ".join(scope.categories),
        "controls": str(len(decisions.controls)),
        **scope.people,
    }
    yield from (f"{name:<16}{value}" for name, value in facts.items() if value)
    for name, reason in decisions.library.not_applicable.items():
        yield f"{'left out':<16}{name}: {reason}"
