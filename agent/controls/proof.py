"""Which rules prove a control. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Protocol, TypeVar

from agent.controls.model import Control


class Proof(Protocol):
    """A rule, as it is in force or as the evidence has it: what says which controls it proves."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def control(self) -> str:
        """The control that it names; empty: none."""

    @property
    def criteria(self) -> Mapping[str, tuple[str, ...]]:
        """Framework -> criteria."""


P = TypeVar("P", bound=Proof)


def rules_of(control: Control, rules: Mapping[str, P]) -> tuple[P, ...]:
    """Give the rules that prove `control`, by id: those it selects, and those that name it."""
    return tuple(
        rule
        for _, rule in sorted(rules.items())
        if rule.control == control.id
        or (_any(control.rules, rule) and not _any(control.without, rule))
    )


def selects(selector: str, rule: Proof) -> bool:
    """Whether an id, a glob or a criterion (`soc2:CC6.7`) means `rule`."""
    framework, colon, criterion = selector.partition(":")
    if colon:
        return criterion in rule.criteria.get(framework, ())
    return fnmatchcase(rule.id, selector)


def controls_of(
    controls: Mapping[str, Control], rules: Mapping[str, Proof]
) -> dict[str, tuple[str, ...]]:
    """Turn it round: rule -> the controls that it proves; every rule is a key."""
    found: dict[str, list[str]] = {name: [] for name in rules}
    for control in controls.values():
        for rule in rules_of(control, rules):
            found[rule.id].append(control.id)
    return {name: tuple(ids) for name, ids in found.items()}


def _any(selectors: Iterable[str], rule: Proof) -> bool:
    return any(selects(selector, rule) for selector in selectors)
