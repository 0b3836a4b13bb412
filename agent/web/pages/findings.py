"""Findings as they stood at an instant, filtered by what the address says, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from msgspec import Struct

from agent.evidence import queries
from agent.evidence.queries import Standing
from agent.model import Outcome
from agent.reports.readiness import SOC2
from agent.web.pages.desk import Desk
from agent.web.pages.known import Known, known_rules
from agent.web.pages.state import Status

PAGE = 100


class Filter(Struct, frozen=True, kw_only=True):
    """Which findings are wanted; empty: all."""

    outcome: str = ""
    cloud: str = ""
    target: str = ""
    rule: str = ""
    severity: str = ""
    criterion: str = ""
    text: str = ""
    """Part of the resource's id, in any case."""
    start: int = 0
    """How many to leave out: those of the pages before."""


class Line(Struct, frozen=True, kw_only=True):
    """A finding of the list."""

    finding: Standing
    rule: Known
    stale: bool
    """Whether what is said is too old to be known."""


class Found(Struct, frozen=True, kw_only=True):
    """One page of the list."""

    at: datetime
    lines: tuple[Line, ...]
    more: bool


def read_findings(desk: Desk, asked: datetime | None, wanted: Filter) -> Found:
    """Read one page. Raises `StoreError`; `ValueError` for an outcome that there is not."""
    state = desk.state(asked)
    known = known_rules(desk, state)
    status = {(pair.target, pair.rule): pair.status for pair in state.pairs}
    rules = _rules(desk, wanted, known)
    found = (
        Line(
            finding=one,
            rule=known[one.rule],
            stale=status[one.target, one.rule] is Status.UNKNOWN,
        )
        for one in _standing(desk, state.at, wanted)
        if (one.target, one.rule) in status
        and one.rule in rules
        and wanted.cloud in ("", one.target.split(":", 1)[0])
        and wanted.text.casefold() in one.resource.casefold()
    )
    lines = tuple(islice(found, wanted.start, wanted.start + PAGE + 1))
    return Found(at=state.at, lines=lines[:PAGE], more=len(lines) > PAGE)


def _standing(desk: Desk, at: datetime, wanted: Filter) -> Iterator[Standing]:
    return queries.as_of(
        desk.store,
        at,
        target=wanted.target or None,
        rule=wanted.rule or None,
        outcomes=[Outcome(wanted.outcome)] if wanted.outcome else (),
    )


def _rules(desk: Desk, wanted: Filter, known: dict[str, Known]) -> frozenset[str]:
    """Give the rules of a criterion's controls and of a severity."""
    decisions = desk.decisions
    serving = {
        name
        for name, control in decisions.controls.items()
        if wanted.criterion in control.criteria.get(SOC2, ())
    }
    return frozenset(
        name
        for name, rule in known.items()
        if wanted.severity in ("", rule.severity)
        and (not wanted.criterion or serving.intersection(decisions.proves.get(name, ())))
    )
