"""The numbers of more than one board."""

from __future__ import annotations

from grafana_foundation_sdk.builders import stat

from boards.panels import number
from boards.status import NONE_IS_GOOD, SHARE, share, yes_or_no

HERE = 'job=~"$job"'


def shown_to_hold(pairs: str, *, width: int) -> stat.Panel:
    """Show how much of what is expected passes."""
    return number(
        "Shown to hold",
        "Share of all expected pairs of a rule and a target that pass now. What could not be seen "
        "or never ran lowers it; what does not apply is left out.",
        share("assay_rule_status", pairs),
        width=width,
        unit="percentunit",
        decimals=1,
        thresholds=SHARE,
    )


def failing_pairs(pairs: str, *, width: int) -> stat.Panel:
    """Count what fails."""
    return number(
        "Fail",
        "Pairs of a rule and a target that fail now. Runbook: RuleFailing.",
        f'sum(assay_rule_status{{{pairs},status="fail"}})',
        width=width,
        thresholds=NONE_IS_GOOD,
    )


def unseen_pairs(pairs: str, *, width: int) -> stat.Panel:
    """Count what could not be seen."""
    return number(
        "Not seen",
        "Pairs that could not be judged (error), never ran or are too old (unknown). They are not "
        "passes. Runbooks: RuleErrored, RuleStale.",
        f'sum(assay_rule_status{{{pairs},status=~"error|unknown"}})',
        width=width,
        thresholds=("green", (1.0, "orange")),
    )


def overdue(*, width: int) -> stat.Panel:
    """Count what people did not do in time."""
    return number(
        "Overdue",
        "Controls that people perform and that were due before now. Runbook: AttestationOverdue.",
        f"sum(assay_attestation_due_timestamp_seconds{{{HERE}}} < bool time())",
        width=width,
        thresholds=NONE_IS_GOOD,
    )


def log_verified(*, width: int) -> stat.Panel:
    """Show whether the evidence is as it was sealed."""
    return number(
        "Log verified",
        "Whether the last whole verification found the evidence as it was sealed. Runbook: "
        "LogInvalid.",
        f"min(assay_log_verified{{{HERE}}})",
        width=width,
        words=yes_or_no("Yes", "No"),
        empty="not yet",
    )


def agent_up(*, width: int) -> stat.Panel:
    """Show whether anything on a board is of now."""
    return number(
        "Agent",
        "Whether Prometheus reaches every agent. While it does not, nothing here is of now. "
        "Runbook: AgentDown.",
        f"min(up{{{HERE}}})",
        width=width,
        words=yes_or_no("Up", "Down"),
    )
