"""Evidence and people: whether the log verifies and is anchored, what was waived, what is due."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as build

from boards.frame import frame
from boards.lists import RULE_ALONE, due
from boards.numbers import log_verified, overdue
from boards.panels import number, over_time
from boards.status import NONE_IS_GOOD
from boards.tables import Column, listing

HERE = 'job=~"$job"'
ANCHOR_LATE = 26 * 3600.0
"""Seconds: the limit of the alert AnchorLate."""


def evidence() -> build.Dashboard:
    """Build the board."""
    board = frame(
        "evidence",
        "Evidence and people",
        "Does the evidence hold, and do people do and decide in time what they must?",
    )
    board = _log(board.with_row(build.Row("The log")))
    return _people(board.with_row(build.Row("People")))


def _log(board: build.Dashboard) -> build.Dashboard:
    return (
        board.with_panel(log_verified(width=4))
        .with_panel(
            number(
                "Last verification",
                "Age of the last whole verification; one is made every day.",
                f"time() - (min(assay_log_verified_timestamp_seconds{{{HERE}}}) > 0)",
                width=4,
                unit="s",
                thresholds=("green", (93600.0, "orange"), (180000.0, "red")),
                empty="not yet",
            )
        )
        .with_panel(
            number(
                "Newest checkpoint",
                "Age of the newest checkpoint that the agent signed.",
                f"time() - (min(assay_checkpoint_timestamp_seconds{{{HERE}}}) > 0)",
                width=4,
                unit="s",
                empty="not yet",
            )
        )
        .with_panel(
            number(
                "Entries",
                "Of the log, as the newest checkpoint signs it. It never falls.",
                f"sum(assay_log_size{{{HERE}}})",
                width=4,
                decimals=0,
            )
        )
        .with_panel(
            number(
                "Slots with a run",
                "Of all slots that there were. The rest are gaps, each with its reason in the log.",
                f"1 - (sum(assay_slots_missed_total{{{HERE}}}) or vector(0)) "
                f"/ sum(assay_slots_expected_total{{{HERE}}})",
                width=4,
                unit="percentunit",
                decimals=2,
                thresholds=("orange", (1.0, "green")),
            )
        )
        .with_panel(
            number(
                "Anchors late",
                "Kinds of anchor whose newest is older than 26 hours. Runbook: AnchorLate.",
                f"sum((time() - assay_anchor_timestamp_seconds{{{HERE}}}) > bool {ANCHOR_LATE:g})",
                width=4,
                thresholds=NONE_IS_GOOD,
                empty="no anchor",
            )
        )
        .with_panel(
            over_time(
                "Age of the newest anchor",
                "By kind: what was sealed after it is chained, not yet anchored. 0: nothing waits.",
                {"{{kind}}": f"time() - (assay_anchor_timestamp_seconds{{{HERE}}} > 0)"},
                width=8,
                unit="s",
            )
        )
        .with_panel(
            over_time(
                "Anchors that could not be had",
                "Failures by kind in the six hours before; they are tried again.",
                {
                    "{{kind}}": "sum by (kind) "
                    f"(increase(assay_anchor_failures_total{{{HERE}}}[6h]))"
                },
                width=8,
            )
        )
        .with_panel(
            over_time(
                "Entries of the log",
                "It grows with runs and with what people do.",
                {"{{instance}}": f"assay_log_size{{{HERE}}}"},
                width=8,
            )
        )
    )


def _people(board: build.Dashboard) -> build.Dashboard:
    waiver = f"assay_waiver_expiry_timestamp_seconds{{{HERE}}}"
    duty = f"assay_attestation_due_timestamp_seconds{{{HERE}}}"
    return (
        board.with_panel(
            number(
                "Waivers in force",
                "Accepted failures. Each has an end.",
                f"count({waiver})",
                width=6,
                empty="none",
            )
        )
        .with_panel(
            number(
                "End within two weeks",
                "Waivers whose failure will count again. Runbook: WaiverExpiring.",
                f"sum(({waiver} - time()) < bool 1209600)",
                width=6,
                thresholds=("green", (1.0, "orange")),
                empty="none",
            )
        )
        .with_panel(overdue(width=6))
        .with_panel(
            number(
                "Due within a month",
                "Controls that people perform and that are due in the next 30 days.",
                f"sum((({duty} - time()) < bool 2592000) * ({duty} > bool time()))",
                width=6,
            )
        )
        .with_panel(
            listing(
                "Waivers",
                "Those that are decided, the first to end first.",
                [f"min by (waiver, rule) ({waiver} - time())"],
                {
                    "waiver": Column(title="Waiver", width=160),
                    "rule": RULE_ALONE,
                    "Value": Column(
                        title="Time left",
                        width=110,
                        unit="s",
                        thresholds=("red", (0.0, "orange"), (1209600.0, "text")),
                    ),
                },
                width=12,
                sort="Time left",
                link=("What people decided and have to do", "${pages}/people"),
                empty="no waiver is in force, or none is scraped",
            )
        )
        .with_panel(due(width=12))
    )
