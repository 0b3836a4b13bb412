"""Events arrive in order, signed, at least once and under one id, whatever the receiver does."""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from evidence_world import OTHER as NEXT_SIGNER
from evidence_world import START, open_world
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from webhook_kit import (
    OTHER,
    SECRET,
    Clock,
    courier_of,
    receiving,
    settings_of,
    verified,
    work,
)

from agent.controls.model import Due
from agent.metrics import choose_renderer
from agent.webhooks.collector import WebhookCollector
from agent.webhooks.message import SecretError, parse_secrets, sign
from agent.webhooks.office import Office
from agent.webhooks.post import post

MINUTE = timedelta(minutes=1)
FAIL = {("r1", "a"): "fail"}
GOOD = {("r1", "a"): "pass"}


@pytest.fixture
def receiver(clock):
    with receiving() as receiver:
        receiver.clock = clock
        yield receiver


@pytest.fixture
def world(tmp_path):
    with open_world(tmp_path) as world:
        yield world


@pytest.fixture
def clock():
    return Clock(START + timedelta(hours=12))


@pytest.fixture
def courier(world, receiver, clock):
    return courier_of(world.store, receiver.url, clock)


def test_the_signature_is_that_of_the_published_vector():
    """The example of the reference implementations' own tests (libraries/python)."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = sign(
        parse_secrets(secret),
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert verified(secret, headers, b'{"test": 2432232314}', now=1614265330)


def test_while_a_secret_is_replaced_both_verify(world, receiver, clock):
    courier = courier_of(world.store, receiver.url, clock, secret=f"{OTHER}\n{SECRET}\n")
    world.run(0, FAIL)
    work(courier)
    headers, body = receiver.raw[0]
    for secret in (SECRET, OTHER):
        assert verified(secret, headers, body, now=clock().timestamp())
    with pytest.raises(AssertionError):
        verified("whsec_" + "A" * 43 + "=", headers, body, now=clock().timestamp())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "secret",
        "whsec_",
        "whsec_c2hvcnQ=",
        "whsec_!!!!",
        "whsec_" + "A" * 88 + "====",
        "a b c d",
    ],
)
def test_what_is_no_secret_is_refused(text):
    with pytest.raises(SecretError):
        parse_secrets(text)


def test_a_secret_that_is_wrong_is_not_shown():
    with pytest.raises(SecretError) as refused:
        parse_secrets("whsec_c2hvcnQ=")
    assert "c2hvcnQ" not in str(refused.value)


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


@pytest.mark.parametrize("status", [500, 503, 404, 401, 301, 302, 307, 308])
def test_what_is_not_taken_is_tried_again_under_the_same_id(
    world, receiver, clock, courier, status
):
    receiver.plan = [(status, {"Location": receiver.url})]
    world.run(0, FAIL)
    work(courier)
    work(courier)
    assert len(receiver.got) == 1, "it waits before it tries again"
    assert courier.waiting_since() == START + MINUTE
    clock.pass_by(seconds=5)
    work(courier)
    (first, payload), (second, again) = receiver.got
    assert (first, payload) == (second, again)
    assert (courier.progress.delivered, courier.progress.failures) == (1, 1)
    assert courier.waiting_since() is None


def test_pauses_double_up_to_an_hour_and_order_is_kept(world, receiver, clock, courier):
    receiver.plan = [500] * 14
    world.run(0, FAIL)
    world.run(1, GOOD)
    tries = [clock()]
    work(courier)
    while receiver.plan:
        clock.pass_by(seconds=5)
        before = len(receiver.got)
        work(courier)
        tries += [clock()] * (len(receiver.got) > before)
    pauses = [(b - a).total_seconds() for a, b in pairwise(tries)]
    assert pauses[:10] == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560]
    assert set(pauses[10:]) == {3600}
    clock.pass_by(hours=1)
    work(courier)
    assert receiver.types == ["deviation.opened"] * 15 + ["deviation.closed"]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("120", 120), ("86400", 3600), ("Thu, 01 Jan 2026 12:02:00 GMT", 120), ("soon", 5), ("-1", 5)],
)
def test_it_waits_as_long_as_it_is_asked_to_but_not_for_ever(world, receiver, clock, said, seconds):
    courier = courier_of(world.store, receiver.url, clock)
    receiver.plan = [(429, {"Retry-After": said})]
    world.run(0, FAIL)
    work(courier)
    clock.pass_by(seconds=seconds - 1)
    work(courier)
    assert len(receiver.got) == 1
    clock.pass_by(seconds=1)
    work(courier)
    assert len(receiver.got) == 2


def test_a_message_that_the_receiver_calls_wrong_does_not_hold_up_the_others(
    world, receiver, clock, courier
):
    receiver.plan = [422] * 8
    world.run(0, FAIL)
    world.run(1, GOOD)
    for _ in range(8):
        work(courier)
        clock.pass_by(minutes=15)
    assert receiver.types == ["deviation.opened"] * 8 + ["deviation.closed"]
    assert courier.progress.dead == 1
    (aside,) = (world.store.path.parent / "webhooks/chat.dead.jsonl").read_text().splitlines()
    assert json.loads(aside)["data"]["resource"] == "a"


def test_what_stays_undeliverable_for_days_is_laid_aside_and_said(
    world, receiver, clock, courier, caplog
):
    receiver.plan = [500, 500]
    world.run(0, FAIL)
    world.run(1, GOOD)
    work(courier)
    clock.pass_by(days=3)
    with caplog.at_level(logging.ERROR, "assay"):
        work(courier)
    assert "laid aside: deviation.opened" in caplog.text
    assert receiver.types == ["deviation.opened", "deviation.opened", "deviation.closed"]
    assert (courier.progress.dead, courier.progress.delivered) == (1, 1)


def test_who_wants_no_more_gets_no_more_until_the_configuration_is_read(
    world, receiver, clock, courier
):
    receiver.plan = [410]
    world.run(0, FAIL)
    work(courier)
    clock.pass_by(hours=2)
    work(courier)
    assert len(receiver.got) == 1
    work(courier_of(world.store, receiver.url, clock))
    assert len(receiver.got) == 2


def test_nobody_there_is_a_failure_and_no_more(world, clock):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
        courier = courier_of(world.store, url, clock)
        world.run(0, FAIL)
        work(courier)
    assert (courier.progress.failures, courier.progress.delivered) == (1, 0)


def drip(handler):
    """A byte now and then, for as long as anybody listens."""
    try:
        for byte in b"HTTP/1.1 204 No Content\r\nA-Long-Header: " + b"x" * 1000:
            handler.wfile.write(bytes([byte]))
            time.sleep(0.05)
    except OSError:
        pass


def until(holds, seconds=10):
    ends = time.monotonic() + seconds
    while not holds() and time.monotonic() < ends:
        time.sleep(0.02)
    assert holds()


def be_silent(_handler):
    time.sleep(2)


@pytest.mark.parametrize("how", [drip, be_silent])
def test_who_is_slow_is_given_up_when_the_time_is_up(receiver, how):
    receiver.plan = [how]
    begin = time.monotonic()
    receiver.clock, now = None, datetime.now(UTC)
    headers = sign(parse_secrets(SECRET), "msg_1", now, b"{}")
    answer = post(receiver.url, b"{}", headers, seconds=0.5, at=now)
    assert (answer.status, answer.is_taken) == (0, False)
    assert time.monotonic() - begin < 1.5


def test_an_answer_without_end_is_not_read_to_its_end(receiver):
    def flood(handler):
        try:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                handler.wfile.write(b"x" * 65536)
        except OSError:
            pass

    receiver.plan = [flood]
    receiver.clock, now = None, datetime.now(UTC)
    headers = sign(parse_secrets(SECRET), "msg_1", now, b"{}")
    assert post(receiver.url, b"{}", headers, seconds=5, at=now).status == 200


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


def test_one_that_hangs_holds_up_neither_the_other_nor_a_run_nor_the_end(world, receiver, clock):
    silent = threading.Event()
    with receiving() as hanging:
        hanging.clock = clock
        hanging.plan = [lambda _: silent.wait(20)]
        office = Office(
            world.store,
            secrets=lambda _: parse_secrets(SECRET),
            owed=lambda _: (),
            now=clock,
        )
        office.use([settings_of(hanging.url, name="hangs"), settings_of(receiver.url)])
        world.run(0, FAIL)
        hanging.wait(1)
        receiver.wait(1)
        world.run(1, GOOD)
        receiver.wait(2)
        told = {courier.settings.name: courier for courier in office.couriers}
        until(lambda: told["chat"].progress.delivered == 2)
        registry = CollectorRegistry()
        registry.register(WebhookCollector(office, lambda: START + timedelta(days=1)))
        text = choose_renderer("text/plain")[0](registry).decode()
        begin = time.monotonic()
        office.close()
        assert time.monotonic() - begin < 3
        silent.set()
    samples = {
        (sample.name, sample.labels["webhook"]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    waiting = "assay_webhook_oldest_waiting_timestamp_seconds"
    assert samples["assay_webhook_delivered_total", "chat"] == 2
    assert samples[waiting, "hangs"] == (START + MINUTE).timestamp()
    assert samples["assay_webhook_delivered_total", "hangs"] == 0
    assert samples["assay_webhook_dead_total", "hangs"] == 0


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
