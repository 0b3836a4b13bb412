"""How ready each criterion is: numerators and denominators, untested apart, no percentage. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from agent.controls.model import Due, Result, State
from agent.model import Outcome
from agent.reports.model import ControlResult, Report, RuleResult

SOC2 = "soc2"


class Readiness(Struct, frozen=True, kw_only=True):
    """What can be said of one control at a moment."""

    control: str
    in_place: bool
    """Each of its parts has operated: some rule of it ran, some instance of it was attested."""
    clean: bool
    """It operated once with something to judge, all of it seen, and nothing wrong."""
    failing: bool
    """Something of it fails now, or an instance of it is overdue."""
    tested: bool
    """There was something to judge, or an instance that was attested."""


class Line(Struct, frozen=True, kw_only=True):
    """A criterion, and how many of the controls that serve it are how far."""

    criterion: str
    title: str
    states: tuple[Readiness, ...]

    @property
    def designed(self) -> int:
        """Controls that are written down for it."""
        return len(self.states)

    @property
    def in_place(self) -> int:
        """Of those, in place."""
        return sum(each.in_place for each in self.states)

    @property
    def clean(self) -> int:
        """Of those, with one clean operation."""
        return sum(each.clean for each in self.states)

    @property
    def failing(self) -> int:
        """Of those, failing now."""
        return sum(each.failing for each in self.states)

    @property
    def untested(self) -> int:
        """Of those, with nothing to judge so far."""
        return sum(not each.tested for each in self.states)


def assess(report: Report) -> tuple[Line, ...]:
    """Give a line for each criterion in scope, one that no control serves included."""
    states = {each.control.id: state_of(each, report) for each in report.controls}
    return tuple(
        Line(
            criterion=criterion,
            title=title,
            states=tuple(
                states[each.control.id]
                for each in report.controls
                if criterion in each.control.criteria.get(SOC2, ())
            ),
        )
        for criterion, title in report.criteria.items()
    )


def state_of(result: ControlResult, report: Report) -> Readiness:
    """Say how far a control is."""
    attested = [due for due in result.dues if due.attestation]
    parts = [
        *([any(rule.tests for rule in result.rules)] if result.rules else []),
        *([bool(attested)] if result.control.manual else []),
    ]
    judged = [rule for rule in result.rules if _has_judged(rule)]
    return Readiness(
        control=result.control.id,
        in_place=bool(parts) and all(parts),
        clean=bool(parts) and all(_clean(result, judged, attested)),
        failing=any(rule.counts.get(Outcome.FAIL) for rule in result.rules)
        or any(due.state(report.end) is State.OVERDUE for due in result.dues),
        tested=bool(judged or attested),
    )


def _has_judged(rule: RuleResult) -> bool:
    return rule.population > 0 or rule.clean


def _clean(
    result: ControlResult, judged: list[RuleResult], attested: Iterable[Due]
) -> Iterator[bool]:
    if result.rules:
        unclean = [rule for rule in result.rules if not rule.clean]
        yield bool(judged) and not any(_has_judged(rule) or rule.blind for rule in unclean)
    if result.control.manual:
        yield any(due.attestation and due.attestation.result is Result.DONE for due in attested)
