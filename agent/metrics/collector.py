"""What the store says, as families; reads it at each scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from agent.evidence.store import Store
from agent.metrics.budget import DEFAULT, Budget, sizes
from agent.metrics.families import (
    CONTROL,
    EVALUATED,
    FINDINGS,
    ONE_OF,
    STATUS,
    Proves,
    criteria_of,
    max_ages,
    open_deviations,
    rule_infos,
)
from agent.metrics.freshness import Knowledge, Pair
from agent.metrics.log import log_families
from agent.metrics.wide import Lines
from agent.rules.rule import Rule


class StoreCollector(Collector):
    """Reads the store at each scrape; for several at once."""

    def __init__(
        self,
        store: Store,
        rules: Callable[[], Mapping[str, Rule]],
        now: Callable[[], datetime],
        proves: Callable[[], Proves] = dict,
        *,
        budget: int = DEFAULT,
    ) -> None:
        """`rules` are those in force, for what a person wants to read beside an id.

        `budget` is how many series the families that grow with targets may have.
        """
        self._store, self._rules, self._now, self._proves = store, rules, now, proves
        self._knowledge, self._budget = Knowledge(store), Budget(budget)
        self._status, self._control = Lines(STATUS), Lines(CONTROL)
        self._findings, self._evaluated = Lines(FINDINGS), Lines(EVALUATED)

    def collect(self) -> Iterator[Metric]:
        """Give every family; called by the registry."""
        now, rules, proves = self._now(), self._rules(), self._proves()
        pairs = self._knowledge.pairs(now)
        yield from self._wide(pairs, rules, proves)
        yield from rule_infos(rules.values(), proves)
        yield max_ages(pairs, rules)
        yield from open_deviations(self._store, rules, now)
        yield from log_families(self._store)

    def _wide(
        self, pairs: list[Pair], rules: Mapping[str, Rule], proves: Proves
    ) -> Iterator[Metric]:
        """Give the families that grow with targets, as far as the budget goes."""
        criteria = criteria_of(pairs, rules, proves)
        wanted = sizes(pairs, criteria.values())
        steps = self._budget.steps(wanted)
        keys = [(each.rule, each.target) for each in pairs]
        yield self._status.family(
            [(key, ONE_OF[each.status]) for key, each in zip(keys, pairs, strict=True)],
            zeros="zero_statuses" not in steps,
        )
        yield self._evaluated.family(
            [(key, (each.conclusive,)) for key, each in zip(keys, pairs, strict=True)]
        )
        if "findings" not in steps:
            yield self._findings.family(
                [(key, each.counts) for key, each in zip(keys, pairs, strict=True)],
                zeros="zero_findings" not in steps,
            )
        if "controls" not in steps:
            yield self._control.family(
                [(key, ONE_OF[status]) for key, status in criteria.items()],
                zeros="zero_controls" not in steps,
            )
        yield from self._budget.families(wanted, steps)
