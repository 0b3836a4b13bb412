"""What a run says of one target, from the store: as a table, as JSON or as CSV."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agent.cli.output import Format, Listing, printable, show, to_json

if TYPE_CHECKING:
    from agent.evidence.queries import Standing
    from agent.rules.rule import Rule
    from agent.run import Done


def report_of(
    store: Any, done: Done, rules: Mapping[str, Rule], *, changed: bool
) -> dict[str, Any]:
    """Give what the sealed run says, from the store."""
    from agent.evidence import queries

    counts = done.sealed.counts
    found = [
        one
        for one in queries.current(store, target=done.target.label)
        if one.rule in rules and (not changed or one.run == done.sealed.run)
    ]
    return {
        "target": done.target.label,
        "identity": done.identity,
        "entry": done.sealed.index,
        "started": done.started,
        "finished": done.finished,
        "requests": done.collection.requests,
        "rules": _by_rule(rules, counts),
        "findings": [_finding(one) for one in found],
        "unseen": [_unseen(one) for one in done.unseen],
        "outcomes": [outcome for each in counts.values() for outcome in each],
        "changed": changed,
    }


def _by_rule(
    rules: Mapping[str, Rule], counts: Mapping[str, Mapping[str, int]]
) -> list[dict[str, Any]]:
    from agent.model import Outcome

    order = [str(outcome) for outcome in Outcome]
    rows = [
        {
            "outcome": str(Outcome.worst(Outcome(each) for each in counts.get(name, {}))),
            "severity": str(rule.severity),
            "rule": name,
            **{outcome: counts.get(name, {}).get(outcome, 0) for outcome in order},
            "title": rule.title,
        }
        for name, rule in rules.items()
    ]
    severities = ["critical", "high", "medium", "low"]
    return sorted(
        rows,
        key=lambda r: (
            order.index(r["outcome"]),
            severities.index(r["severity"]),
            -r[r["outcome"]],
            r["rule"],
        ),
    )


def _finding(one: Standing) -> dict[str, Any]:
    return {
        "outcome": str(one.outcome),
        "rule": one.rule,
        "resource": one.resource,
        "region": one.region,
        "code": one.code,
        "message": one.message,
        "needs": list(one.needs),
        "since": one.since,
    }


def _unseen(one: Any) -> dict[str, Any]:
    gap = one.gap
    return {
        "check": gap.check,
        "region": gap.region,
        "facet": gap.facet,
        "cause": str(gap.cause),
        "call": gap.call,
        "code": gap.code,
        "message": gap.message,
        "grant": list(gap.needs),
        "resources": one.resources,
    }


WIDE = 150
"""Columns of a terminal that leave room for the titles of rules."""


def print_report(report: Mapping[str, Any]) -> None:
    """Print a table of the rules, then what fails, what was not seen, and what to grant."""
    out = sys.stdout.write
    columns: tuple[str, ...]
    columns = ("outcome", "severity", "rule", "fail", "error", "waived", "pass", "n/a")
    if not sys.stdout.isatty() or shutil.get_terminal_size().columns >= WIDE:
        columns = (*columns, "title")
    rows = [{**row, "n/a": row["not_applicable"]} for row in report["rules"]]
    show(Listing(schema="", columns=columns, rows=rows), Format.TABLE)
    shown = [each for each in report["findings"] if report["changed"] or each["outcome"] == "fail"]
    if shown:
        out("\nchanged since the run before:\n" if report["changed"] else "\nwhat fails:\n")
        of_findings = ("outcome", "rule", "resource", "message")
        show(Listing(schema="", columns=of_findings, rows=shown), Format.TABLE)
    if report["unseen"]:
        out("\nwhat could not be seen:\n")
        of_gaps = ("check", "region", "facet", "resources", "cause", "call", "code", "grant")
        show(Listing(schema="", columns=of_gaps, rows=report["unseen"]), Format.TABLE)
    if not report["changed"] and (unclear := unjudged(report)):
        out("\nwhat could not be judged:\n")
        of_errors = ("rule", "resource", "code", "message")
        show(Listing(schema="", columns=of_errors, rows=unclear), Format.TABLE)
    out(to_grant([report]))
    seconds = (report["finished"] - report["started"]).total_seconds()
    out(
        f"\n{report['target']}: {len(report['rules'])} rules, {report['requests']} requests,"
        f" {seconds:.1f} s; sealed as entry {report['entry']}\n"
    )


def unjudged(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Pick the errors that nothing of what could not be seen explains."""
    causes = {gap["cause"] for gap in report["unseen"]}
    errors = [one for one in report["findings"] if one["outcome"] == "error"]
    return [one for one in errors if one["code"] not in causes]


def to_grant(reports: Sequence[Mapping[str, Any]]) -> str:
    """Say what to grant in each cloud, and what prints the whole of it; empty: nothing lacks."""
    lacking: dict[str, set[str]] = {}
    for report in reports:
        cloud = report["target"].partition(":")[0]
        lacking.setdefault(cloud, set()).update(*(gap["grant"] for gap in report["unseen"]))
    return "".join(
        f"\ngrant {', '.join(map(printable, sorted(needs)))}; "
        f"`assay permissions {cloud}` prints the whole policy\n"
        for cloud, needs in sorted(lacking.items())
        if needs
    )


def write_reports(reports: Sequence[Mapping[str, Any]], form: Format) -> None:
    """Write an object a target as JSON, or a row a finding as CSV."""
    if form is Format.JSON:
        kept = [
            {k: v for k, v in each.items() if k not in {"outcomes", "changed"}} for each in reports
        ]
        sys.stdout.write(to_json(Listing(schema="assay.check.v1", columns=(), rows=kept)))
        return
    rows = [{"target": each["target"], **one} for each in reports for one in each["findings"]]
    columns = (
        "target",
        "outcome",
        "rule",
        "resource",
        "region",
        "code",
        "message",
        "needs",
        "since",
    )
    show(Listing(schema="assay.findings.v1", columns=columns, rows=rows), form)
