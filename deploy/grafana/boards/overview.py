"""Overview: how much is shown to hold now, what fails, what could not be seen, what is due."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as build

from boards.frame import frame
from boards.lists import due, failing, open_deviations, unseen
from boards.numbers import (
    agent_up,
    failing_pairs,
    log_verified,
    overdue,
    shown_to_hold,
    unseen_pairs,
)
from boards.panels import number, over_time
from boards.status import COLORS, NONE_IS_GOOD, SEVERITIES, SHARE, share
from boards.tables import matrix

PAIRS = 'job=~"$job",target=~"$provider:.+"'
CRITERIA = f'{PAIRS},framework=~"$framework"'
WITH_PROVIDER = 'label_replace({}, "provider", "$1", "target", "([^:]+):.+")'


def overview() -> build.Dashboard:
    """Build the board."""
    board = frame(
        "overview",
        "Overview",
        "Is every control in place, as far as could be seen? What fails, what is due?",
        "framework",
        "provider",
    )
    board = _numbers(board.with_row(build.Row("Now")))
    board = _frameworks(board.with_row(build.Row("Frameworks and clouds")))
    board = (
        board.with_row(build.Row("What to do"))
        .with_panel(failing(PAIRS))
        .with_panel(unseen(PAIRS))
        .with_panel(open_deviations(width=14))
        .with_panel(due(width=10))
    )
    return _history(board.with_row(build.Row("Over time")))


def _numbers(board: build.Dashboard) -> build.Dashboard:
    return (
        board.with_panel(shown_to_hold(PAIRS, width=4))
        .with_panel(failing_pairs(PAIRS, width=3))
        .with_panel(unseen_pairs(PAIRS, width=3))
        .with_panel(
            number(
                "Open deviations",
                "Failures of resources that last. Runbook: DeviationPastLimit.",
                'sum(assay_deviation_open{job=~"$job"})',
                width=3,
                thresholds=NONE_IS_GOOD,
            )
        )
        .with_panel(
            number(
                "Coverage",
                "Targets that answer, of the accounts, subscriptions and projects that are "
                "expected to. Runbook: TargetInaccessible.",
                'sum(assay_targets_reached{job=~"$job",provider=~"$provider"}) '
                '/ sum(assay_targets_expected{job=~"$job",provider=~"$provider"})',
                width=3,
                unit="percentunit",
                decimals=0,
                thresholds=("red", (1.0, "green")),
            )
        )
        .with_panel(overdue(width=3))
        .with_panel(log_verified(width=3))
        .with_panel(agent_up(width=2))
    )


def _frameworks(board: build.Dashboard) -> build.Dashboard:
    family = "assay_control_status"
    passing = WITH_PROVIDER.format(f'{family}{{{CRITERIA},status="pass"}}')
    applying = WITH_PROVIDER.format(f'{family}{{{CRITERIA},status!="not_applicable"}}')
    return board.with_panel(
        matrix(
            "Criteria shown to hold",
            "Share of the criteria (of `controls`: of your own controls) whose every rule passes, "
            "by cloud. A criterion is as good as the worst of its rules on a target.",
            f"sum by (framework, provider) ({passing}) / sum by (framework, provider) ({applying})",
            ("framework", "Framework"),
            "provider",
            order=("aws", "azure", "gcp"),
            width=10,
            height=10,
            unit="percentunit",
            thresholds=SHARE,
        )
    ).with_panel(
        over_time(
            "Criteria shown to hold",
            "The same by framework over time. A fall may be a failure or a loss of sight: the "
            "last row tells which.",
            {"{{framework}}": share(family, CRITERIA, "framework")},
            width=14,
            height=10,
            unit="percentunit",
            limits=(0, 1),
        )
    )


def _history(board: build.Dashboard) -> build.Dashboard:
    return (
        board.with_panel(
            over_time(
                "Rules on targets, by state",
                "All expected pairs. The height changes only when rules or targets come or go.",
                {"{{status}}": f"sum by (status) (assay_rule_status{{{PAIRS}}})"},
                width=12,
                stacked=True,
                colors=COLORS,
            )
        )
        .with_panel(
            over_time(
                "Open deviations, by severity",
                "Failures of resources that last, from the sealed log.",
                {"{{severity}}": 'sum by (severity) (assay_deviation_open{job=~"$job"})'},
                width=6,
                stacked=True,
                colors=SEVERITIES,
            )
        )
        .with_panel(
            over_time(
                "Targets that answer, by cloud",
                "As counted from their last runs; the share that is expected is 1.",
                {
                    "{{provider}}": 'sum by (provider) (assay_targets_reached{job=~"$job",'
                    'provider=~"$provider"}) / sum by (provider) '
                    '(assay_targets_expected{job=~"$job",provider=~"$provider"})'
                },
                width=6,
                unit="percentunit",
                limits=(0, 1),
            )
        )
    )
