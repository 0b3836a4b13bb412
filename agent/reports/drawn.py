"""The samples that were drawn in a period, each with the sealed population that it is of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from agent.evidence import queries
from agent.evidence.entry import Kind, from_rfc3339, whole
from agent.evidence.store import Reading, Store
from agent.reports.model import Sample


def read_samples(store: Store, start: datetime, end: datetime) -> tuple[Sample, ...]:
    """Give the draws that were sealed in [start, end), oldest first."""
    bodies = list(queries.entries(store, kind=Kind.SAMPLE))
    with store.reading() as view:
        return tuple(
            _sample(view, index, body)
            for index, body in bodies
            if start <= from_rfc3339(body["at"]) < end
        )


def _sample(view: Reading, index: int, body: Mapping[str, Any]) -> Sample:
    population = json.loads(view.entry(body["population"]) or b"{}")
    return Sample(
        at=from_rfc3339(body["at"]),
        entry=index,
        population=f"{population.get('source', '')} (entry {body['population']})",
        of=int(population.get("count", 0)),
        seed=str(body["seed"]),
        drawn=tuple(whole(body["items"], view.content) or ()),
    )
