"""The agent's own counters: what it does, rather than what it knows."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from agent import __version__
from agent.metrics.later import LaterGauge
from agent.metrics.slots import SlotCounts
from checks.ledger import Collection

BUCKETS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 900)
"""Seconds."""


class Vitals:
    """The agent's own counters: what it does, rather than what it knows."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register all families."""
        self.requests = Counter(
            "assay_cloud_api_requests",
            "Requests to a provider, by HTTP status or as throttled; 0: no answer came.",
            ("provider", "cloud_service", "code"),
            registry=registry,
        )
        self.duration = Histogram(
            "assay_run_duration_seconds",
            "How long runs take, sealing included.",
            ("provider",),
            buckets=BUCKETS,
            registry=registry,
        )
        self.seal_failures = Counter(
            "assay_seal_failures", "Runs that could not be sealed.", registry=registry
        )
        self.skew = Gauge(
            "assay_clock_skew_seconds",
            "By how much a provider's clock was ahead of ours in the last run.",
            ("target",),
            registry=registry,
        )
        self.accessible = Gauge(
            "assay_target_accessible",
            "Whether the last run on a target got an answer to who it is.",
            ("provider", "target"),
            registry=registry,
        )
        self.expected = Gauge(
            "assay_targets_expected",
            "Targets to observe, and one more for each organization that cannot be listed.",
            ("provider",),
            registry=registry,
        )
        self.reached = Gauge(
            "assay_targets_reached",
            "Targets that answered in their last run.",
            ("provider",),
            registry=registry,
        )
        self._reloaded = Gauge(
            "assay_config_last_reload_successful",
            "Whether the configuration on disk is the one in force.",
            registry=registry,
        )
        self._refused: set[str] = set()
        self.tick = Gauge(
            "assay_scheduler_last_tick_timestamp_seconds",
            "When the scheduler last showed that it lives.",
            registry=registry,
        )
        self.leader = Gauge(
            "assay_scheduler_leader", "Whether this agent schedules.", registry=registry
        )
        self.verified = LaterGauge(
            "assay_log_verified",
            "Whether the last whole verification found the log as it was sealed.",
            registry=registry,
        )
        self.verified_at = Gauge(
            "assay_log_verified_timestamp_seconds",
            "When the last whole verification ended; 0: not yet.",
            registry=registry,
        )
        build = Gauge("assay_build_info", "The agent's version.", ("version",), registry=registry)
        build.labels(__version__).set(1)
        self.slots = SlotCounts()
        registry.register(self.slots)

    def read_again(self, part: str, *, ok: bool) -> None:
        """Say whether a part of the configuration on disk is in force."""
        self._refused = self._refused - {part} if ok else self._refused | {part}
        self._reloaded.set(not self._refused)

    def count(self, provider: str, collection: Collection) -> None:
        """Add the requests of a run."""
        for each in collection.calls:
            service = each.call.split(":")[0]
            by_code = {str(each.status): each.count - each.throttled, "throttled": each.throttled}
            for code, count in by_code.items():
                if count:
                    self.requests.labels(provider, service, code).inc(count)
