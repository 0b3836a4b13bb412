"""The scope of a report, read from its file: which criteria and targets, relying on whom.

A subservice organisation's report is proof for the time it covers, and a bridge letter for at most
`BRIDGE` after it (study `evidence.md` 1.6); `uncovered` says for which part of a period neither is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from agent.controls.document import Document
from agent.controls.model import Category, Control, Scope, Subservice
from agent.rules.frameworks import Framework
from agent.rules.lint import SOC2
from agent.rules.params import suggest

BRIDGE = timedelta(days=92)
"""The longest time that a letter may stand in for a report: a quarter."""
_FIRST = (
    ("PI", Category.PROCESSING_INTEGRITY),
    ("CC", Category.SECURITY),
    ("A", Category.AVAILABILITY),
    ("C", Category.CONFIDENTIALITY),
    ("P", Category.PRIVACY),
)
"""How the ids of a category's criteria begin; the longer beginnings first."""
METHODS = ("carve-out", "inclusive")


def category_of(criterion: str) -> Category:
    """Give the category of a Trust Services Criterion. Raises `KeyError` for another id."""
    for letters, category in _FIRST:
        if criterion.startswith(letters):
            return category
    raise KeyError(criterion)


def criteria_in(categories: Iterable[Category], framework: Framework) -> tuple[str, ...]:
    """Give the criteria of `categories`; the common ones (CC) belong to every report."""
    wanted = {Category.SECURITY, *categories}
    return tuple(each for each in framework.criteria if category_of(each) in wanted)


def controls_in(scope: Scope, controls: Mapping[str, Control]) -> dict[str, Control]:
    """Give the controls that serve a criterion in scope, or only other frameworks."""
    wanted = {Category.SECURITY, *scope.categories}
    return {
        name: control
        for name, control in controls.items()
        if not control.criteria.get(SOC2)
        or any(category_of(each) in wanted for each in control.criteria[SOC2])
    }


def targets_in(scope: Scope, labels: Iterable[str]) -> tuple[str, ...]:
    """Give the targets (`aws:111122223333`) that a report is about."""
    return tuple(
        label for label in labels if any(fnmatchcase(label, glob) for glob in scope.targets)
    )


def uncovered(subservice: Subservice, start: date, end: date) -> tuple[str, ...]:
    """Say what of [start, end) has no proof from a subservice organisation; empty: nothing."""
    name = subservice.name
    if subservice.report_from is None or subservice.report_to is None:
        return (f"{name}: there is no report",)
    found = []
    if subservice.report_from > start:
        found.append(f"{name}: its report begins on {subservice.report_from}, after {start}")
    covered = max(subservice.report_to, subservice.bridge_until or subservice.report_to)
    if subservice.report_to < start:
        found.append(f"{name}: its report ended on {subservice.report_to}, before {start}")
    elif covered < end:
        how = "its bridge letter ends" if covered > subservice.report_to else "its report ends"
        found.append(f"{name}: {how} on {covered}, before {end}")
    return tuple(found)


def load_scope_file(path: Path, controls: Mapping[str, Control]) -> Scope:
    """Read the scope file. Raises `DocumentError`."""
    document = Document(path)
    scope = document.typed(Scope, document.keys)
    for index, each in enumerate(scope.subservices):
        _check(document, each, controls, index)
    if not scope.categories:
        raise document.error("name at least one category", "categories")
    return scope


def _check(
    document: Document, each: Subservice, controls: Mapping[str, Control], index: int
) -> None:
    where = ("subservices", index)
    if each.method not in METHODS:
        raise document.error(
            f"'{each.method}' is not one of {', '.join(METHODS)}", *where, "method"
        )
    if each.report_from and each.report_to and each.report_from >= each.report_to:
        raise document.error("the report's period ends before it begins", *where, "report_to")
    if each.bridge_until:
        if each.report_to is None or each.bridge_until <= each.report_to:
            message = "a bridge letter follows a report: it ends after `report_to`"
            raise document.error(message, *where, "bridge_until")
        if each.bridge_until - each.report_to > BRIDGE:
            message = f"a bridge letter stands in for at most {BRIDGE.days} days after the report"
            raise document.error(message, *where, "bridge_until")
    for number, cuec in enumerate(each.cuecs):
        if cuec not in controls:
            hint = suggest(cuec, controls)
            raise document.error(f"unknown control '{cuec}'{hint}", *where, "cuecs", number)
