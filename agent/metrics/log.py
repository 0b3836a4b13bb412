"""What the newest checkpoint says: how long the log is, and since when."""

from __future__ import annotations

import json
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from agent.evidence.entry import from_rfc3339
from agent.evidence.keyring import read_keyring
from agent.evidence.store import Store


def log_families(store: Store) -> Iterator[Metric]:
    """Give the size that the newest checkpoint signs, and the time of the last entry under it."""
    size, when = 0, 0.0
    with store.reading() as view:
        note = view.checkpoint()
        if note:
            size = read_keyring(view).open(note).size
            last = json.loads(view.entry(size - 1) or b"{}")
            when = from_rfc3339(last["at"]).timestamp() if "at" in last else 0.0
    yield GaugeMetricFamily("assay_log_size", "Entries of the evidence log.", value=size)
    yield GaugeMetricFamily(
        "assay_checkpoint_timestamp_seconds",
        "When the newest checkpoint was signed; 0: there is none.",
        value=when,
    )
