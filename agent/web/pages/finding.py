"""One finding: what is said of a resource, why, what to do, since when, and where it is sealed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from agent.evidence import queries
from agent.evidence.queries import Span
from agent.evidence.store import past
from agent.model import Outcome
from agent.reports.model import Day, Health
from agent.reports.timeline import calendar, to_piece
from agent.rules.rule import Rule
from agent.web.pages.desk import Desk
from agent.web.pages.known import Known, known_rule
from agent.web.pages.state import State, Status

STRIP = timedelta(days=180)
"""How far back the strip of a finding goes."""
_SHOWN = {
    Outcome.FAIL: Health.FAIL,
    Outcome.ERROR: Health.BLIND,
    Outcome.WAIVED: Health.WAIVED,
    Outcome.PASS: Health.PASS,
}


class Told(Struct, frozen=True, kw_only=True):
    """A stretch through which a finding did not change, and the entry that sealed its start."""

    span: Span
    entry: int | None


class Account(Struct, frozen=True, kw_only=True):
    """What one rule says of one resource on one target."""

    target: str
    rule: Known
    resource: str
    at: datetime
    status: Status
    """`unknown` when the last run is too old; `none` when it is no longer in the population."""
    told: tuple[Told, ...]
    """The newest first."""
    days: tuple[Day, ...]
    values: str
    """What the rule read when the finding last changed, as JSON; empty: retention deleted it."""
    remedy: str
    """What to do, with the resource's own values in place."""
    controls: tuple[str, ...]

    @property
    def last(self) -> Span:
        """The newest stretch."""
        return self.told[0].span


def read_resource(desk: Desk, resource: str, asked: datetime | None) -> tuple[Account, ...]:
    """Give what every rule says of a resource, the worst first; nothing: it was never judged."""
    state = desk.state(asked)
    with desk.store.reading() as view:
        rules = view.names()
        judged = [rules[number] for number in past.rules_of(view, resource)]
    found = [account for rule in judged for account in _accounts(desk, state, rule, resource)]
    order = list(Status)
    return tuple(sorted(found, key=lambda one: (order.index(one.status), one.rule.id, one.target)))


def read_finding(
    desk: Desk, rule: str, target: str, resource: str, asked: datetime | None
) -> Account | None:
    """Give one finding; None: the rule never judged it there."""
    accounts = _accounts(desk, desk.state(asked), rule, resource, target=target)
    return accounts[0] if accounts else None


def _accounts(
    desk: Desk, state: State, rule: str, resource: str, *, target: str = ""
) -> list[Account]:
    by_target: dict[str, list[Span]] = {}
    for span in queries.history(desk.store, rule=rule, resource=resource):
        if span.start <= state.at and target in ("", span.target):
            by_target.setdefault(span.target, []).append(span)
    return [_account(desk, state, spans[::-1]) for spans in by_target.values()]


def _account(desk: Desk, state: State, spans: Sequence[Span]) -> Account:
    last, at = spans[0], state.at
    rule, in_force = last.rule, desk.rules.get(last.rule)
    values = queries.values_of(desk.store, last.digest)
    with desk.store.reading() as view:
        entries = [past.entry_of(view, span.from_run) for span in spans]
    return Account(
        target=last.target,
        rule=known_rule(rule, in_force),
        resource=last.resource,
        at=at,
        status=_status(state, last),
        told=tuple(Told(span=span, entry=each) for span, each in zip(spans, entries, strict=True)),
        days=_days(spans, at),
        values="" if values is None else json.dumps(values, indent=1, ensure_ascii=False),
        remedy=_remedy(in_force, values, last, at),
        controls=desk.decisions.proves.get(rule, ()),
    )


def _status(state: State, last: Span) -> Status:
    """Say how it stands: as it was last seen, unless that is too old or it is gone."""
    if last.end is not None and last.end <= state.at:
        return Status.NONE
    pair = state.of(last.target, last.rule)
    if pair is None:
        return Status.NONE
    return Status.UNKNOWN if pair.status is Status.UNKNOWN else Status(last.outcome)


def _days(spans: Sequence[Span], at: datetime) -> tuple[Day, ...]:
    layers: dict[Health, list[tuple[int, int]]] = {health: [] for health in Health}
    for span in spans:
        if span.outcome in _SHOWN:
            end = min(span.end or at, at)
            layers[_SHOWN[span.outcome]].append(to_piece(span.start, end))
    return calendar(to_piece(at - STRIP, at), layers)


def _remedy(rule: Rule | None, values: object, last: Span, at: datetime) -> str:
    """Put the values that were read into the rule's remedy; what was not read stays a name."""
    if rule is None or rule.remediation is None:
        return ""
    known = values if isinstance(values, dict) else {}
    provider, _, name = last.target.partition(":")
    return rule.remediation.render(
        {
            "resource": known.get("resource", {}),
            "params": {**rule.params, **known.get("params", {})},
            "now": at,
            "target": {"id": name, "provider": provider},
        }
    )
