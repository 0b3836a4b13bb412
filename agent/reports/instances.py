"""One instance of each rule, with what was read of it: what an auditor walks through.

Of all that was judged in the last run it is the one whose id sorts first: nobody chose it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

import msgspec

from agent.evidence import queries
from agent.evidence.store import Store
from agent.reports.model import Instance, RuleResult


def with_instances(
    store: Store,
    results: Mapping[str, RuleResult],
    which: Mapping[str, tuple[str, str]],
    at: datetime,
) -> dict[str, RuleResult]:
    """Give the results that have an instance at `at`; `which`: rule -> (resource, target)."""
    return {
        rule: msgspec.structs.replace(
            results[rule], instance=_instance(store, (rule, target, resource), at)
        )
        for rule, (resource, target) in which.items()
    }


def _instance(store: Store, which: tuple[str, str, str], at: datetime) -> Instance | None:
    rule, target, resource = which
    span = queries.finding_as_of(store, at, target=target, rule=rule, resource=resource)
    if span is None:
        return None
    values = queries.values_of(store, span.digest)
    return Instance(
        target=target,
        resource=resource,
        outcome=span.outcome,
        message=span.message,
        since=span.start,
        digest=span.digest.hex(),
        values="" if values is None else json.dumps(values, indent=1, sort_keys=True),
    )
