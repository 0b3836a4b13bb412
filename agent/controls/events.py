"""The events at each of which a control is performed: leavers, joiners, incidents.

They come from files that people export, and from the log: an event that was once known stays due,
whether or not today's export still lists it. A file that cannot be read loses no event either; it
is a `failure` that everybody who shows the calendar shows too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import Struct

from agent.controls.model import Event
from agent.evidence import queries
from agent.evidence.entry import Kind, from_rfc3339, to_rfc3339, whole
from agent.evidence.store import Store
from checks.files.columns import read_rows
from checks.files.tables import TableError, read_table

OF = "events"
"""What tells these entries of the log from other populations."""
LARGEST = 32 * 1024 * 1024
"""Bytes that a file may have."""
_COLUMNS: Mapping[str, Mapping[str, Any]] = {
    "id": {"kind": "text", "required": True},
    "at": {"kind": "time", "required": True},
}


class EventList(Struct, frozen=True, kw_only=True):
    """The events of one control as a file has them now."""

    control: str
    source: str
    """Name of the file."""
    sha256: str = ""
    events: tuple[Event, ...] = ()
    failure: str = ""
    """Set: the file cannot be read, and why; the events are those known before."""


def read_events(control: str, path: Path, columns: Mapping[str, str]) -> EventList:
    """Read the file of a control's events; what is wrong with it is said, not raised."""
    listed = EventList(control=control, source=path.name)
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            return _failed(listed, path, f"is larger than {LARGEST} bytes")
        table = read_table(data, path.suffix)
        rows = read_rows(table, _COLUMNS, "id", called=columns, words={}) if table.rows else []
    except OSError as error:
        return _failed(listed, path, f"cannot be read: {error.strerror}")
    except TableError as error:
        return _failed(listed, path, str(error))
    events = tuple(Event(id=row["id"], at=datetime.fromisoformat(row["at"])) for row in rows)
    return EventList(
        control=control, source=path.name, sha256=sha256(data).hexdigest(), events=events
    )


def recorded_events(store: Store) -> dict[str, dict[str, Event]]:
    """Give the events of each control that the log ever knew, by their id. Raises `StoreError`."""
    found: dict[str, dict[str, Event]] = {}
    with store.reading() as view:
        content = {
            index: whole(body["events"], view.content)
            for index, body in queries.entries(store, kind=Kind.POPULATION)
            if body.get("of") == OF
        }
    for index, body in queries.entries(store, kind=Kind.POPULATION):
        for event in content.get(index) or ():
            known = found.setdefault(body["control"], {})
            known[event["id"]] = Event(id=event["id"], at=from_rfc3339(event["at"]))
    return found


def listed_before(store: Store, end: datetime) -> frozenset[str]:
    """Give the controls of whose events the log had a list before `end`, even an empty one."""
    return frozenset(
        body["control"]
        for _, body in queries.entries(store, kind=Kind.POPULATION)
        if body.get("of") == OF and from_rfc3339(body["at"]) < end
    )


def event_changes(last: Mapping[str, str], lists: Iterable[EventList]) -> Iterable[dict[str, Any]]:
    """Give the bodies of the entries for lists that differ from the `last` digest in the log."""
    for listed in lists:
        if not listed.failure and last.get(listed.control) != listed.sha256:
            events = [{"id": each.id, "at": to_rfc3339(each.at)} for each in listed.events]
            yield {
                "of": OF,
                "control": listed.control,
                "source": listed.source,
                "sha256": listed.sha256,
                "events": events,
            }


def last_digests(store: Store) -> dict[str, str]:
    """Give the digest of each control's list that the log last had."""
    return {
        body["control"]: body["sha256"]
        for _, body in queries.entries(store, kind=Kind.POPULATION)
        if body.get("of") == OF
    }


def _failed(listed: EventList, path: Path, why: str) -> EventList:
    return EventList(control=listed.control, source=listed.source, failure=f"{path}: {why}")
