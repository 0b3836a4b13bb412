"""The tables of more than one board: what fails, what was not seen, what lasts, what is due."""

from __future__ import annotations

from grafana_foundation_sdk.builders import table

from boards.status import (
    OF_RULE,
    PAIR,
    code_words,
    never,
    severity_words,
    status_words,
)
from boards.tables import Column, listing

INFO = 'assay_rule_info{job=~"$job"}'
SEVERITY = Column(title="Severity", width=90, words=severity_words())
RULE_ALONE = Column(title="Rule", link="${pages}/rules/${__value.text}")
"""Takes the room that is left, where nothing else does."""
RULE = Column(title="Rule", width=330, link="${pages}/rules/${__value.text}")
TARGET = Column(
    title="Target",
    width=330,
    link="/d/assay-target?var-target=${__value.text}&${datasource:queryparam}&${job:queryparam}",
)
TITLE = Column(title="What must be true")
AGED = ("text", (86400.0, "orange"), (604800.0, "red"))


def failing(pairs: str, *, height: int = 8, everywhere: bool = True) -> table.Panel:
    """List the rules that fail now, with how many resources fail; on every target, or on one."""
    fails = f'(assay_rule_status{{{pairs},status="fail"}} == 1)'
    resources = f'assay_rule_findings{{{pairs},outcome="fail"}}'
    by = "rule, target" if everywhere else "rule"
    return listing(
        "What fails now",
        "A line for each rule and target. A rule leads to its page: the resources, the reason, "
        "what to do. Runbook: RuleFailing.",
        [
            f"sum by (severity, title, {by}) ({fails} {OF_RULE} {INFO})",
            f"sum by ({by}) ({resources} and {PAIR} {fails})",
        ],
        {
            "severity": SEVERITY,
            "rule": RULE,
            **({"target": TARGET} if everywhere else {}),
            "Value #B": Column(title="Resources", width=100),
            "title": TITLE,
        },
        width=24 if everywhere else 12,
        height=height,
        sort="Severity",
        empty="nothing fails that was seen",
    )


def unseen(pairs: str, *, height: int = 8, everywhere: bool = True) -> table.Panel:
    """List what could not be judged and how old the last answer is; on every target, or on one."""
    age = f"time() - assay_rule_last_evaluation_timestamp_seconds{{{pairs}}}"
    dark = f'(assay_rule_status{{{pairs},status=~"error|unknown"}} == 1)'
    by = "status, severity, rule" + ", target, title" * everywhere
    more = {"target": TARGET} if everywhere else {}
    return listing(
        "What could not be seen",
        "Pairs without a current answer, and the age of the last one. Error: the last run could "
        "not judge it. Unknown: no run, or too long ago. Runbooks: RuleErrored, RuleStale.",
        [f"max by ({by}) ({dark} {OF_RULE} {INFO} * {PAIR} group_left () ({age}))"],
        {
            "status": Column(title="State", width=90, words=status_words()),
            "severity": SEVERITY,
            "rule": RULE if everywhere else RULE_ALONE,
            **more,
            "Value": Column(title="Last answer", width=110, unit="s", words=never()),
            **({"title": TITLE} if everywhere else {}),
        },
        width=24 if everywhere else 12,
        height=height,
        sort="Last answer",
        descending=True,
        link=("Everything that could not be seen", "${pages}/unseen"),
        empty="everything that was expected was seen",
    )


def open_deviations(*, width: int, height: int = 9) -> table.Panel:
    """List the rules with failures that last."""
    count = 'assay_deviation_open{job=~"$job"} > 0'
    start = 'assay_deviation_oldest_start_timestamp_seconds{job=~"$job"}'
    return listing(
        "Deviations that are open",
        "Failures that last, by rule, and how long the oldest is open. Runbook: "
        "DeviationPastLimit.",
        [
            f"sum by (severity, rule) ({count})",
            f"max by (severity, rule) (time() - {start})",
        ],
        {
            "severity": SEVERITY,
            "rule": RULE_ALONE,
            "Value #A": Column(title="Open", width=70),
            "Value #B": Column(title="Oldest", width=110, unit="s", thresholds=AGED),
        },
        width=width,
        height=height,
        sort="Oldest",
        descending=True,
        link=("The register of deviations", "${pages}/deviations"),
        empty="no deviation is open, or none is scraped",
    )


def due(*, width: int, height: int = 9) -> table.Panel:
    """List the controls that people perform, the next due first."""
    return listing(
        "What people have to do next",
        "Controls that people perform, and the time that is left; below zero it is overdue. "
        "Runbook: AttestationOverdue.",
        ['min by (control) (assay_attestation_due_timestamp_seconds{job=~"$job"} - time())'],
        {
            "control": Column(title="Control", link="${pages}/controls/${__value.text}"),
            "Value": Column(
                title="Time left",
                width=160,
                unit="s",
                thresholds=("red", (0.0, "orange"), (1209600.0, "text")),
            ),
        },
        width=width,
        height=height,
        sort="Time left",
        link=("What people decided and have to do", "${pages}/people"),
        empty="nothing is due, or nothing is scraped",
    )


def every_pair(pairs: str, info: str, code: str, *, height: int = 12) -> table.Panel:
    """List every pair with its state; `code` asks for the states as codes."""
    last = f"assay_rule_last_evaluation_timestamp_seconds{{{pairs}}}"
    return listing(
        "Rules on targets",
        "All chosen pairs, the worst first: the state, how many resources fail or could not be "
        "judged in the last run, and the age of the last conclusive answer.",
        [
            f"max by (severity, rule, title, target) (({code}) {OF_RULE} {info})",
            f'sum by (rule, target) (assay_rule_findings{{{pairs},outcome="fail"}})',
            f'sum by (rule, target) (assay_rule_findings{{{pairs},outcome="error"}})',
            f"max by (rule, target) (time() - {last})",
        ],
        {
            "Value #A": Column(title="State", width=120, words=code_words()),
            "severity": SEVERITY,
            "rule": RULE,
            "target": TARGET,
            "Value #B": Column(title="Fail", width=60),
            "Value #C": Column(title="Error", width=60),
            "Value #D": Column(title="Last answer", width=110, unit="s", words=never()),
            "title": TITLE,
        },
        width=24,
        height=height,
        sort="State",
        descending=True,
    )
