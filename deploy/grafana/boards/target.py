"""Target: whether one account, subscription or project is seen, and what holds and fails there."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as build

from boards.frame import frame
from boards.lists import failing, unseen
from boards.numbers import failing_pairs, shown_to_hold, unseen_pairs
from boards.panels import number, over_time, timeline
from boards.status import COLORS, coded, yes_or_no

HERE = 'job=~"$job",target="$target"'
CRITERIA = f'{HERE},framework=~"$framework"'


def target() -> build.Dashboard:
    """Build the board."""
    board = frame(
        "target",
        "Target",
        "One account, subscription or project: is it seen, and what holds there?",
        "provider",
        "target",
        "framework",
        single="target",
    )
    board = _numbers(board.with_row(build.Row("Now")))
    board = (
        board.with_row(build.Row("What to do here"))
        .with_panel(failing(HERE, everywhere=False))
        .with_panel(unseen(HERE, everywhere=False))
    )
    return _history(board.with_row(build.Row("Over time")))


def _numbers(board: build.Dashboard) -> build.Dashboard:
    last = f"assay_rule_last_evaluation_timestamp_seconds{{{HERE}}}"
    return (
        board.with_panel(
            number(
                "Answers",
                "Whether the last run got an answer to who it is. Runbook: TargetInaccessible.",
                f"min(assay_target_accessible{{{HERE}}})",
                width=4,
                words=yes_or_no("Yes", "No"),
            )
        )
        .with_panel(shown_to_hold(HERE, width=4))
        .with_panel(failing_pairs(HERE, width=4))
        .with_panel(unseen_pairs(HERE, width=4))
        .with_panel(
            number(
                "Newest answer",
                "Age of the newest conclusive answer of any rule here.",
                f"time() - max({last} > 0)",
                width=4,
                unit="s",
                empty="never",
            )
        )
        .with_panel(
            number(
                "Clock",
                "By how much the provider's clock was ahead of the agent's in the last run.",
                f"max(assay_clock_skew_seconds{{{HERE}}})",
                width=4,
                unit="s",
                thresholds=("green", (5.0, "orange"), (60.0, "red")),
            )
        )
    )


def _history(board: build.Dashboard) -> build.Dashboard:
    family = "assay_control_status"
    return (
        board.with_panel(
            over_time(
                "Rules by state",
                "All rules expected here.",
                {"{{status}}": f"sum by (status) (assay_rule_status{{{HERE}}})"},
                width=12,
                stacked=True,
                colors=COLORS,
            )
        )
        .with_panel(
            over_time(
                "Resources by outcome",
                "Findings of the last runs: a resource counts once for each rule about it.",
                {"{{outcome}}": f"sum by (outcome) (assay_rule_findings{{{HERE}}})"},
                width=12,
                stacked=True,
                colors={**COLORS, "waived": "blue"},
            )
        )
        .with_panel(
            timeline(
                "Criteria over time",
                "The chosen frameworks' criteria on this target.",
                f"max by (framework, criterion) ({coded(family, CRITERIA)})",
                "{{framework}} {{criterion}}",
                height=16,
            )
        )
    )
