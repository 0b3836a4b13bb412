"""Which of the expected targets answered: what is expected and not reached is an error."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Mapping

from agent.evidence.coverage import recorded_gaps
from agent.evidence.entry import to_micros, whole
from agent.evidence.slots import from_seconds
from agent.evidence.store import Store
from agent.metrics import Vitals

UNANSWERED = "unknown_target"
"""Why there is no run when a target does not say who it is."""


class Reach:
    """Keeps the gauges of coverage true. Thread-safe."""

    def __init__(self, vitals: Vitals, before: Mapping[str, bool] | None = None) -> None:
        """Nobody is expected yet; `before` is what `last_answers` knows."""
        self._vitals = vitals
        self._before = dict(before or {})
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
            for known in self._before.keys() & self._targets:
                self._set(known, answered=self._before.pop(known))
            self._providers = {*counts}
            for provider, count in counts.items():
                self._vitals.expected.labels(provider).set(count)
                self._count(provider)

    def note(self, target: str, *, answered: bool) -> None:
        """Note how the last run on a target went; one that has left meanwhile is not counted."""
        with self._lock:
            if target in self._targets:
                self._set(target, answered=answered)
                self._count(_provider(target))

    def _set(self, target: str, *, answered: bool) -> None:
        self._answered[target] = answered
        self._vitals.accessible.labels(_provider(target), target).set(answered)

    def _count(self, provider: str) -> None:
        answered = [works for name, works in self._answered.items() if _provider(name) == provider]
        self._vitals.reached.labels(provider).set(sum(answered))


def last_answers(store: Store) -> dict[str, bool]:
    """Say by target (label) whether it answered the last time that it was asked, by the log.

    An agent that starts again knows it from here; rules of long intervals are next due in a day.
    """
    with store.reading() as view:
        names = view.names()
        silent = {
            gap.target: to_micros(from_seconds(gap.start))
            for gap in recorded_gaps(view)
            if gap.reason == UNANSWERED
        }
        found = dict.fromkeys(silent, False)
        for number in view.targets():
            last = view.last_run(number)
            if last is not None and view.run_times(last[0])[0] > silent.get(names[number], 0):
                body = json.loads(view.entry(last[1]) or b"{}")
                header = whole(body.get("header", {}), view.content)
                if header is not None:  # retention may have deleted it
                    found[names[number]] = bool(header.get("identity"))
    return found


def _provider(label: str) -> str:
    return label.split(":", maxsplit=1)[0]
