"""Overview: how much is shown to hold now, what fails, what could not be seen, what is due."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as build

from boards.frame import frame
from boards.lists import due, failing, open_deviations, unseen
from boards.panels import number, over_time
from boards.status import COLORS, NONE_IS_GOOD, SEVERITIES, SHARE, share, yes_or_no
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
        board.with_panel(
            number(
                "Shown to hold",
                "Share of all expected pairs of a rule and a target that pass now. What could not "
                "be seen or never ran lowers it; what does not apply is left out.",
                share("assay_rule_status", PAIRS),
                width=4,
                unit="percentunit",
                decimals=1,
                thresholds=SHARE,
            )
        )
        .with_panel(
            number(
                "Fail",
                "Pairs of a rule and a target that fail now. Runbook: RuleFailing.",
                f'sum(assay_rule_status{{{PAIRS},status="fail"}})',
                width=3,
                thresholds=NONE_IS_GOOD,
            )
        )
        .with_panel(
            number(
                "Not seen",
                "Pairs that could not be judged (error), never ran or are too old (unknown). They "
                "are not passes. Runbooks: RuleErrored, RuleStale.",
                f'sum(assay_rule_status{{{PAIRS},status=~"error|unknown"}})',
                width=3,
                thresholds=("green", (1.0, "orange")),
            )
        )
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
        .with_panel(
            number(
                "Overdue",
                "Controls that people perform and that were due before now. Runbook: "
                "AttestationOverdue.",
                'sum(assay_attestation_due_timestamp_seconds{job=~"$job"} < bool time())',
                width=3,
                thresholds=NONE_IS_GOOD,
            )
        )
        .with_panel(
            number(
                "Log verified",
                "Whether the last whole verification found the evidence as it was sealed. "
                "Runbook: LogInvalid.",
                'min(assay_log_verified{job=~"$job"})',
                width=3,
                words=yes_or_no("Yes", "No"),
            )
        )
        .with_panel(
            number(
                "Agent",
                "Whether Prometheus reaches every agent. While it does not, nothing here is of "
                "now. Runbook: AgentDown.",
                'min(up{job=~"$job"})',
                width=2,
                words=yes_or_no("Up", "Down"),
            )
        )
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
