"""The instances of manual controls that a report is about, as the log has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from agent.controls.attest import recorded_attestations
from agent.controls.calendar import calendar
from agent.controls.events import listed_before, recorded_events
from agent.controls.model import Cadence, Control, Due, Reply
from agent.controls.respond import reply_to
from agent.evidence import queries
from agent.evidence.entry import from_rfc3339
from agent.evidence.store import Store

YEAR = timedelta(days=366)
"""At a moment a yearly control is shown by its last instance."""


def read_dues(
    store: Store,
    controls: Mapping[str, Control],
    start: datetime,
    end: datetime,
    replies: Iterable[Reply] = (),
) -> dict[str, tuple[Due, ...]]:
    """Give, control by control, what fell due in [start, end), was recorded in it, or is overdue.

    At a moment (`start` is `end`): the instances of the year before it, and the one that runs.
    Whatever was recorded at `end` or later is not known to the report, but `replies`, the newest
    first, which management makes to what the report shows.
    """
    since = end - YEAR if start == end else start
    known = [each for each in recorded_attestations(store) if each.recorded_at < end]
    dues = calendar(controls, known, recorded_events(store), start=_beginning(store, end), end=end)
    found: dict[str, list[Due]] = defaultdict(list)
    known_replies = tuple(replies)
    for due in dues:
        if _is_told(due, since, start, end):
            reply = reply_to(due.control, due.period, known_replies)
            found[due.control].append(replace(due, reply=reply))
    return {control: tuple(each) for control, each in found.items()}


def unlisted(store: Store, controls: Mapping[str, Control], end: datetime) -> frozenset[str]:
    """Give the controls of events of which the log had no list: what nobody stated is not known."""
    of_events = {
        name
        for name, each in controls.items()
        if each.manual is not None and each.manual.cadence is Cadence.EVENT
    }
    return frozenset(of_events - listed_before(store, end))


def _is_told(due: Due, since: datetime, start: datetime, end: datetime) -> bool:
    done = due.attestation
    if done is None and due.due < end:  # since whenever: it is still to be done
        return True
    if since <= due.due < end or (done is not None and since <= done.recorded_at < end):
        return True
    return start == end and due.start <= end.date() and due.due >= end


def _beginning(store: Store, end: datetime) -> datetime:
    """Say when the log began: before it nothing could be recorded, and nothing is expected."""
    first = next(iter(queries.entries(store)), None)
    return end if first is None else min(end, from_rfc3339(first[1]["at"]))
