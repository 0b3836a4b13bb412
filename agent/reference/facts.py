"""All that is known of one rule and of one check, as JSON values. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agent.cel import Template
from agent.duration import to_text
from agent.plan import calls_of, make_plan
from agent.reference.fields import fields_of
from agent.rules.params import as_json
from agent.rules.rule import Example, Param, Quantifier, Rule
from checks.model import Call, Check

RULE_COLUMNS = ("rule", "severity", "every", "check", "soc2", "title")
"""What a list of rules shows of each."""
CHECK_COLUMNS = ("check", "scope", "listing", "facets", "rules", "doc")
"""What a list of checks shows of each."""


def rule_row(rule: Rule) -> dict[str, Any]:
    """What a list shows of a rule."""
    return {
        "rule": rule.id,
        "severity": str(rule.severity),
        "every": to_text(rule.every),
        "check": rule.check,
        "soc2": list(rule.criteria.get("soc2", ())),
        "title": rule.title,
    }


def rule_facts(rule: Rule, checks: Mapping[str, Check]) -> dict[str, Any]:
    """Everything that the rule's document says, and what follows from it."""
    plan = make_plan({rule.id: rule}, checks)
    calls = {call.name: call for call in calls_of(plan.facets, checks)}
    return {
        **rule_row(rule),
        "control": rule.control,
        "owner": rule.owner,
        "criteria": {name: list(ids) for name, ids in rule.criteria.items()},
        "params": {name: _param(param, rule.params[name]) for name, param in rule.declared.items()},
        "when": rule.when.source if rule.when else "",
        "each": {rule.each.name: rule.each.items.source} if rule.each else {},
        "require": [
            {
                "that": clause.that.source,
                "message": _text(clause.message or rule.message),
            }
            for clause in rule.require
        ],
        "message": _text(rule.message),
        "quantifier": str(rule.quantifier),
        "per": str(rule.per),
        "at_least": rule.at_least,
        "deviation": to_text(rule.deviation) if rule.deviation else "any",
        "judged": _judged(rule),
        "reads": sorted(rule.reads),
        "calls": [_call(call) for _, call in sorted(calls.items())],
        "needs": list(plan.permissions),
        "rationale": rule.rationale,
        "remediation": _text(rule.remediation),
        "examples": [_example(example) for example in rule.examples],
        "file": str(rule.path),
        "sha256": rule.sha256,
    }


def check_row(check: Check, rules: Iterable[Rule]) -> dict[str, Any]:
    """What a list shows of a check."""
    return {
        "check": check.name,
        "scope": str(check.scope),
        "listing": check.list.name if check.list else "",
        "facets": [facet.name for facet in check.facets] + [join.name for join in check.joins],
        "rules": sum(rule.check == check.name for rule in rules),
        "doc": check.doc,
    }


def check_facts(check: Check, rules: Iterable[Rule], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the check's document says, the members of its resources, and its rules."""
    rules = sorted(rules, key=lambda rule: rule.id)
    return {
        **check_row(check, rules),
        "source": check.source,
        "level": check.level,
        "id": check.id,
        "label": check.label or check.id,
        "parent": check.parent,
        "calls": list(_calls(check)),
        "joins": [
            {"name": each.name, "check": each.check, "by": f"{each.local} = {each.foreign}"}
            for each in check.joins
        ],
        "optional": list(check.optional),
        "defaults": dict(check.defaults),
        "volatile": list(check.volatile),
        "redact": list(check.redact),
        "fields": [
            {"path": field.path, "type": field.type, "optional": field.optional}
            | ({"values": list(field.values)} if field.values else {})
            for field in fields_of(schema)
        ],
        "read_by": [rule.id for rule in rules if rule.check == check.name],
    }


def _text(template: Template | None) -> str:
    return template.text if template else ""


def _judged(rule: Rule) -> str:
    """Say of what the requirement must hold, and how long it may not."""
    told = {
        Quantifier.EACH: "each element" if rule.each else "each resource",
        Quantifier.ANY: f"at least one resource of a {rule.per}",
        Quantifier.NONE: "every one is a violation",
    }[rule.quantifier]
    if rule.at_least:
        told += f"; fewer than {rule.at_least} in a {rule.per} fails"
    return f"{told}; {to_text(rule.deviation)} to mend it" if rule.deviation else told


def _param(param: Param, value: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"type": param.type, "value": as_json(value)}
    told |= {"default": as_json(param.default), "help": param.help}
    bounds = {"min": param.min, "max": param.max}
    told |= {name: as_json(bound) for name, bound in bounds.items() if bound is not None}
    return told | ({"values": list(param.values)} if param.values else {})


def _example(example: Example) -> dict[str, Any]:
    resources = [dict(resource) for resource in example.resources]
    told: dict[str, Any] = {"expect": str(example.expect), "resources": resources}
    told |= {"params": dict(example.params)} if example.params else {}
    told |= {"unseen": list(example.unseen)} if example.unseen else {}
    return told | {"now": example.now.isoformat().replace("+00:00", "Z")}


def _call(call: Call) -> dict[str, Any]:
    return {"call": call.name, "needs": list(call.needs)}


def _calls(check: Check) -> Iterator[dict[str, Any]]:
    """Each call of a check, and what for: the listing, or the facet that it fetches."""
    before = check.before.call if check.before else None
    for call, gives in ((before, "before"), (check.list, "listing"), (check.batch, "batch")):
        if call:
            yield {**_call(call), "gives": gives, "absent": list(call.absent)}
    for facet in check.facets:
        yield {**_call(facet.call), "gives": facet.name, "absent": list(facet.call.absent)}
