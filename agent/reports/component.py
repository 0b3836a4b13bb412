"""The rules of a report as an OSCAL component-definition: which criterion is tested by which rule.

One component, the monitoring itself; a control implementation for each framework. Its properties
`Rule_Id` and `Rule_Description` are those that compliance-trestle reads.
"""

from __future__ import annotations

from collections import defaultdict

from agent.reports.model import Report, RuleResult
from agent.reports.oscal import (
    Object,
    control_id,
    filled,
    log_resource,
    make_id,
    markup,
    metadata,
    prop,
    string,
)
from agent.reports.wording import read_words


def to_component(report: Report) -> Object:
    """Make the document."""
    rules = {rule.rule: rule for each in report.controls for rule in each.rules}
    served = _criteria(list(rules.values()))
    frameworks = [_framework(report, name) for name in sorted(served)]
    return {
        "component-definition": {
            "uuid": make_id(report, "component-definition", report.provenance.query),
            "metadata": metadata(report, "Controls that are monitored continuously"),
            "components": [
                filled(
                    {
                        "uuid": make_id(report, "monitoring"),
                        "type": "validation",
                        "title": "Assay",
                        "description": "Rules that test controls on every resource, on schedule.",
                        "props": [
                            each for rule in rules.values() for each in _rule(rule, "rule-set")
                        ],
                        "control-implementations": [
                            _implementation(report, name, served[name]) for name in sorted(served)
                        ],
                    }
                )
            ],
            "back-matter": {"resources": [*frameworks, log_resource(report)]},
        }
    }


def _criteria(rules: list[RuleResult]) -> dict[str, dict[str, list[RuleResult]]]:
    """Give framework -> criterion -> rules, as the rules' sealed texts name them."""
    found: dict[str, dict[str, list[RuleResult]]] = defaultdict(lambda: defaultdict(list))
    for rule in rules:
        text = rule.versions[-1].text if rule.versions else ""
        for framework, ids in read_words(rule.rule, text, "{}", rule.every).criteria.items():
            for each in ids:
                found[framework][each].append(rule)
    return found


def _implementation(
    report: Report, framework: str, criteria: dict[str, list[RuleResult]]
) -> Object:
    return {
        "uuid": make_id(report, "implementation", framework),
        "source": f"#{make_id(report, 'framework', framework)}",
        "description": f"What is tested of {string(framework)}.",
        "implemented-requirements": [
            {
                "uuid": make_id(report, "requirement", framework, criterion),
                "control-id": control_id(criterion, framework),
                "description": markup("; ".join(rule.title for rule in rules)),
                "props": [
                    prop("criterion", criterion),
                    *(prop("Rule_Id", rule.rule) for rule in rules),
                ],
            }
            for criterion, rules in sorted(criteria.items())
        ],
    }


def _framework(report: Report, name: str) -> Object:
    return {
        "uuid": make_id(report, "framework", name),
        "title": string(name),
        "description": "Named, not enclosed: its text belongs to whoever publishes it.",
    }


def _rule(rule: RuleResult, prefix: str) -> list[Object]:
    """Give the properties of a rule; `remarks` holds together what belongs together."""
    group = control_id(f"{prefix}_{rule.rule}")
    text = rule.versions[-1].sha256 if rule.versions else "not kept"
    told = (
        ("Rule_Id", rule.rule),
        ("Rule_Description", rule.title),
        ("Check_Id", rule.check),
        ("severity", rule.severity),
        ("sha256", text),
    )
    return [{**prop(name, value), "remarks": group} for name, value in told]
