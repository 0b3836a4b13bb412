"""docs/metrics.md names every metric that there is, as it is, and no other."""

import re
from datetime import UTC, datetime, timedelta

from board_kit import drifting
from prometheus_kit import ROOT

ROW = re.compile(r"\| `(assay_\w+)` \| (\w+) \| ([\w, ]*)\|")
START = datetime(2026, 1, 1, tzinfo=UTC)
OF_THE_FORMAT = {"le"}


def test_the_page_and_the_agent_name_the_same_metrics_types_and_labels(tmp_path):
    told = {
        name: (kind, {label.strip() for label in labels.split(",") if label.strip()})
        for name, kind, labels in ROW.findall((ROOT / "docs/metrics.md").read_text())
    }
    with drifting(tmp_path, START) as drift:
        slot = START + timedelta(hours=1)
        drift.turn(slot, slot=slot)
        drift.now += timedelta(minutes=1)
        there = {
            family.name: (
                family.type,
                {label for sample in family.samples for label in sample.labels} - OF_THE_FORMAT,
            )
            for family in drift.registry.collect()
            if family.name.startswith("assay_")
        }
    assert there == told
