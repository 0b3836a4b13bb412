"""The families that are made from rules, pairs and deviations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from prometheus_client.core import GaugeMetricFamily, Metric

from agent.evidence.deviations import deviations
from agent.evidence.store import Store
from agent.metrics.freshness import GRACE, STATUSES, Pair
from agent.metrics.wide import Shape
from agent.model import Outcome
from agent.rules.rule import Rule

STATUS = Shape(
    name="assay_rule_status",
    doc="State of a rule on a target, from the sealed log; exactly one status is 1.",
    labels=("rule", "target"),
    across="status",
    options=STATUSES,
    always=("fail", "error", "pass"),
)
CONTROL = Shape(
    name="assay_control_status",
    doc="The worst of the rules of a criterion, or control, on a target; exactly one status is 1.",
    labels=("framework", "criterion", "target"),
    across="status",
    options=STATUSES,
    always=("pass",),
)
FINDINGS = Shape(
    name="assay_rule_findings",
    doc="Findings by outcome in the last run of a rule on a target.",
    labels=("rule", "target"),
    across="outcome",
    options=tuple(str(outcome) for outcome in Outcome),
)
EVALUATED = Shape(
    name="assay_rule_last_evaluation_timestamp_seconds",
    doc="When the last conclusive run of a rule on a target finished; 0: never.",
    labels=("rule", "target"),
)
ONE_OF = {status: tuple(float(status == each) for each in STATUSES) for status in STATUSES}
"""Status -> the values of its state set."""
OWN = "controls"
"""What `framework` is of the organisation's own controls, which `criterion` then names."""

Proves = Mapping[str, tuple[str, ...]]
"""Rule -> the organisation's controls that it proves."""


def criteria_of(
    pairs: Iterable[Pair], rules: Mapping[str, Rule], proves: Proves
) -> dict[tuple[str, str, str], str]:
    """Give (framework, criterion, target) -> the worst status of its rules."""
    proven = {name: _shown(rule, proves) for name, rule in rules.items()}
    rank = {status: place for place, status in enumerate(STATUSES)}
    worst: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for pair in pairs:
        mine, on_target = rank[pair.status], worst[pair.target]
        for criterion in proven.get(pair.rule, ()):
            if mine < on_target.get(criterion, len(STATUSES)):
                on_target[criterion] = mine
    return {
        (*criterion, target): STATUSES[place]
        for target, found in worst.items()
        for criterion, place in sorted(found.items())
    }


def _shown(rule: Rule, proves: Proves) -> list[tuple[str, str]]:
    """Give the (framework, criterion) pairs, own controls among them, that a rule helps to show."""
    every = {**rule.criteria, OWN: proves.get(rule.id, ())}
    return [(framework, criterion) for framework, ids in every.items() for criterion in ids]


def rule_infos(rules: Iterable[Rule], proves: Proves) -> Iterator[Metric]:
    """Say what the rules are, and which criteria and own controls they help to show."""
    info = GaugeMetricFamily(
        "assay_rule_info",
        "What a rule is; always 1.",
        labels=("rule", "title", "severity", "provider", "cloud_service"),
    )
    criteria = GaugeMetricFamily(
        "assay_rule_criterion_info",
        "Which criteria, or controls, a rule helps to show; always 1.",
        labels=("rule", "framework", "criterion"),
    )
    for rule in rules:
        service = rule.check.split(".")[1]
        info.add_metric((rule.id, rule.title, str(rule.severity), rule.provider, service), 1)
        for framework, criterion in _shown(rule, proves):
            criteria.add_metric((rule.id, framework, criterion), 1)
    yield info
    yield criteria


def max_ages(pairs: Iterable[Pair], rules: Mapping[str, Rule]) -> Metric:
    """Give the limit of every rule that is expected anywhere."""
    limit = GaugeMetricFamily(
        "assay_rule_max_age_seconds",
        "The age beyond which the last result of a rule says nothing any more.",
        labels=("rule",),
    )
    for name in sorted({each.rule for each in pairs} & rules.keys()):
        limit.add_metric((name,), (rules[name].every + GRACE).total_seconds())
    return limit


def open_deviations(store: Store, rules: Mapping[str, Rule], now: datetime) -> Iterator[Metric]:
    """Count the failures that last, and say since when."""
    starts: dict[str, list[datetime]] = defaultdict(list)
    for each in deviations(store, now - timedelta(microseconds=1), now):
        if each.end is None:
            starts[each.rule].append(each.start)
    labels = ("rule", "severity")
    count = GaugeMetricFamily("assay_deviation_open", "Failures that last.", labels=labels)
    oldest = GaugeMetricFamily(
        "assay_deviation_oldest_start_timestamp_seconds",
        "When the longest of the failures that last was first seen.",
        labels=labels,
    )
    for name, rule in sorted(rules.items()):
        count.add_metric((name, str(rule.severity)), len(starts[name]))
        if starts[name]:
            oldest.add_metric((name, str(rule.severity)), min(starts[name]).timestamp())
    yield count
    yield oldest
