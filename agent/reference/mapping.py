"""Which rules are evidence for which criterion, by cloud. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from agent.reference.markdown import WRITTEN, anchor, prose, table
from agent.rules.frameworks import Framework
from agent.rules.rule import Rule

REACH = {
    "automatic": "seen by rules",
    "partly": "seen by rules in part; the rest is attested",
    "manual": "attested by people; a rule here only supports",
}
FIRST = "soc2"

Proof = Mapping[str, Mapping[str, tuple[Rule, ...]]]
"""Framework -> criterion -> its rules, by id."""


def proof_of(rules: Iterable[Rule]) -> Proof:
    """Gather the rules of each criterion that any of them names."""
    found: dict[str, dict[str, list[Rule]]] = defaultdict(lambda: defaultdict(list))
    for rule in sorted(rules, key=lambda rule: rule.id):
        for framework, ids in rule.criteria.items():
            for criterion in ids:
                found[framework][criterion].append(rule)
    return {
        name: {criterion: tuple(rules) for criterion, rules in proven.items()}
        for name, proven in found.items()
    }


def natural(criterion: str) -> list[tuple[int, str]]:
    """Sort `A.8.9` before `A.8.10`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in _WORDS.findall(criterion)]


def mapping_page(
    rules: Mapping[str, Rule], frameworks: Mapping[str, Framework], address: Mapping[str, str]
) -> str:
    """Write the page; `address` of a rule's id is where its own page is."""
    proof = proof_of(rules.values())
    clouds = sorted({rule.provider for rule in rules.values()})
    order = sorted(frameworks, key=lambda name: (name != FIRST, name))
    lines = [WRITTEN, "", "# Criteria and the rules that are evidence for them", ""]
    lines += [
        f"{len(rules)} rules. A number is how many rules of that cloud stand for a criterion."
    ]
    for name in order:
        framework, proven = frameworks[name], proof.get(name, {})
        lines += ["", f"## {framework.title}", ""]
        lines += _summary(framework, proven, clouds)
    lines += ["", f"# Rules of each criterion of {frameworks[FIRST].title}"]
    lines += _details(frameworks[FIRST], proof.get(FIRST, {}), address)
    return "\n".join(lines) + "\n"


_WORDS = re.compile(r"\d+|\D+")


def _summary(
    framework: Framework, proven: Mapping[str, tuple[Rule, ...]], clouds: list[str]
) -> list[str]:
    """A line a criterion: of a closed framework each one, so that none is overlooked."""
    rows = []
    for criterion in sorted({*framework.criteria, *proven}, key=natural):
        rules = proven.get(criterion, ())
        known = framework.criteria.get(criterion)
        counts = [sum(rule.provider == cloud for rule in rules) for cloud in clouds]
        shown = criterion
        if framework.id == FIRST and rules:
            shown = f"[{criterion}](#{anchor(_heading(framework, criterion))})"
        words = [prose(known.title), REACH.get(known.reach, "")] if known else []
        rows.append([shown, *words, *(str(count or "") for count in counts)])
    head = ["criterion", *(["in our words", "how"] if framework.criteria else []), *clouds]
    return table(head, rows)


def _details(
    framework: Framework, proven: Mapping[str, tuple[Rule, ...]], address: Mapping[str, str]
) -> Iterator[str]:
    for criterion in sorted(proven, key=natural):
        yield from ("", f"## {_heading(framework, criterion)}", "")
        yield from table(
            ["rule", "cloud", "severity", "what is true when it passes"],
            (
                [
                    f"[{rule.id}]({address[rule.id]})",
                    rule.provider,
                    str(rule.severity),
                    prose(rule.title),
                ]
                for rule in proven[criterion]
            ),
        )


def _heading(framework: Framework, criterion: str) -> str:
    known = framework.criteria.get(criterion)
    return f"{criterion}: {known.title}" if known else criterion
