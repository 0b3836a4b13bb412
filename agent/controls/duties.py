"""What people have to do, as the log and the files of today have it together."""

from __future__ import annotations

from datetime import datetime, timedelta

from agent.controls.attest import recorded_attestations
from agent.controls.calendar import calendar
from agent.controls.decisions import Decisions
from agent.controls.events import recorded_events
from agent.controls.model import Due, Event
from agent.evidence import queries
from agent.evidence.entry import from_rfc3339
from agent.evidence.store import Store

AHEAD = timedelta(days=400)
"""How far to look for what is due next: more than a year and its grace."""


def duties(
    store: Store | None, decisions: Decisions, now: datetime, *, ahead: timedelta = timedelta()
) -> tuple[Due, ...]:
    """Give every instance since the log began, until `ahead` of `now`; without a log, from now on.

    What was stated after `now` is not known then. Raises `StoreError`.
    """
    return calendar(
        decisions.controls,
        [each for each in recorded_attestations(store) if each.recorded_at <= now] if store else (),
        events_of(store, decisions),
        start=min(began(store), now) if store else now,
        end=now + ahead,
    )


def events_of(store: Store | None, decisions: Decisions) -> dict[str, dict[str, Event]]:
    """Give the events of each control by their id: those ever known, and those listed today."""
    events: dict[str, dict[str, Event]] = recorded_events(store) if store else {}
    for listed in decisions.events:
        known = events.setdefault(listed.control, {})
        known.update({event.id: event for event in listed.events})
    return events


def began(store: Store) -> datetime:
    """Say when the log began. Raises `StoreError`."""
    return next(from_rfc3339(body["at"]) for _, body in queries.entries(store))
