"""The reference of all checks and rules: a page a service, an index, and the mapping. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from agent.controls.model import Control
from agent.reference.controls import controls_page
from agent.reference.facts import check_facts, rule_facts
from agent.reference.families import Family, families_page
from agent.reference.mapping import mapping_page
from agent.reference.markdown import (
    WRITTEN,
    anchor,
    block,
    code,
    codes,
    prose,
    table,
    value,
)
from agent.rules.frameworks import Framework
from agent.rules.rule import Rule
from checks.model import Check

SHALLOW = 1
"""Members of members are listed, and not what they hold: `assay checks show` lists all."""


def reference_pages(
    rules: Mapping[str, Rule],
    checks: Mapping[str, Check],
    schemas: Mapping[str, Mapping[str, Any]],
    *,
    frameworks: Mapping[str, Framework],
    controls: Mapping[str, Control],
    families: Mapping[str, Family],
) -> dict[str, str]:
    """Write every page: path below the folder of documents -> text. `schemas` is by check."""
    of_rules, of_checks = _by_service(rules, checks)
    address = {
        rule.id: f"reference/rules/{service}.md#{rule.id}"
        for service, members in of_rules.items()
        for rule in members
    }
    pages = {"mapping.md": mapping_page(rules, frameworks, address)}
    near = {name: place.removeprefix("reference/") for name, place in address.items()}
    pages["reference/families.md"] = families_page(families, rules, near)
    pages["reference/controls.md"] = controls_page(controls)
    pages["reference/README.md"] = _index(of_rules, of_checks)
    for service, members in of_rules.items():
        facts = [rule_facts(rule, checks) for rule in members]
        lines = [line for each in facts for line in _rule(each)]
        pages[f"reference/rules/{service}.md"] = _page(f"Rules: {_title(service)}", lines)
    for service, known in of_checks.items():
        told = [check_facts(check, rules.values(), schemas[check.name]) for check in known]
        lines = [line for each in told for line in _check(each)]
        pages[f"reference/checks/{service}.md"] = _page(f"Checks: {_title(service)}", lines)
    return pages


def _by_service(
    rules: Mapping[str, Rule], checks: Mapping[str, Check]
) -> tuple[dict[str, list[Rule]], dict[str, list[Check]]]:
    """Sort both by `aws/s3`, the cloud and the service of the check."""
    of_rules: dict[str, list[Rule]] = defaultdict(list)
    of_checks: dict[str, list[Check]] = defaultdict(list)
    for _, rule in sorted(rules.items()):
        of_rules[_service(rule.check)].append(rule)
    for name, check in sorted(checks.items()):
        of_checks[_service(name)].append(check)
    return dict(sorted(of_rules.items())), dict(sorted(of_checks.items()))


def _service(check: str) -> str:
    cloud, service, *_ = check.split(".")
    return f"{cloud}/{service}"


def _title(service: str) -> str:
    return service.replace("/", " ")


def _page(title: str, lines: list[str]) -> str:
    return "\n".join([WRITTEN, "", f"# {title}", *lines]) + "\n"


def _index(of_rules: Mapping[str, list[Rule]], of_checks: Mapping[str, list[Check]]) -> str:
    rows = []
    for service in sorted({*of_rules, *of_checks}):
        rules, checks = of_rules.get(service, []), of_checks.get(service, [])
        rows.append(
            [
                _title(service),
                f"[{len(checks)}](checks/{service}.md)" if checks else "",
                f"[{len(rules)}](rules/{service}.md)" if rules else "",
            ]
        )
    count = sum(map(len, of_rules.values())), sum(map(len, of_checks.values()))
    lines = [
        "",
        f"{count[1]} checks say what can be looked at, {count[0]} rules what must be true of it.",
        "Which criterion a rule is evidence for: [mapping](../mapping.md).",
        "What is asked of every cloud: [families](families.md).",
        "",
        *table(["service", "checks", "rules"], rows),
    ]
    return _page("Reference", lines)


def _rule(facts: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", f"## {facts['rule']}", "", f"**{prose(facts['title'])}**", "")
    yield prose(facts["rationale"])
    yield ""
    yield from table(
        ["severity", "every", "check", "judged"],
        [[facts["severity"], facts["every"], _check_link(facts["check"]), facts["judged"]]],
    )
    yield ""
    yield from (f"- {framework}: {', '.join(ids)}" for framework, ids in facts["criteria"].items())
    yield ""
    yield from block(_expressions(facts), "cel")
    if facts["params"]:
        yield ""
        yield from table(
            ["parameter", "type", "default", "bounds", "what it is"],
            (
                [
                    code(name),
                    each["type"],
                    value(each["default"]),
                    _bounds(each),
                    prose(each["help"]),
                ]
                for name, each in facts["params"].items()
            ),
        )
    yield from ("", "How to mend it:", "", *block(facts["remediation"], "text"), "")
    calls = codes(each["call"] for each in facts["calls"])
    yield f"Calls: {calls}. Permissions: {codes(facts['needs']) or 'none'}."


def _expressions(facts: Mapping[str, Any]) -> str:
    lines = [f"when: {_line(facts['when'])}"] if facts["when"] else []
    lines += [f"each {name}: {_line(items)}" for name, items in facts["each"].items()]
    lines += [f"require: {_line(clause['that'])}" for clause in facts["require"]]
    return "\n".join(lines) or "there must be none"


def _line(expression: str) -> str:
    return " ".join(expression.split())


def _bounds(param: Mapping[str, Any]) -> str:
    told = [f"{name} {value(param[name])}" for name in ("min", "max") if name in param]
    return ", ".join(
        told + ([f"one of {codes(map(str, param['values']))}"] if "values" in param else [])
    )


def _check_link(name: str) -> str:
    service = _service(name)
    return f"[{name}](../../checks/{service}.md#{anchor(name)})"


def _check(facts: Mapping[str, Any]) -> Iterator[str]:
    yield from (
        "",
        f"## {facts['check']}",
        "",
        f"{prose(facts['doc'])} {_source(facts)}",
        "",
    )
    scope = "once a region" if facts["scope"] == "region" else "once a target"
    yield f"- looked at {scope}; identified by {code(facts['id'])}"
    if facts["parent"]:
        yield f"- one listing for each {_check_link(facts['parent'])}"
    for name, title in _LISTS:
        if facts[name]:
            yield f"- {title}: {codes(facts[name])}"
    if facts["defaults"]:
        shown = (f"{code(path)} is {value(of)}" for path, of in facts["defaults"].items())
        yield f"- where the API leaves it out: {', '.join(shown)}"
    if facts["calls"]:
        yield ""
        yield from table(
            ["gives", "call", "permissions", "answers that say there is none"],
            (
                [each["gives"], code(each["call"]), codes(each["needs"]), codes(each["absent"])]
                for each in facts["calls"]
            ),
        )
    if facts["joins"]:
        yield ""
        yield from table(
            ["joined", "from", "by"],
            (
                [each["name"], _check_link(each["check"]), code(each["by"])]
                for each in facts["joins"]
            ),
        )
    yield from ("", *_fields(facts["fields"]))
    if facts["read_by"]:
        service = _service(facts["check"])
        links = (f"[{rule}](../../rules/{service}.md#{rule})" for rule in facts["read_by"])
        yield from ("", f"Rules: {', '.join(links)}")


def _source(facts: Mapping[str, Any]) -> str:
    web = facts["source"].startswith("https://")
    return f"[API]({facts['source']})" if web else f"See {code(facts['source'])}."


_LISTS = (
    ("volatile", "not part of the digest, as they change by themselves"),
    ("redact", "never kept, only their kind"),
)


def _fields(fields: list[dict[str, Any]]) -> list[str]:
    shown = [each for each in fields if each["path"].count(".") <= SHALLOW]
    hidden = len(fields) - len(shown)
    lines = [
        f"{each['path']}{'?' if each['optional'] else ''}: {each['type']}"
        + (f"  # {json.dumps(each['values'])}" if "values" in each else "")
        for each in shown
    ]
    return block(
        "\n".join([*lines, f"# and {hidden} members below these"] if hidden else lines), "yaml"
    )
