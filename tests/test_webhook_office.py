"""Receivers do not wait for each other, and none is left without its courier."""

import threading
import time
from datetime import timedelta

from evidence_world import START
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from webhook_kit import (
    SECRET,
    receiving,
    settings_of,
)

from agent.metrics import choose_renderer
from agent.webhooks.collector import WebhookCollector
from agent.webhooks.message import parse_secrets
from agent.webhooks.office import Office

pytest_plugins = "webhook_world"
MINUTE = timedelta(minutes=1)
FAIL = {("r1", "a"): "fail"}
GOOD = {("r1", "a"): "pass"}


def until(holds, seconds=10):
    ends = time.monotonic() + seconds
    while not holds() and time.monotonic() < ends:
        time.sleep(0.02)
    assert holds()


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


def test_a_defect_ends_no_courier_and_is_said_once(world, receiver, clock, caplog):
    asked = []

    def secrets(_):
        asked.append(1)
        if len(asked) < 3:
            raise KeyError("a mistake of ours")
        return parse_secrets(SECRET)

    with Office(world.store, secrets=secrets, owed=lambda _: (), now=clock) as office:
        office.use([settings_of(receiver.url)])
        world.run(0, FAIL)
        receiver.wait(1)
    assert receiver.types == ["deviation.opened"]
    assert caplog.text.count("webhook chat: 'a mistake of ours'") == 1
    assert "Traceback" in caplog.text
