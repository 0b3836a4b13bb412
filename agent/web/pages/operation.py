"""How one control, or one rule, operated through a period: as a Type II report would say it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from msgspec import Struct

from agent.controls.model import Control
from agent.controls.proof import rules_of
from agent.evidence import queries
from agent.evidence.deviations import deviations
from agent.evidence.queries import Completeness
from agent.reports.attested import read_dues, unlisted
from agent.reports.lens import open_lens
from agent.reports.model import ControlResult, RuleResult, Stretch
from agent.reports.register import register
from agent.reports.results import control_results, read_rules, to_results
from agent.web.pages.desk import Desk

SPAN = timedelta(days=90)
"""The period that is shown when none is asked for."""
LONGEST = timedelta(days=731)


class PeriodError(ValueError):
    """The period that was asked for cannot be; the message says why."""


class Operation(Struct, frozen=True, kw_only=True):
    """What came of a control in [start, end)."""

    start: datetime
    end: datetime
    result: ControlResult
    completeness: Completeness
    """Of all targets in scope."""


class Blind(Struct, frozen=True, kw_only=True):
    """A stretch through which rules of a control could not see."""

    stretch: Stretch
    rules: tuple[str, ...]


def period_of(
    desk: Desk, start: datetime | None, end: datetime | None
) -> tuple[datetime, datetime]:
    """Give the period that is asked for, up to now. Raises `PeriodError`."""
    now = desk.now()
    high = min(end or now, now)
    low = start or high - SPAN
    if low >= high:
        raise PeriodError("the period must begin before it ends, and in the past")
    if high - low > LONGEST:
        raise PeriodError(f"a period of more than {LONGEST.days} days: ask for a report instead")
    return low, high


def of_control(desk: Desk, control: Control, start: datetime, end: datetime) -> Operation:
    """Read a control through a period. Raises `StoreError`."""
    rules = {rule for rule, names in desk.decisions.proves.items() if control.id in names}
    return _operation(desk, control, rules, start, end)


def of_rule(desk: Desk, rule: str, start: datetime, end: datetime) -> Operation:
    """Read a rule through a period, as a control of its own. Raises `StoreError`."""
    control = Control(id=rule, title=rule, criteria={}, rules=(rule,))
    return _operation(desk, control, {rule}, start, end)


def the_rule(operation: Operation) -> RuleResult | None:
    """Give the only rule; None: it was not to be looked at in the period."""
    return operation.result.rules[0] if operation.result.rules else None


def blind_of(operation: Operation) -> tuple[Blind, ...]:
    """Give the stretches that could not be seen, the newest first, each with its rules."""
    found: dict[Stretch, list[str]] = {}
    for rule in operation.result.rules:
        for stretch in rule.blind:
            found.setdefault(stretch, []).append(rule.rule)
    return tuple(
        Blind(stretch=stretch, rules=tuple(rules))
        for stretch, rules in sorted(found.items(), key=lambda one: one[0].start, reverse=True)
    )


def _operation(
    desk: Desk, control: Control, rules: Collection[str], start: datetime, end: datetime
) -> Operation:
    store, scope = desk.store, desk.decisions.scope.targets
    completeness = desk.memo.ask(
        ("completeness", start, end), lambda: queries.gaps(store, start, end)
    )
    with store.reading() as view:
        lens = open_lens(view, start, end, scope, completeness.gaps)
        retired = {rule for _, rule in lens.windows} - desk.rules.keys()
        tested = read_rules(view, lens, only=frozenset(rules) | retired)
    words = {name: one.words for name, one in tested.items()}
    mine = {rule.id for rule in rules_of(control, words)}
    tested = {name: one for name, one in tested.items() if name in mine}
    found = [each for name in sorted(mine) for each in deviations(store, start, end, rule=name)]
    labels = frozenset(lens.labels)
    changed = {
        name: [version.start for version in one.versions[1:]] for name, one in tested.items()
    }
    entries = register(
        (each for each in found if each.target in labels), words, (), desk.now(), changed
    )
    bases = [each for each in queries.bases(store, end) if each.rule in mine]
    controls = {control.id: control}
    results = control_results(
        controls,
        {name: words[name] for name in mine},
        to_results(tested, entries, bases, lens, desk.now()),
        read_dues(store, controls, start, end) if control.manual else {},
        unlisted=unlisted(store, controls, end),
        end=end,
        moment=False,
    )
    return Operation(start=start, end=end, result=results[0], completeness=completeness)
