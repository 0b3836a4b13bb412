"""The instances of manual controls that a report is about, as the log has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from agent.controls.attest import recorded_attestations
from agent.controls.calendar import calendar
from agent.controls.events import recorded_events
from agent.controls.model import Control, Due
from agent.evidence import queries
from agent.evidence.entry import from_rfc3339
from agent.evidence.store import Store

YEAR = timedelta(days=366)
"""A yearly control is shown by its last instance, however long the period is."""


def read_dues(
    store: Store, controls: Mapping[str, Control], start: datetime, end: datetime
) -> dict[str, tuple[Due, ...]]:
    """Give, control by control, what fell due in [start, end) or was recorded in it.

    At a moment (`start` is `end`): the instances of the year before it, and the one that runs.
    Whatever was recorded at `end` or later is not known to the report.
    """
    since = end - YEAR if start == end else start
    known = [each for each in recorded_attestations(store) if each.recorded_at < end]
    dues = calendar(controls, known, recorded_events(store), start=_beginning(store, end), end=end)
    found: dict[str, list[Due]] = defaultdict(list)
    for due in dues:
        if _is_told(due, since, start, end):
            found[due.control].append(due)
    return {control: tuple(each) for control, each in found.items()}


def _is_told(due: Due, since: datetime, start: datetime, end: datetime) -> bool:
    done = due.attestation
    if since <= due.due < end or (done is not None and since <= done.recorded_at < end):
        return True
    return start == end and due.start <= end.date() and due.due >= end


def _beginning(store: Store, end: datetime) -> datetime:
    """Say when the log began: before it nothing could be recorded, and nothing is expected."""
    first = next(iter(queries.entries(store)), None)
    return end if first is None else min(end, from_rfc3339(first[1]["at"]))
