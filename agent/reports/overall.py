"""The tables of a report that are of no single control. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from agent.reports.model import Report
from agent.reports.tables import Row, Table
from agent.samples.draw import ticket


def overall(report: Report) -> Iterator[Table]:
    """Give the tables that are of no single control."""
    yield _controls(report)
    yield Table(
        name="Gaps",
        says="Slots of a target, one after the other, that the schedule expected and that have no"
        " run.",
        columns=("Target", "From (UTC)", "To (UTC)", "Slots", "Reason", "Author", "Log entry"),
        rows=(
            (each.target, each.start, each.end, each.slots, each.reason or "unexplained",
             each.author, each.entry)
            for each in report.completeness.gaps
        ),
    )  # fmt: skip
    yield Table(
        name="Changes",
        says="What changed about the testing itself in the period, and what happened after it.",
        columns=("At (UTC)", "Log entry", "When", "Kind", "What", "Difference"),
        rows=(
            (each.at, None if each.entry < 0 else each.entry, when, each.kind, each.what, each.diff)
            for when, changes in (("in it", report.changes), ("after it", report.subsequent))
            for each in changes
        ),
    )
    yield Table(
        name="Roll-forward",
        says="The population of each check from the start to the end: start + joined - left = end.",
        columns=("Check", "At start", "Joined", "Left", "At end", "Ties out"),
        rows=(
            (each.check, each.at_start, each.joined, each.left, each.at_end, each.ties)
            for each in report.population
        ),
    )
    yield _samples(report)
    yield _tool(report)


def _samples(report: Report) -> Table:
    return Table(
        name="Samples",
        says="The items that were drawn, in the order of their tickets: SHA-256 of the seed, a"
        " comma and the item.",
        columns=(
            "Drawn at (UTC)", "Log entry", "Population", "Of", "Seed", "Number", "Ticket", "Item",
        ),
        rows=(
            (each.at, each.entry, each.population, each.of, each.seed, number,
             ticket(each.seed, item), item)
            for each in report.samples
            for number, item in enumerate(each.drawn, start=1)
        ),
    )  # fmt: skip


def _controls(report: Report) -> Table:
    return Table(
        name="Controls",
        says="The controls in scope and what came of them.",
        columns=("Control", "Statement", "Owner", "Criteria", "Rules", "Result"),
        rows=(
            (
                each.control.id,
                each.control.title,
                each.control.owner,
                "; ".join(
                    f"{name} {', '.join(ids)}" for name, ids in each.control.criteria.items()
                ),
                len(each.rules),
                each.sentence,
            )
            for each in report.controls
        ),
    )


def _tool(report: Report) -> Table:
    tool = report.tool
    rows: Iterator[Row] = chain(
        (("version", f"Assay {name}, image {image or 'none'}", at)
         for at, name, image in tool.versions),
        (("identity", f"{target}: {name}", None) for target, name in tool.identities),
        (("permission", name, None) for name in tool.permissions),
        (("self-test", tool.self_test, None), ("clock", tool.skew, None)),
        (("regions", f"{target}: {', '.join(looked)}", None) for target, looked, _ in tool.places),
        (("can change it", name, None) for name in tool.changed_by),
    )  # fmt: skip
    return Table(
        name="Tool",
        says="The instrument that tested.",
        columns=("Part", "What", "From (UTC)"),
        rows=rows,
    )
