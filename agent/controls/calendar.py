"""What people have to do and when: every instance of every manual control. Pure.

An instance is a period of the control's cadence, or one event. It is due at its end plus the grace;
recorded later it is late, by the time that the log gave it and not by the time that is claimed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta

from agent.controls.model import (
    Attestation,
    Cadence,
    Control,
    Due,
    Event,
    Manual,
    Result,
    State,
)
from agent.controls.periods import periods

DAY = timedelta(days=1)
Events = Mapping[str, Mapping[str, Event]]
"""Control -> id of an event -> the event."""


def calendar(
    controls: Mapping[str, Control],
    attestations: Iterable[Attestation],
    events: Events,
    *,
    start: datetime,
    end: datetime,
) -> tuple[Due, ...]:
    """Give every instance of the time [start, end), the one that `end` falls in whole; by due date.

    `start` is when the controls began to be operated under this log: a period that had ended by
    then is not expected, nor is an event before it.
    """
    said: dict[tuple[str, str], list[Attestation]] = defaultdict(list)
    for each in attestations:
        said[each.control, each.period].append(each)
    found = [
        due
        for control in controls.values()
        if control.manual is not None
        for due in _instances(
            control.id, control.manual, said, events.get(control.id, {}), (start, end)
        )
    ]
    return tuple(sorted(found, key=lambda due: (due.due, due.control, due.period)))


def next_due(dues: Iterable[Due]) -> dict[str, Due]:
    """Give of each control the instance that is due first of those that nobody attested."""
    found: dict[str, Due] = {}
    for due in sorted(dues, key=lambda due: due.due):
        if due.attestation is None:
            found.setdefault(due.control, due)
    return found


def overdue(dues: Iterable[Due], now: datetime) -> tuple[Due, ...]:
    """Give the instances that are overdue at `now`."""
    return tuple(due for due in dues if due.state(now) is State.OVERDUE)


def _instances(
    control: str,
    manual: Manual,
    said: Mapping[tuple[str, str], list[Attestation]],
    events: Mapping[str, Event],
    span: tuple[datetime, datetime],
) -> Iterator[Due]:
    start, end = span
    first = max(start.date(), manual.since or start.date())
    if manual.cadence is Cadence.EVENT:
        for event in _all_events(control, said, events).values():
            if first <= event.at.date() and event.at < end:
                day = event.at.date()
                due = event.at + manual.grace
                yield _due(control, event.id, (day, day + DAY, due), said)
        return
    for period in periods(manual.cadence, first, end.date() + DAY):
        due = datetime.combine(period.end, time(), UTC) + manual.grace
        yield _due(control, period.key, (period.start, period.end, due), said)


def _all_events(
    control: str, said: Mapping[tuple[str, str], list[Attestation]], events: Mapping[str, Event]
) -> dict[str, Event]:
    """Join the events that are listed and those that only an attestation names."""
    found = dict(events)
    for (name, period), attestations in said.items():
        at = next((each.occurred_at for each in attestations if each.occurred_at), None)
        if name == control and at is not None:
            found.setdefault(period, Event(id=period, at=at))
    return found


def _due(
    control: str,
    period: str,
    times: tuple[date, date, datetime],
    said: Mapping[tuple[str, str], list[Attestation]],
) -> Due:
    start, end, due = times
    mine = sorted(said.get((control, period), ()), key=lambda each: each.entry)
    done = next((each for each in mine if each.result is not Result.NOT_DONE), None)
    late = max(done.recorded_at - due, timedelta()) if done else timedelta()
    return Due(
        control=control,
        period=period,
        start=start,
        end=end,
        due=due,
        attestation=mine[-1] if mine else None,
        late=late,
    )
