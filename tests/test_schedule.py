"""Slots are aligned to UTC, delayed without moving, and never pile up."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.schedule import Scheduler, SlotTrigger, is_due, last_slot, next_slot

HOUR = timedelta(hours=1)
steps = st.lists(
    st.integers(min_value=1, max_value=90_000).map(lambda s: timedelta(seconds=s)),
    min_size=1,
    max_size=4,
)
moments = st.datetimes(
    min_value=datetime(2024, 1, 1),  # noqa: DTZ001 - hypothesis wants bounds without a zone
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001 - as above
    timezones=st.just(UTC),
)


def at(text):
    return datetime.fromisoformat(text)


def test_an_hourly_rule_has_its_slots_on_the_hour():
    assert next_slot(at("2026-11-24T08:17:03Z"), [HOUR]) == at("2026-11-24T09:00:00Z")
    assert last_slot(at("2026-11-24T08:17:03Z"), [HOUR]) == at("2026-11-24T08:00:00Z")


def test_a_slot_is_not_its_own_next():
    assert next_slot(at("2026-11-24T09:00:00Z"), [HOUR]) == at("2026-11-24T10:00:00Z")
    assert last_slot(at("2026-11-24T09:00:00Z"), [HOUR]) == at("2026-11-24T09:00:00Z")


def test_intervals_that_do_not_divide_each_other_both_keep_their_slots():
    every = [timedelta(hours=2), timedelta(hours=3)]
    slots = [at("2026-11-24T00:00:00Z")]
    while len(slots) < 6:
        slots.append(next_slot(slots[-1], every))
    assert [slot.hour for slot in slots] == [0, 2, 3, 4, 6, 8]


@given(moments, steps)
def test_the_next_slot_is_later_and_due_and_nothing_is_due_between(moment, every):
    following = next_slot(moment, every)
    assert following > moment
    assert any(is_due(following, step) for step in every)
    assert last_slot(following - timedelta(microseconds=1), every) <= moment


@given(moments, steps)
def test_the_last_slot_is_due_and_not_later(moment, every):
    slot = last_slot(moment, every)
    assert slot <= moment
    assert any(is_due(slot, step) for step in every)


def test_jitter_delays_the_start_by_less_than_half_an_interval():
    asked = []

    def uniform(low, high):
        asked.append((low, high))
        return high

    trigger = SlotTrigger([timedelta(minutes=10)], timedelta(hours=1), uniform)
    fire = trigger.get_next_fire_time(None, at("2026-11-24T08:01:00Z"))
    assert fire == at("2026-11-24T08:15:00Z")
    assert asked == [(0, 300.0)]
    assert trigger.get_next_fire_time(fire, fire) == at("2026-11-24T08:25:00Z")


@pytest.fixture
def scheduler():
    made = []

    def make(work, **options):
        made.append(Scheduler(work, clock=lambda: datetime.now(UTC), **options))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def test_work_is_called_with_the_nominal_slot(scheduler):
    called = threading.Event()
    slots = []

    def work(target, slot):
        slots.append((target, slot))
        called.set()

    each = scheduler(work)
    each.plan("aws:1", [timedelta(seconds=1)])
    each.start()
    assert called.wait(5)
    target, slot = slots[0]
    assert target == "aws:1"
    assert slot.microsecond == 0
    assert each.last_tick is not None


def test_a_slow_target_does_not_hold_up_another_and_does_not_run_twice_at_once(scheduler):
    running, most, others = [], [], []
    release = threading.Event()
    twice = threading.Event()

    def work(target, slot):
        if target == "slow":
            running.append(slot)
            most.append(len(running))
            release.wait(5)
            running.pop()
        else:
            others.append(slot)
            if len(others) >= 2:
                twice.set()

    each = scheduler(work)
    each.plan("slow", [timedelta(seconds=1)])
    each.plan("quick", [timedelta(seconds=1)])
    each.start()
    assert twice.wait(6)
    release.set()
    assert set(most) == {1}


def test_a_dropped_target_has_no_more_slots(scheduler):
    slots = []
    each = scheduler(lambda target, slot: slots.append((target, slot)))
    each.plan("aws:1", [HOUR])
    each.drop("aws:1")
    each.start()
    assert slots == []
    each.drop("aws:1")  # it may leave twice: by a reload and by its provider


def test_work_that_is_delayed_waits(scheduler):
    each = scheduler(print, jitter=HOUR, uniform=max)
    each.plan("aws:1", [2 * HOUR])
    each.start()
    ((target, slot),) = each.waiting()
    assert (target, slot) == ("aws:1", next_slot(datetime.now(UTC), [2 * HOUR]))


def test_work_that_no_worker_is_free_for_waits_and_work_under_way_does_not(scheduler):
    release, slots = threading.Event(), {}

    def work(target, slot):
        slots[target] = slot
        release.wait(10)

    second = timedelta(seconds=1)
    each = scheduler(work, workers=1)
    for target in ("aws:1", "aws:2"):
        each.plan(target, [second])
    each.start()
    ends = time.monotonic() + 8
    while not slots or len(overdue(each)) < 1:
        assert time.monotonic() < ends, (slots, overdue(each))
        time.sleep(0.05)
    assert overdue(each) == {"aws:1", "aws:2"} - {*slots}
    release.set()
    while overdue(each) or {*slots} != {"aws:1", "aws:2"}:
        assert time.monotonic() < ends, (slots, overdue(each))
        time.sleep(0.05)


def overdue(each):
    """The targets whose slot has come and whose work is yet to begin."""
    now = datetime.now(UTC)
    return {target for target, slot in each.waiting() if slot <= now}
