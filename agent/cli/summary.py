"""What a check of many targets says: a line for each, then what fails and what was not seen."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from agent.cli.output import Format, Listing, show
from agent.cli.told import to_grant, unjudged

OUTCOMES = ("fail", "error", "waived", "pass", "not_applicable")


def print_summary(reports: Sequence[dict[str, Any]]) -> None:
    """Print reports of `assay check`, the worst first; `--format json` has the rules one by one."""
    rows = [_line(report) for report in reports]
    worst = sorted(rows, key=lambda row: (OUTCOMES.index(row["outcome"]), row["target"]))
    columns = ("outcome", "target", *OUTCOMES[:4], "n/a", "requests", "entry")
    show(Listing(schema="", columns=columns, rows=worst), Format.TABLE)
    failing = [
        {"target": report["target"], **one}
        for report in reports
        for one in report["findings"]
        if report["changed"] or one["outcome"] == "fail"
    ]
    if failing:
        sys.stdout.write("\nwhat fails:\n")
        _show(("target", "outcome", "rule", "resource", "message"), failing)
    unseen = [{"target": report["target"], **one} for report in reports for one in report["unseen"]]
    if unseen:
        sys.stdout.write("\nwhat could not be seen:\n")
        _show(("target", "check", "region", "facet", "cause", "code", "grant", "message"), unseen)
    unclear = [
        {"target": report["target"], **one} for report in reports for one in unjudged(report)
    ]
    if unclear:
        sys.stdout.write("\nwhat could not be judged:\n")
        _show(("target", "rule", "resource", "code", "message"), unclear)
    sys.stdout.write(to_grant(reports))


def _show(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    show(Listing(schema="", columns=columns, rows=rows), Format.TABLE)


def _line(report: dict[str, Any]) -> dict[str, Any]:
    """Count the rules of a target by their outcome."""
    found = [rule["outcome"] for rule in report["rules"]]
    counts = {outcome: found.count(outcome) for outcome in OUTCOMES}
    return {
        "outcome": min(found, key=OUTCOMES.index, default="not_applicable"),
        "target": report["target"],
        **counts,
        "n/a": counts["not_applicable"],
        "requests": report["requests"],
        "entry": report["entry"],
    }
