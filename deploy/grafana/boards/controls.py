"""Controls and rules: from a criterion down to the rule and the target that decides it."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as build

from boards.frame import frame
from boards.lists import every_pair
from boards.panels import number, over_time, timeline
from boards.status import NONE_IS_GOOD, SHARE, code_words, coded, share
from boards.tables import matrix

CRITERIA = (
    'job=~"$job",framework=~"$framework",criterion=~"$criterion",'
    'target=~"$provider:.+",target=~"$target"'
)
PAIRS = 'job=~"$job",target=~"$provider:.+",target=~"$target",rule=~"$rule"'
INFO = 'assay_rule_info{job=~"$job",provider=~"$provider",severity=~"$severity",rule=~"$rule"}'
PROVING = (
    "and on (job, instance, rule) assay_rule_criterion_info"
    '{job=~"$job",framework=~"$framework",criterion=~"$criterion"}'
)
"""Keeps the rules that help to show the chosen criteria: a rule may show several."""
NOT_GOOD = 'status=~"fail|error|unknown"'


def controls() -> build.Dashboard:
    """Build the board."""
    board = frame(
        "controls",
        "Controls and rules",
        "Which criteria hold, on which target, and which rule decides it?",
        "framework",
        "criterion",
        "provider",
        "target",
        "severity",
        "rule",
    )
    board = _criteria(board.with_row(build.Row("Criteria and controls")))
    return _rules(board.with_row(build.Row("Rules that decide them")))


def _criteria(board: build.Dashboard) -> build.Dashboard:
    family = "assay_control_status"
    worst = f"max by (framework, criterion) ({coded(family, CRITERIA)})"
    ever = f"max_over_time({family}{{{CRITERIA},{NOT_GOOD}}}[$__range])"
    return (
        board.with_panel(
            number(
                "Criteria shown to hold",
                "Share of the chosen criteria on targets whose every rule passes now; what could "
                "not be seen lowers it.",
                share(family, CRITERIA),
                width=6,
                unit="percentunit",
                decimals=1,
                thresholds=SHARE,
            )
        )
        .with_panel(
            number(
                "Fail",
                "Criteria on targets of which at least one rule fails.",
                f'sum({family}{{{CRITERIA},status="fail"}} == 1) '
                f"or 0 * count({family}{{{CRITERIA}}})",
                width=6,
                thresholds=NONE_IS_GOOD,
            )
        )
        .with_panel(
            number(
                "Not seen",
                "Criteria on targets of which nothing fails but something could not be seen.",
                f'sum({family}{{{CRITERIA},status=~"error|unknown"}} == 1) '
                f"or 0 * count({family}{{{CRITERIA}}})",
                width=6,
                thresholds=("green", (1.0, "orange")),
            )
        )
        .with_panel(
            number(
                "Not applicable",
                "Criteria on targets that have nothing to which a rule applies. Nothing was "
                "shown there.",
                f'sum({family}{{{CRITERIA},status="not_applicable"}} == 1) '
                f"or 0 * count({family}{{{CRITERIA}}})",
                width=6,
            )
        )
        .with_panel(
            timeline(
                "Criteria that did not always pass",
                "The worst of the chosen targets over time. What passed all the time is not "
                "shown; nor is what nobody scraped.",
                f"{worst} and on (framework, criterion) "
                f"(max by (framework, criterion) ({ever}) > 0)",
                "{{framework}} {{criterion}}",
                height=12,
            )
        )
        .with_panel(
            matrix(
                "Criteria on targets",
                "The state of each criterion on each target now.",
                f'max by (name, target) (label_join({coded(family, CRITERIA)}, "name", " ", '
                '"framework", "criterion"))',
                ("name", "Criterion"),
                "target",
                width=24,
                height=12,
                words=code_words(),
            )
        )
    )


def _rules(board: build.Dashboard) -> build.Dashboard:
    family = "assay_rule_status"
    code = coded(family, PAIRS)
    chosen = f"(({code}) * on (job, instance, rule) group_left () {INFO} {PROVING})"
    ever = f"max_over_time({family}{{{PAIRS},{NOT_GOOD}}}[$__range])"
    fails = f'assay_rule_findings{{{PAIRS},outcome="fail"}}'
    return (
        board.with_panel(every_pair(PAIRS, f"{INFO} {PROVING}", code))
        .with_panel(
            timeline(
                "Rules that did not always pass",
                "Each chosen rule on each target over time. What passed all the time is not shown.",
                f"max by (rule, target) {chosen} and on (rule, target) "
                f"(max by (rule, target) ({ever}) > 0)",
                "{{rule}} {{target}}",
                height=14,
            )
        )
        .with_panel(
            over_time(
                "Resources that fail, by rule",
                "The ten rules with the most failing resources at each moment.",
                {
                    "{{rule}}": f"topk(10, sum by (rule) ({fails} * on (job, instance, rule) "
                    f"group_left () {INFO} {PROVING}) > 0)"
                },
                width=24,
            )
        )
    )
