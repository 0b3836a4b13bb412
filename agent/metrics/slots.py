"""How many slots there were and how many have no run, as last counted from the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from agent.evidence import queries
from agent.evidence.store import Store

REASONS = ("agent_down", "back_fill", "crashed", "overrun", "store", "unknown_target")
"""Those that the agent gives. Each is told from the start: the rise of a counter that is not there
cannot be seen."""


class SlotCounts(Collector):
    """How many slots there were and how many have no run, as last counted from the log."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self.expected = 0
        self.missed: Mapping[str, int] = {}

    def collect(self) -> Iterator[Metric]:
        """Give both counters; called by the registry."""
        yield CounterMetricFamily(
            "assay_slots_expected", "Slots of the schedule so far.", value=self.expected
        )
        missed = CounterMetricFamily(
            "assay_slots_missed", "Slots without a run, by reason.", labels=("reason",)
        )
        counts = {**dict.fromkeys(REASONS, 0), **self.missed}
        for reason, count in sorted(counts.items()):
            missed.add_metric((reason or "unexplained",), count)
        yield missed

    def recount(self, store: Store, now: datetime) -> None:
        """Count anew the slots until `now`."""
        found = queries.gaps(store, datetime.fromtimestamp(0, UTC), now)
        missed: dict[str, int] = defaultdict(int)
        for gap in found.gaps:
            missed[gap.reason] += gap.slots
        self.expected, self.missed = found.expected, missed
