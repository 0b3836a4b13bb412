"""What Prometheus scrapes of the couriers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from agent.webhooks.office import Office


class WebhookCollector(Collector):
    """Counters survive a restart: they are kept with how far each receiver was told."""

    def __init__(self, office: Office, now: Callable[[], datetime]) -> None:
        """`now` is asked at each scrape."""
        self._office, self._now = office, now

    def collect(self) -> Iterator[Metric]:
        """Give all families; called by the registry."""
        labels = ("webhook",)
        delivered = CounterMetricFamily(
            "assay_webhook_delivered", "Events that a receiver took.", labels=labels
        )
        failures = CounterMetricFamily(
            "assay_webhook_failures", "Deliveries that failed and are tried again.", labels=labels
        )
        dead = CounterMetricFamily(
            "assay_webhook_dead", "Events that were laid aside undelivered.", labels=labels
        )
        waiting = GaugeMetricFamily(
            "assay_webhook_oldest_waiting_timestamp_seconds",
            "When the oldest event came that a receiver waits for, or now while none waits.",
            labels=labels,
        )
        now = self._now()
        for courier in self._office.couriers:
            name, told = (courier.settings.name,), courier.progress
            delivered.add_metric(name, told.delivered)
            failures.add_metric(name, told.failures)
            dead.add_metric(name, told.dead)
            waiting.add_metric(name, (courier.waiting_since() or now).timestamp())
        yield from (delivered, failures, dead, waiting)
