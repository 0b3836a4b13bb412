"""What a receiver does not take is tried again, later and later, and at last laid aside."""

import json
import logging
import socket
from datetime import timedelta
from itertools import pairwise

import pytest
from evidence_world import START
from webhook_kit import (
    courier_of,
    work,
)

pytest_plugins = "webhook_world"
MINUTE = timedelta(minutes=1)
FAIL = {("r1", "a"): "fail"}
GOOD = {("r1", "a"): "pass"}


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
