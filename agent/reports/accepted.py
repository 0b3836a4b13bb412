"""The waivers that were in force in a period, what each covered, and which came first.

A waiver that was recorded after the failure that it covers is an acceptance after the fact; the
report says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from agent.controls.waiver_log import Recorded, Turn, recorded_waivers
from agent.evidence import queries
from agent.evidence.store import Store
from agent.model import Outcome
from agent.reports.model import WaiverUse

Covered = Mapping[str, frozenset[tuple[str, str]]]
"""Waiver -> (target, resource) that read `waived` because of it."""
_BAD = {Outcome.FAIL, Outcome.WAIVED, Outcome.ERROR}


def read_waivers(
    store: Store, covered: Covered, start: datetime, end: datetime
) -> tuple[WaiverUse, ...]:
    """Give every waiver that was in force in [start, end), or at the moment `end`."""
    entries: dict[str, list[Recorded]] = defaultdict(list)
    for each in recorded_waivers(store):
        if each.at < end or start == end == each.at:
            entries[each.id].append(each)
    uses = (_use(store, turns, covered.get(name, frozenset())) for name, turns in entries.items())
    found = [use for use in uses if use.since < end and use.until > start]
    return tuple(sorted(found, key=lambda use: (use.since, use.id)))


def _use(store: Store, turns: list[Recorded], covered: frozenset[tuple[str, str]]) -> WaiverUse:
    """Fold the entries about one waiver: as last decided, from when it was last added."""
    decided = [each for each in turns if each.is_open][-1]
    added = next((each for each in reversed(turns) if each.turn is Turn.ADDED), decided)
    last = turns[-1]
    until = min(decided.until, last.at) if last.turn is Turn.REMOVED else decided.until
    first = min(_failures(store, decided, covered), default=None)
    return WaiverUse(
        id=decided.id,
        rule=decided.rule,
        resources=decided.resources + ((f"where {decided.where}",) if decided.where else ()),
        reason=decided.reason,
        requested_by=decided.requested_by,
        approved_by=decided.approved_by,
        since=decided.since,
        until=until,
        ticket=decided.ticket,
        recorded_at=added.at,
        entry=added.entry,
        covered=len(covered),
        before=None if first is None else added.at <= first,
    )


def _failures(
    store: Store, waiver: Recorded, covered: Iterable[tuple[str, str]]
) -> Iterator[datetime]:
    """Give when each failure that it covered had begun: it may have failed before it was waived."""
    for target, resource in covered:
        began: datetime | None = None
        ended: datetime | None = None
        for span in queries.history(store, rule=waiver.rule, resource=resource):
            if span.target != target:
                continue
            if span.start != ended or span.outcome not in _BAD:
                began = None
            if began is None and span.outcome in {Outcome.FAIL, Outcome.WAIVED}:
                began = span.start
            ended = span.end
            if span.outcome is Outcome.WAIVED and span.code == waiver.id and began is not None:
                yield began
                break
