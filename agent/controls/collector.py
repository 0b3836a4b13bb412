"""What Prometheus scrapes of the people's part: when waivers end and what is due next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from agent.controls.calendar import next_due
from agent.controls.decisions import Decisions
from agent.controls.duties import AHEAD, duties
from agent.controls.waiver_log import standing_waivers
from agent.evidence.store import Store


class PeopleCollector(Collector):
    """Reads the store at each scrape."""

    def __init__(
        self, store: Store, decisions: Callable[[], Decisions], now: Callable[[], datetime]
    ) -> None:
        """`decisions` are those in force."""
        self._store, self._decisions, self._now = store, decisions, now

    def collect(self) -> Iterator[Metric]:
        """Give both families; called by the registry."""
        expiry = GaugeMetricFamily(
            "assay_waiver_expiry_timestamp_seconds",
            "When a waiver that is decided ends.",
            labels=("waiver", "rule"),
        )
        for waiver in standing_waivers(self._store).values():
            if waiver.is_open:
                expiry.add_metric((waiver.id, waiver.rule), waiver.until.timestamp())
        yield expiry
        due = GaugeMetricFamily(
            "assay_attestation_due_timestamp_seconds",
            "When a control that people perform is next due; in the past: it is overdue.",
            labels=("control",),
        )
        found = duties(self._store, self._decisions(), self._now(), ahead=AHEAD)
        for control, first in sorted(next_due(found).items()):
            due.add_metric((control,), first.due.timestamp())
        yield due
