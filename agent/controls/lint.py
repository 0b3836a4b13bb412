"""Looks in a library of controls for what is legal and still wrong. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date

from msgspec import Struct

from agent.controls.model import Cadence, Category, Control, Scope
from agent.controls.proof import controls_of, rules_of, selects
from agent.controls.scope import criteria_in, uncovered
from agent.rules.frameworks import Framework
from agent.rules.lint import SOC2, Weight
from agent.rules.rule import Rule


class ControlLint(Struct, frozen=True, kw_only=True):
    """One thing found."""

    severity: Weight
    about: str
    """The control, rule or criterion."""
    message: str


def lint_controls(
    controls: Mapping[str, Control],
    rules: Mapping[str, Rule],
    frameworks: Mapping[str, Framework],
    categories: tuple[Category, ...] = tuple(Category),
    *,
    whole: bool = True,
) -> list[ControlLint]:
    """List what is found: criteria of `categories` without a control, rules without one, and such.

    `whole`: `rules` are all that there are. When some are switched off, a name that means none of
    the others may mean one of those.
    """
    return [
        *_uncovered(controls, frameworks[SOC2], categories),
        *_homeless(controls, rules),
        *(_dangling(controls, rules) if whole else ()),
        *_unproven(controls, rules),
        *_alone(controls),
    ]


def lint_scope(scope: Scope, day: date) -> list[ControlLint]:
    """List the subservice organisations whose report or bridge letter does not cover `day`."""
    return [
        _error(each.name, said.removeprefix(f"{each.name}: "))
        for each in scope.subservices
        for said in uncovered(each, min(each.report_from or day, day), day)
    ]


def lint_events(controls: Mapping[str, Control], listed: Collection[str]) -> list[ControlLint]:
    """List the controls of events whose events no file lists: `listed` are those that have one."""
    return [
        _warning(name, "no file lists its events (events): one that nobody states is not missed")
        for name, control in controls.items()
        if control.manual and control.manual.cadence is Cadence.EVENT and name not in listed
    ]


def _uncovered(
    controls: Mapping[str, Control], framework: Framework, categories: tuple[Category, ...]
) -> Iterator[ControlLint]:
    covered = {each for control in controls.values() for each in control.criteria.get(SOC2, ())}
    for criterion in criteria_in(categories, framework):
        if criterion not in covered:
            yield _error(criterion, f"no control serves {SOC2} {criterion}")


def _homeless(controls: Mapping[str, Control], rules: Mapping[str, Rule]) -> Iterator[ControlLint]:
    for name, found in controls_of(controls, rules).items():
        if not found:
            yield _error(name, "the rule proves no control")
    for rule in rules.values():
        if rule.control and rule.control not in controls:
            yield _error(rule.id, f"the rule names the control '{rule.control}', which is not here")


def _dangling(controls: Mapping[str, Control], rules: Mapping[str, Rule]) -> Iterator[ControlLint]:
    for control in controls.values():
        for selector in (*control.rules, *control.without):
            if ":" not in selector and not any(selects(selector, rule) for rule in rules.values()):
                yield _error(control.id, f"'{selector}' means no rule")


def _unproven(controls: Mapping[str, Control], rules: Mapping[str, Rule]) -> Iterator[ControlLint]:
    for control in controls.values():
        if control.manual is None and not rules_of(control, rules):
            yield _error(control.id, "nothing proves it: no rule is left of those it names")


def _alone(controls: Mapping[str, Control]) -> Iterator[ControlLint]:
    """Two controls that say the same are one."""
    titles: dict[str, str] = {}
    for control in controls.values():
        other = titles.setdefault(" ".join(control.title.casefold().split()), control.id)
        if other != control.id:
            yield _error(control.id, f"its title is that of {other}")
        manual = control.manual
        if manual is not None and manual.cadence is not Cadence.EVENT and not manual.grace:
            yield _warning(control.id, "without a grace it is overdue the moment its period ends")


def _error(about: str, message: str) -> ControlLint:
    return ControlLint(severity=Weight.ERROR, about=about, message=message)


def _warning(about: str, message: str) -> ControlLint:
    return ControlLint(severity=Weight.WARNING, about=about, message=message)
