"""What people do falls due period by period and event by event, and is late by the log's time."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from attest_kit import BEGAN, DAY, attestation, control

from agent.controls.calendar import calendar, next_due, overdue
from agent.controls.model import (
    Cadence,
    Event,
    Result,
    State,
)
from agent.controls.periods import parse_period, period_of, periods


def dues(now, *attestations, of=None, events=()):
    known = {"review": {event.id: event for event in events}}
    one = of or control()
    return calendar({"review": one}, attestations, known, start=BEGAN, end=now)


def states(now, *attestations, **more):
    return {due.period: due.state(now).value for due in dues(now, *attestations, **more)}


@pytest.mark.parametrize(
    ("cadence", "key", "start", "end"),
    [
        (Cadence.YEARLY, "2026", date(2026, 1, 1), date(2027, 1, 1)),
        (Cadence.HALF_YEARLY, "2026-H2", date(2026, 7, 1), date(2027, 1, 1)),
        (Cadence.QUARTERLY, "2026-Q3", date(2026, 7, 1), date(2026, 10, 1)),
        (Cadence.MONTHLY, "2024-02", date(2024, 2, 1), date(2024, 3, 1)),
        (Cadence.MONTHLY, "2026-12", date(2026, 12, 1), date(2027, 1, 1)),
        (Cadence.WEEKLY, "2026-W53", date(2026, 12, 28), date(2027, 1, 4)),
        (Cadence.WEEKLY, "2025-W01", date(2024, 12, 30), date(2025, 1, 6)),
    ],
)
def test_a_key_names_its_period_and_every_day_of_it_gives_the_key(cadence, key, start, end):
    period = parse_period(cadence, key)
    assert (period.start, period.end) == (start, end)
    day = start
    while day < end:
        assert period_of(cadence, day) == period
        day += DAY


@pytest.mark.parametrize(
    ("cadence", "key"),
    [
        (Cadence.QUARTERLY, "2026-Q5"),
        (Cadence.QUARTERLY, "2026-Q0"),
        (Cadence.QUARTERLY, "2026-09"),
        (Cadence.MONTHLY, "2026-13"),
        (Cadence.HALF_YEARLY, "2026-H3"),
        (Cadence.WEEKLY, "2025-W53"),
        (Cadence.YEARLY, "26"),
    ],
)
def test_a_key_that_names_no_period_is_refused_with_an_example(cadence, key):
    with pytest.raises(ValueError, match=f"'{key}' is no .* period such as 2026"):
        parse_period(cadence, key)


@pytest.mark.parametrize("cadence", [each for each in Cadence if each is not Cadence.EVENT])
def test_periods_follow_each_other_without_hole_or_overlap(cadence):
    found = list(periods(cadence, date(2023, 12, 15), date(2027, 1, 10)))
    assert found[0].start <= date(2023, 12, 15)
    assert found[-1].end >= date(2027, 1, 10)
    assert all(one.end == other.start for one, other in pairwise(found))


def test_a_period_is_due_at_its_end_and_overdue_after_the_grace():
    end = datetime(2026, 4, 1, tzinfo=UTC)
    assert states(end - DAY) == {"2026-Q1": "upcoming"}
    assert states(end)["2026-Q1"] == "due"
    assert states(end + 21 * DAY)["2026-Q1"] == "due"
    assert states(end + 21 * DAY + timedelta(seconds=1))["2026-Q1"] == "overdue"


def test_what_is_recorded_in_time_is_done_and_later_is_late_by_the_time_of_the_log():
    due = datetime(2026, 4, 22, tzinfo=UTC)
    at = due + 2 * DAY
    assert states(at, attestation(recorded=due))["2026-Q1"] == "done"
    (first, *_) = dues(at, attestation(recorded=at, performed_at=due - 9 * DAY))
    assert (first.state(at), first.late) == (State.LATE, 2 * DAY)


def test_an_amendment_does_not_make_late_what_was_in_time_nor_the_other_way():
    now = datetime(2026, 6, 1, tzinfo=UTC)
    in_time = attestation(entry=5)
    amended = attestation(recorded=now, entry=9, result=Result.EXCEPTION)
    (first, *_) = dues(now, amended, in_time)
    assert (first.attestation, first.late, first.state(now)) == (amended, 0 * DAY, State.EXCEPTION)
    excuse = attestation(entry=5, result=Result.NOT_DONE)
    (first, *_) = dues(now, excuse, attestation(recorded=now, entry=9))
    assert first.state(now) is State.LATE


def test_what_was_not_done_is_neither_done_nor_forgotten():
    now = datetime(2026, 6, 1, tzinfo=UTC)
    found = dues(now, attestation(result=Result.NOT_DONE))
    assert found[0].state(now) is State.NOT_DONE
    assert overdue(found, now) == ()


def test_what_had_ended_before_the_log_began_or_before_the_control_did_is_not_expected():
    now = datetime(2026, 8, 1, tzinfo=UTC)
    assert list(states(now)) == ["2026-Q1", "2026-Q2", "2026-Q3"]
    assert list(states(now, of=control(since=date(2026, 4, 1)))) == ["2026-Q2", "2026-Q3"]


def test_each_event_is_an_instance_and_none_is_forgotten():
    leaver = control(Cadence.EVENT, population="the HR system")
    at = datetime(2026, 3, 1, 9, tzinfo=UTC)
    events = [Event(id="ana", at=at), Event(id="bob", at=at + 40 * DAY)]
    events.append(Event(id="before", at=BEGAN - 2 * DAY))
    said = [
        attestation("ana", recorded=at + DAY),
        attestation("unlisted", recorded=at + DAY, occurred_at=at),
    ]
    now = at + 50 * DAY
    assert states(now, *said, of=leaver, events=events) == {
        "ana": "done",
        "unlisted": "done",
        "bob": "due",
    }
    assert states(now + 20 * DAY, *said, of=leaver, events=events)["bob"] == "overdue"


def test_what_is_due_next_is_the_first_that_nobody_stated():
    now = datetime(2026, 8, 1, tzinfo=UTC)
    assert next_due(dues(now, attestation()))["review"].period == "2026-Q2"
    assert [each.period for each in overdue(dues(now, attestation()), now)] == ["2026-Q2"]
