"""A gauge that is not there before something is known: 0 would be bad news that nobody has."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class LaterGauge(Collector):
    """A gauge without labels, and without a series until it is set."""

    def __init__(self, name: str, doc: str, *, registry: CollectorRegistry) -> None:
        """Register it; nothing is known yet."""
        self._name, self._doc = name, doc
        self._value: float | None = None
        registry.register(self)

    def set(self, value: float) -> None:
        """Take what is known now."""
        self._value = value

    def collect(self) -> Iterator[Metric]:
        """Give the family; called by the registry."""
        yield GaugeMetricFamily(self._name, self._doc, value=self._value)
