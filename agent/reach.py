"""Which of the expected targets answered: what is expected and not reached is an error."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping

from agent.metrics import Vitals


class Reach:
    """Keeps the gauges of coverage true. Thread-safe."""

    def __init__(self, vitals: Vitals) -> None:
        """Nobody is expected yet."""
        self._vitals = vitals
        self._lock = threading.Lock()
        self._targets: set[str] = set()
        self._answered: dict[str, bool] = {}
        self._providers: set[str] = set()

    def expect(self, targets: Collection[str], counts: Mapping[str, int]) -> None:
        """Take the targets (labels) in force; `counts` says by provider how many must answer."""
        with self._lock:
            self._targets = {*targets}
            for gone in self._answered.keys() - self._targets:
                del self._answered[gone]
                self._vitals.accessible.remove(_provider(gone), gone)
                self._vitals.skew.remove(gone)
            for gone in self._providers - counts.keys():
                self._vitals.expected.remove(gone)
                self._vitals.reached.remove(gone)
            self._providers = {*counts}
            for provider, count in counts.items():
                self._vitals.expected.labels(provider).set(count)
                self._count(provider)

    def note(self, target: str, *, answered: bool) -> None:
        """Note how the last run on a target went; one that has left meanwhile is not counted."""
        with self._lock:
            if target in self._targets:
                self._answered[target] = answered
                self._vitals.accessible.labels(_provider(target), target).set(answered)
                self._count(_provider(target))

    def _count(self, provider: str) -> None:
        answered = [works for name, works in self._answered.items() if _provider(name) == provider]
        self._vitals.reached.labels(provider).set(sum(answered))


def _provider(label: str) -> str:
    return label.split(":", maxsplit=1)[0]
