"""Events arrive in order, signed, at least once and under one id, whatever the receiver does."""

import json
import os
import signal
import subprocess
import sys
from datetime import date, timedelta

from evidence_world import OTHER as NEXT_SIGNER
from evidence_world import START
from webhook_kit import (
    courier_of,
    work,
)

from agent.controls.model import Due

pytest_plugins = "webhook_world"
MINUTE = timedelta(minutes=1)
FAIL = {("r1", "a"): "fail"}
GOOD = {("r1", "a"): "pass"}


def test_a_new_receiver_is_told_what_comes_and_not_what_was(world, receiver, clock):
    world.run(0, FAIL)
    courier = courier_of(world.store, receiver.url, clock)
    work(courier)
    assert receiver.got == []
    world.run(1, GOOD)
    work(courier)
    assert receiver.types == ["deviation.closed"]


def test_what_was_not_delivered_is_delivered_by_the_next_agent(world, receiver, clock, courier):
    del courier  # it was there, and knows where it begins
    world.run(0, FAIL)
    again = courier_of(world.store, receiver.url, clock)
    work(again)
    work(courier_of(world.store, receiver.url, clock))
    assert receiver.types == ["deviation.opened"]


def test_it_gets_only_the_types_that_it_wants(world, receiver, clock):
    courier = courier_of(world.store, receiver.url, clock, events=("sight.lost",))
    world.run(0, FAIL)
    world.run(1, {("r1", "a"): "error"})
    work(courier)
    assert receiver.types == ["sight.lost"]
    assert courier.waiting_since() is None


def test_many_events_arrive_all_and_in_order(world, receiver, courier):
    world.run(0, {("r1", f"bucket-{number:03}"): "fail" for number in range(250)})
    work(courier)
    assert [payload["data"]["resource"] for _, payload in receiver.got] == [
        f"bucket-{number:03}" for number in range(250)
    ]
    assert len({name for name, _ in receiver.got}) == 250


def due(control="board", period="2026-Q1", day=1):
    at = START + timedelta(days=day)
    first = date(2026, 1, 1)
    return Due(control=control, period=period, start=first, end=first, due=at)


def test_what_is_overdue_is_told_once_and_again_only_after_it_was_not(world, receiver, clock):
    owed = [due()]
    courier = courier_of(world.store, receiver.url, clock, owed=lambda _: tuple(owed))
    for _ in range(3):
        work(courier)
        clock.pass_by(seconds=40)
    work(courier_of(world.store, receiver.url, clock, owed=lambda _: tuple(owed)))
    assert [payload["data"] for _, payload in receiver.got] == [
        {"control": "board", "period": "2026-Q1", "due": "2026-01-02T00:00:00Z"}
    ]
    owed[:] = [due(period="2026-Q2")]
    work(courier)
    assert courier.progress.announced == (receiver.got[1][0],)
    assert receiver.got[0][0] != receiver.got[1][0]


def test_a_store_that_lost_its_end_or_another_log_is_told_from_now_on(world, receiver, clock):
    courier = courier_of(world.store, receiver.url, clock)
    world.run(0, FAIL)
    work(courier)
    file = world.store.path.parent / "webhooks/chat.json"
    known = json.loads(file.read_text())
    for wrong in ({"place": {"entry": 99, "step": 0}}, {"vkey": "other+00+AA"}):
        file.write_text(json.dumps(known | wrong))
        again = courier_of(world.store, receiver.url, clock)
        assert again.progress.place.entry == world.log.append("agent", {"event": "x"}, START)
        work(again)
    assert receiver.types == ["deviation.opened"]
    assert again.progress.delivered == 1


KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
sys.path.insert(0, "tests")
from webhook_kit import courier_of, work
from agent.evidence.store import Store
store = Store.open(Path(sys.argv[1]), create=False, read_only=True)
work(courier_of(store, sys.argv[2], lambda: datetime(2026, 1, 1, 12, tzinfo=UTC)))
"""


def deliver(world, receiver):
    command = [sys.executable, "-c", KILLED, str(world.store.path), receiver.url]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": "."})


def test_killed_between_the_delivery_and_its_mark_it_delivers_again_under_the_same_id(
    world, receiver
):
    assert deliver(world, receiver).wait(60) == 0  # begins here
    world.run(0, {("r1", name): "fail" for name in "abc"})
    killed = []

    def kill(_handler):
        killed[0].send_signal(signal.SIGKILL)
        killed[0].wait(60)

    receiver.plan = [204, kill]
    killed.append(deliver(world, receiver))
    assert killed[0].wait(60) == -signal.SIGKILL
    assert deliver(world, receiver).wait(60) == 0
    resources = [payload["data"]["resource"] for _, payload in receiver.got]
    ids = [name for name, _ in receiver.got]
    assert resources == ["a", "b", "b", "c"]
    assert ids[1] == ids[2]
    assert len(set(ids)) == 3


def test_an_event_that_no_thread_reads_any_more_still_counts_as_waiting(world, courier):
    world.run(0, FAIL)
    assert courier.waiting_since() == START + MINUTE
    work(courier)
    assert courier.waiting_since() is None


def test_a_log_that_is_handed_over_to_another_key_stays_the_same_log(world, receiver, clock):
    courier_of(world.store, receiver.url, clock)
    world.run(0, FAIL)
    world.log.rotate(NEXT_SIGNER, reason="yearly", by="ana@example.com", at=START)
    work(courier_of(world.store, receiver.url, clock))
    assert receiver.types == ["deviation.opened"]
