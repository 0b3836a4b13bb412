"""The tables of a report: what a workpaper shows as sheets and CSV as files. Pure.

Cells are values, not words: whoever writes them gives them a form and makes them harmless. Lengths
of time are hours, times are UTC, and both say so in the name of their column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import chain

from msgspec import Struct

from agent.model import Outcome
from agent.reports.members import Member
from agent.reports.model import ControlResult, Registered, Report, RuleResult

Cell = str | int | float | bool | datetime | date | timedelta | None
Row = tuple[Cell, ...]
Population = Callable[[RuleResult], Iterable[Member]]


class Table(Struct, frozen=True, kw_only=True):
    """Rows of the same columns; read once."""

    name: str
    """Of the sheet, and in lower case of the file."""
    says: str
    """What a row is, in a sentence."""
    columns: tuple[str, ...]
    rows: Iterable[Row]


def preface(report: Report) -> Iterator[tuple[str, str]]:
    """Give what stands above every table: whatever an auditor asks of it first."""
    about = " / ".join(filter(None, (report.scope.organization, report.scope.system)))
    proof = report.provenance
    yield "About", about or "not named"
    yield "Source", proof.source
    yield "Query", proof.query
    yield "Made at (UTC)", f"{proof.made_at:%Y-%m-%dT%H:%M:%SZ}"
    yield "Completeness", proof.completeness
    yield "Integrity", proof.integrity


def tables_of(
    report: Report, controls: Sequence[ControlResult], population: Population
) -> Iterator[Table]:
    """Give the tables of some controls; a rule that several have is listed once."""
    rules = list({rule.rule: rule for each in controls for rule in each.rules}.values())
    names = {rule.rule for rule in rules}
    mine = [each for each in report.register if each.deviation.rule in names]
    yield _results(controls)
    yield _procedures(rules)
    yield _population(rules, population)
    yield _deviations(mine)
    yield _waivers(report, names)
    yield _blind(rules)
    yield _people(report, controls)
    yield _calendar(controls)
    yield _instances(rules)
    yield _texts(rules)


def _results(controls: Sequence[ControlResult]) -> Table:
    return Table(
        name="Results",
        says="What each rule found on its whole population; outcomes are those of the last run.",
        columns=(
            "Control", "Rule", "Title", "Severity", "Every (h)", "Tests", "Population",
            "Population SHA-256", "Deviated", "Longest (h)", "Blind share", "Unknown at the end",
            *(str(outcome) for outcome in Outcome),
        ),
        rows=(
            (
                each.control.id, rule.rule, rule.title, rule.severity, rule.every, rule.tests,
                rule.population, rule.population_sha256, rule.failed, rule.longest,
                round(rule.blind_share, 6), ", ".join(rule.unknown),
                *(rule.counts[outcome] for outcome in Outcome),
            )
            for each in controls
            for rule in each.rules
        ),
    )  # fmt: skip


def _procedures(rules: Sequence[RuleResult]) -> Table:
    return Table(
        name="Test",
        says="What each rule tests, what it does not see, and which text was in force.",
        columns=("Rule", "Part", "Text", "From (UTC)", "To (UTC)"),
        rows=chain.from_iterable(
            (
                *((rule.rule, "test", line, None, None) for line in rule.logic),
                *((rule.rule, "limit", line, None, None) for line in rule.limits),
                *(
                    (rule.rule, "version", f"sha256 {each.sha256}, parameters {each.params}",
                     each.start, each.end)
                    for each in rule.versions
                ),
            )
            for rule in rules
        ),
    )  # fmt: skip


def _population(rules: Sequence[RuleResult], population: Population) -> Table:
    return Table(
        name="Population",
        says="Every resource that a rule judged in the period, and what it said at the end.",
        columns=("Rule", "Resource", "Target", "At the end", "Since (UTC)", "Failed in the period"),
        rows=(
            (
                rule.rule,
                each.resource,
                each.target,
                "not in it any more" if each.outcome is None else str(each.outcome),
                each.since,
                each.failed,
            )
            for rule in rules
            for each in population(rule)
        ),
    )


def _deviations(entries: Sequence[Registered]) -> Table:
    return Table(
        name="Deviations",
        says="Every deviation of the period; those that were mended in the time allowed do not"
        " count.",
        columns=(
            "Number", "Rule", "Severity", "Target", "Resource", "Region", "Counts",
            "Last seen good (UTC)", "First seen bad (UTC)", "Last seen bad (UTC)", "Ended (UTC)",
            "Ended by", "Observed (h)", "At most (h)", "Allowed (h)", "Blind within",
            "Rule changed", "Message", "Cause", "Response", "Response by", "Response at (UTC)",
            "Response sealed as",
        ),
        rows=map(_deviation, entries),
    )  # fmt: skip


def _deviation(entry: Registered) -> Row:
    one, said = entry.deviation, entry.response
    return (
        entry.number, one.rule, entry.severity, one.target, one.resource, one.region, entry.counts,
        one.last_good, one.start, one.last_bad, one.end, one.ended_by or "lasts", one.observed,
        one.longest, entry.allowed, one.blind, entry.text_changed, one.message,
        *(
            (said.cause, said.text, said.by, said.at, said.entry if said.entry >= 0 else None)
            if said
            else ("", "", "", None, None)
        ),
    )  # fmt: skip


def _waivers(report: Report, rules: set[str]) -> Table:
    return Table(
        name="Waivers",
        says="Failures that were accepted for a time, and whether that was decided before them.",
        columns=(
            "Waiver", "Rule", "Resources", "Reason", "Requested by", "Approved by", "From (UTC)",
            "Until (UTC)", "Ticket", "Recorded at (UTC)", "Log entry", "Covered", "Before failure",
        ),
        rows=(
            (
                each.id, each.rule, ", ".join(each.resources), each.reason, each.requested_by,
                each.approved_by, each.since, each.until, each.ticket, each.recorded_at,
                each.entry, each.covered, each.before,
            )
            for each in report.waivers
            if each.rule in rules
        ),
    )  # fmt: skip


def _blind(rules: Sequence[RuleResult]) -> Table:
    return Table(
        name="Blind",
        says="Times in which something could not be seen: nothing is claimed of them.",
        columns=("Rule", "Target", "From (UTC)", "To (UTC)", "Length (h)", "Reason"),
        rows=(
            (rule.rule, each.target, each.start, each.end, each.length, each.reason)
            for rule in rules
            for each in rule.blind
        ),
    )


def _people(report: Report, controls: Sequence[ControlResult]) -> Table:
    return Table(
        name="People",
        says="What people did for a control: one row for each time that it fell due.",
        columns=(
            "Control", "Instance", "From", "To", "Due (UTC)", "State", "Late (h)",
            "Performed (UTC)", "Recorded (UTC)", "Performer", "Reviewer", "Result", "Statement",
            "Files", "Log entry", "Response", "Response by", "Response sealed as",
        ),
        rows=(
            (due.control, due.period, due.start, due.end, due.due, str(due.state(report.end)),
             due.late or None, *(
                (
                    done.performed_at, done.recorded_at, done.performer, done.reviewer,
                    str(done.result), done.statement,
                    "; ".join(f"{file.name} sha256 {file.sha256}" for file in done.files),
                    done.entry,
                )
                if (done := due.attestation)
                else (None, None, "", "", "", "", "", None)
            ), *((said.text, said.by, said.entry) if (said := due.reply) else ("", "", None)))
            for each in controls
            for due in each.dues
        ),
    )  # fmt: skip


def _calendar(controls: Sequence[ControlResult]) -> Table:
    return Table(
        name="Calendar",
        says="The worst of each day (UTC) of each rule: fail, blind, waived, pass, or none tested.",
        columns=("Control", "Rule", "Day", "Health"),
        rows=(
            (each.control.id, rule.rule, day.date, str(day.health))
            for each in controls
            for rule in each.rules
            for day in rule.days
        ),
    )


def _instances(rules: Sequence[RuleResult]) -> Table:
    return Table(
        name="Instance",
        says="One finding of each rule, the one whose id sorts first, and what it read.",
        columns=(
            "Rule",
            "Target",
            "Resource",
            "Outcome",
            "Since (UTC)",
            "SHA-256",
            "Values",
        ),
        rows=(
            (rule.rule, one.target, one.resource, str(one.outcome), one.since, one.digest, line)
            for rule in rules
            if (one := rule.instance)
            for line in one.values.splitlines() or [""]
        ),
    )


def _texts(rules: Sequence[RuleResult]) -> Table:
    return Table(
        name="Rule text",
        says="Each text of each rule that was in force, line by line, as it is in the evidence.",
        columns=("Rule", "SHA-256", "Line", "Text"),
        rows=(
            (rule.rule, each.sha256, number, line)
            for rule in rules
            for each in rule.versions
            for number, line in enumerate(each.text.split("\n"), 1)
        ),
    )
