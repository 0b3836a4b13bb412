"""The first page: how the criteria stand, what fails, what could not be seen, what is due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from agent.controls.model import Control
from agent.evidence import queries
from agent.evidence.queries import SlotGap
from agent.model import Outcome
from agent.reports.readiness import SOC2
from agent.web.pages.desk import Desk
from agent.web.pages.known import Known, known_rules
from agent.web.pages.people import Part, People, part_of, read_people
from agent.web.pages.state import Pair, State, Status, by_rule, tally, worst_by_rule

RECENT = timedelta(days=7)
"""For how long back missing runs are told on the first page."""
SEVERITIES = ("critical", "high", "medium", "low", "")


class Cell(Struct, frozen=True, kw_only=True):
    """A criterion on a cloud."""

    status: Status
    rules: int
    bad: int
    """Rules that have the status."""


class Row(Struct, frozen=True, kw_only=True):
    """A criterion."""

    criterion: str
    title: str
    controls: int
    cells: tuple[Cell, ...]
    """In the order of the clouds."""
    people: Part


class Trouble(Struct, frozen=True, kw_only=True):
    """A rule that fails, or that could not be seen, with all its targets."""

    rule: Known
    targets: tuple[str, ...]
    count: int
    """Findings; of a rule whose state is unknown, 0."""


class Target(Struct, frozen=True, kw_only=True):
    """A target, and when it was last looked at."""

    label: str
    rules: int
    status: Status
    finished: datetime | None
    unknown: int


class Overview(Struct, frozen=True, kw_only=True):
    """What the first page says."""

    state: State
    people: People
    findings: Mapping[Outcome, int]
    """Of the pairs whose state is known."""
    clouds: tuple[str, ...]
    rows: tuple[Row, ...]
    failing: tuple[Trouble, ...]
    unseen: tuple[Trouble, ...]
    unknown: tuple[Trouble, ...]
    gaps: tuple[SlotGap, ...]
    """Of the last days."""
    targets: tuple[Target, ...]

    def count(self, status: Status) -> int:
        """Count the rules whose worst pair is so."""
        return sum(each is status for each in worst_by_rule(self.state.pairs).values())


def read_overview(desk: Desk, asked: datetime | None) -> Overview:
    """Read what stands at an instant; None: now. Raises `StoreError`."""
    state, people = desk.state(asked), read_people(desk, asked)
    known = known_rules(desk, state)
    seen = [pair for pair in state.pairs if pair.status is not Status.UNKNOWN]
    at = state.at
    gaps = desk.memo.ask(
        ("recent gaps", asked),
        lambda: queries.gaps(desk.store, at - RECENT, at).gaps,
        when=None if asked else at.timestamp() // 60,
    )
    return Overview(
        state=state,
        people=people,
        findings=tally(seen),
        clouds=state.clouds,
        rows=tuple(_rows(desk, state, people)),
        failing=_troubles(known, seen, Outcome.FAIL),
        unseen=_troubles(known, seen, Outcome.ERROR),
        unknown=_unknown(known, state.pairs),
        gaps=tuple(reversed(gaps)),
        targets=tuple(_targets(state)),
    )


def _rows(desk: Desk, state: State, people: People) -> Iterable[Row]:
    """Fold the rules of each criterion's controls, cloud by cloud."""
    decisions = desk.decisions
    serving: dict[str, list[Control]] = {}
    for control in decisions.controls.values():
        for criterion in control.criteria.get(SOC2, ()):
            serving.setdefault(criterion, []).append(control)
    proving: dict[str, set[str]] = {}
    for rule, names in decisions.proves.items():
        for name in names:
            proving.setdefault(name, set()).add(rule)
    of_rule = by_rule(state.pairs)
    for criterion, title in desk.criteria().items():
        controls = serving.get(criterion, [])
        rules = set().union(*(proving.get(control.id, set()) for control in controls))
        pairs = [pair for rule in rules for pair in of_rule.get(rule, ())]
        yield Row(
            criterion=criterion,
            title=title,
            controls=len(controls),
            cells=tuple(cell_of(pairs, cloud) for cloud in state.clouds),
            people=part_of(people, controls),
        )


def cell_of(pairs: Sequence[Pair], cloud: str) -> Cell:
    """Fold the pairs on one cloud; what has nothing to look at is `none`."""
    worst = worst_by_rule(pair for pair in pairs if pair.cloud == cloud)
    status = Status.worst(worst.values())
    return Cell(status=status, rules=len(worst), bad=sum(one is status for one in worst.values()))


def _troubles(
    known: Mapping[str, Known], pairs: Iterable[Pair], outcome: Outcome
) -> tuple[Trouble, ...]:
    """Give the rules with findings of an outcome, by severity, then by how many."""
    mine = by_rule(pair for pair in pairs if pair.counts.get(outcome))
    return _by_weight(
        Trouble(
            rule=known[rule],
            targets=tuple(pair.target for pair in same),
            count=sum(pair.counts[outcome] for pair in same),
        )
        for rule, same in mine.items()
    )


def _unknown(known: Mapping[str, Known], pairs: Iterable[Pair]) -> tuple[Trouble, ...]:
    mine = by_rule(pair for pair in pairs if pair.status is Status.UNKNOWN)
    return _by_weight(
        Trouble(rule=known[rule], targets=tuple(pair.target for pair in same), count=0)
        for rule, same in mine.items()
    )


def _by_weight(troubles: Iterable[Trouble]) -> tuple[Trouble, ...]:
    def weight(one: Trouble) -> tuple[int, int, str]:
        return (SEVERITIES.index(one.rule.severity), -one.count, one.rule.id)

    return tuple(sorted(troubles, key=weight))


def _targets(state: State) -> Iterable[Target]:
    for label in state.targets:
        mine = [pair for pair in state.pairs if pair.target == label]
        yield Target(
            label=label,
            rules=len(mine),
            status=Status.worst(pair.status for pair in mine),
            finished=max((pair.finished for pair in mine if pair.finished), default=None),
            unknown=sum(pair.status is Status.UNKNOWN for pair in mine),
        )
