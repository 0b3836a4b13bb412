"""One finding: what is said of a resource, why, what to do, since when, and where it is sealed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
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


class Account(Struct, frozen=True, kw_only=True):
    """What one rule says of one resource on one target."""

    target: str
    rule: Known
    resource: str
    at: datetime
    status: Status
    """`unknown` when the last run is too old; `none` when it is no longer in the population."""
    spans: tuple[Span, ...]
    """The stretches through which it did not change, the newest first."""
    days: tuple[Day, ...]
    controls: tuple[str, ...]

    @property
    def last(self) -> Span:
        """The newest stretch."""
        return self.spans[0]


class Detail(Struct, frozen=True, kw_only=True):
    """What else is known of a finding."""

    entries: tuple[int | None, ...]
    """The entries that sealed the starts of its stretches."""
    values: str
    """What the rule read when the finding last changed, as JSON; empty: retention deleted it."""
    remedy: str
    """What to do, with the resource's own values in place."""


def read_resource(desk: Desk, resource: str, asked: datetime | None) -> tuple[Account, ...]:
    """Give what every rule says of a resource, the worst first; nothing: it was never judged."""
    state = desk.state(asked)
    found = [
        _account(desk, state, spans)
        for spans in _by_finding(queries.histories(desk.store, resource), state.at)
    ]
    order = list(Status)
    return tuple(sorted(found, key=lambda one: (order.index(one.status), one.rule.id, one.target)))


def read_finding(
    desk: Desk, rule: str, target: str, resource: str, asked: datetime | None
) -> tuple[Account, Detail] | None:
    """Give one finding in full; None: the rule never judged it there."""
    state = desk.state(asked)
    history = queries.history(desk.store, rule=rule, resource=resource)
    for spans in _by_finding(history, state.at):
        if spans[0].target == target:
            return _account(desk, state, spans), _detail(desk, spans, state.at)
    return None


def _by_finding(history: Iterable[Span], at: datetime) -> list[list[Span]]:
    """Give the stretches that had begun by then, finding by finding, the newest first."""
    found: dict[tuple[str, str], list[Span]] = {}
    for span in history:
        if span.start <= at:
            found.setdefault((span.rule, span.target), []).insert(0, span)
    return list(found.values())


def _account(desk: Desk, state: State, spans: Sequence[Span]) -> Account:
    last = spans[0]
    return Account(
        target=last.target,
        rule=known_rule(last.rule, desk.rules.get(last.rule)),
        resource=last.resource,
        at=state.at,
        status=_status(state, last),
        spans=tuple(spans),
        days=_days(spans, state.at),
        controls=desk.decisions.proves.get(last.rule, ()),
    )


def _detail(desk: Desk, spans: Sequence[Span], at: datetime) -> Detail:
    last = spans[0]
    values = queries.values_of(desk.store, last.digest)
    with desk.store.reading() as view:
        entries = tuple(past.entry_of(view, span.from_run) for span in spans)
    return Detail(
        entries=entries,
        values="" if values is None else json.dumps(values, indent=1, ensure_ascii=False),
        remedy=_remedy(desk.rules.get(last.rule), values, last, at),
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
