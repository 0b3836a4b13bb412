"""What is known of each rule, in words: as it is in force."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

from agent.duration import to_text
from agent.rules.rule import Rule
from agent.web.pages.desk import Desk
from agent.web.pages.state import State


class Known(Struct, frozen=True, kw_only=True):
    """A rule, for a line of a table."""

    id: str
    title: str
    severity: str
    """Empty: it is not in force, and nobody says."""
    check: str
    every: timedelta | None
    owner: str
    rationale: str
    in_force: bool

    @property
    def often(self) -> str:
        """`1h`; empty: it is not in force."""
        return to_text(self.every) if self.every else ""


def known_rules(desk: Desk, state: State) -> dict[str, Known]:
    """Give every rule that is in force or was to be looked at."""
    rules = desk.rules
    return {
        name: known_rule(name, rules.get(name))
        for name in sorted(rules.keys() | {pair.rule for pair in state.pairs})
    }


def known_rule(name: str, rule: Rule | None) -> Known:
    """Give what is known of a rule; of one that is not in force, its id."""
    if rule is None:
        return Known(
            id=name,
            title=name,
            severity="",
            check="",
            every=None,
            owner="",
            rationale="",
            in_force=False,
        )
    return Known(
        id=name,
        title=rule.title,
        severity=str(rule.severity),
        check=rule.check,
        every=rule.every,
        owner=rule.owner,
        rationale=rule.rationale,
        in_force=True,
    )
