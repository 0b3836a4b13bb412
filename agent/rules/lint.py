"""Looks in a set of rules for what is legal and still wrong. Pure.

What would be wrong in one rule alone does not load (`agent.rules.load`); here is what only shows
beside other rules, and what a careful author would not leave.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

from msgspec import Struct

from agent.cel.paths import split
from agent.model import Outcome
from agent.rules.examples import NOW
from agent.rules.rule import Quantifier, Rule

SOC2 = "soc2"
SENTENCE = 3
"""Words that a sentence has at least."""
_DEMANDS = frozenset({"should", "shall", "ensure"})

FEW = 3
"""Criteria proven by fewer rules than this may share them: a set of two says little."""


class Weight(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """Two things claim to be one, or one thing is there for nothing."""
    WARNING = "warning"
    """It works, and somebody will be sorry."""


class Lint(Struct, frozen=True, kw_only=True):
    """One thing found."""

    severity: Weight
    rule: str
    file: str
    line: int
    message: str


def lint(rules: Mapping[str, Rule]) -> list[Lint]:
    """List what is found, by file and line."""
    found = [each for rule in rules.values() for look in _ALONE for each in look(rule)]
    found += [each for look in _TOGETHER for each in look(rules)]
    return sorted(found, key=lambda each: (each.file, each.line, each.message))


def _unused_params(rule: Rule) -> Iterator[Lint]:
    if "params" in rule.reads:
        return
    for name in rule.declared:
        if not any(split(path)[:2] == ("params", name) for path in rule.reads):
            yield _error(rule, "params", f"the parameter '{name}' is read by no expression")


def _changing_message(rule: Rule) -> Iterator[Lint]:
    if "now" in _message_reads(rule):
        yield _warning(
            rule,
            "message",
            "the message reads `now`: it changes with each run, and each change is sealed",
        )


def _costly_message(rule: Rule) -> Iterator[Lint]:
    deciding = _members(_deciding_reads(rule))
    for facet in sorted((_members(_message_reads(rule)) & rule.facets) - deciding):
        yield _warning(
            rule, "message", f"only the message reads '{facet}', which costs a call a resource"
        )


def _clockless_examples(rule: Rule) -> Iterator[Lint]:
    """Without a time of their own nobody sees what the examples show."""
    if "now" in _deciding_reads(rule) and all(example.now == NOW for example in rule.examples):
        yield _warning(rule, "examples", "time decides, and no example gives `now`")


def _missing_words(rule: Rule) -> Iterator[Lint]:
    for key, text in (("rationale", rule.rationale), ("remediation", rule.remediation)):
        if not text:
            yield _warning(rule, "title", f"there is no `{key}`")


def _unexplained_params(rule: Rule) -> Iterator[Lint]:
    for name, param in rule.declared.items():
        if not param.help:
            yield _warning(rule, "params", f"the parameter '{name}' has no `help`")


def _outside_soc2(rule: Rule) -> Iterator[Lint]:
    """A rule without one is in no report on the period."""
    if SOC2 not in rule.criteria:
        yield _warning(rule, "criteria", f"it is evidence for no criterion of {SOC2}")


def _title_of_no_state(rule: Rule) -> Iterator[Lint]:
    """An auditor reads the title beside a pass: it says what is so, not what ought to be."""
    words = rule.title.casefold().split()
    if len(words) < SENTENCE or rule.title.rstrip().endswith((".", "?", "!")):
        yield _warning(rule, "title", "the title is not a sentence (without its full stop)")
    elif demands := sorted(_DEMANDS.intersection(words)):
        message = f"the title demands ('{demands[0]}'): say what is true when it passes"
        yield _warning(rule, "title", message)


def _nameless_message(rule: Rule) -> Iterator[Lint]:
    """Where many can fail a reader wants to know how this one does; a scope has its name."""
    if rule.quantifier is Quantifier.ANY or rule.at_least:
        return
    if not _message_reads(rule):
        yield _warning(rule, "message", "the message shows nothing of the resource ({{...}})")


def _untried_when(rule: Rule) -> Iterator[Lint]:
    tried = any(example.expect is Outcome.NOT_APPLICABLE for example in rule.examples)
    if rule.when is not None and not tried and rule.quantifier is Quantifier.EACH:
        yield _warning(rule, "when", "no example shows what `when` leaves out")


def _same_titles(rules: Mapping[str, Rule]) -> Iterator[Lint]:
    first: dict[str, Rule] = {}
    for _, rule in sorted(rules.items()):
        other = first.setdefault(" ".join(rule.title.casefold().split()), rule)
        if other is not rule:
            yield _error(rule, "title", f"the title is that of {other.id} too")


def _same_requirements(rules: Mapping[str, Rule]) -> Iterator[Lint]:
    first: dict[tuple[object, ...], Rule] = {}
    for _, rule in sorted(rules.items()):
        other = first.setdefault(_requirement(rule), rule)
        if other is not rule:
            yield _error(rule, "require", f"it requires the same as {other.id}")


def _same_criteria(rules: Mapping[str, Rule]) -> Iterator[Lint]:
    """A criterion whose rules are just those of another says nothing of its own."""
    proven: dict[tuple[str, str], set[str]] = defaultdict(set)
    for rule in rules.values():
        for framework, ids in rule.criteria.items():
            for criterion in ids:
                proven[framework, criterion].add(rule.id)
    first: dict[tuple[str, frozenset[str]], str] = {}
    for (framework, criterion), names in sorted(proven.items()):
        other = first.setdefault((framework, frozenset(names)), criterion)
        if other != criterion and len(names) >= FEW:
            rule = rules[min(names)]
            message = f"{framework} {criterion} has just the {len(names)} rules of {other}"
            yield _warning(rule, "criteria", message)


def _requirement(rule: Rule) -> tuple[object, ...]:
    when = rule.when.source.split() if rule.when else []
    items = rule.each.items.source.split() if rule.each else []
    return (
        rule.check,
        rule.quantifier,
        rule.per,
        rule.at_least,
        tuple(when),
        tuple(items),
        tuple(tuple(clause.that.source.split()) for clause in rule.require),
        tuple(sorted((name, str(value)) for name, value in rule.params.items())),
    )


def _deciding_reads(rule: Rule) -> frozenset[str]:
    programs = [clause.that for clause in rule.require]
    programs += [rule.when] if rule.when else []
    programs += [rule.each.items] if rule.each else []
    return frozenset[str]().union(*(program.reads for program in programs))


def _message_reads(rule: Rule) -> frozenset[str]:
    templates = [rule.message, *(clause.message for clause in rule.require)]
    return frozenset[str]().union(*(template.reads for template in templates if template))


def _members(reads: frozenset[str]) -> set[str]:
    """Name the resource's members: `Policy` of `resource.Policy.Statement[].Effect`."""
    steps = [split(path) for path in reads]
    return {path[1] for path in steps if path[0] == "resource" and len(path) > 1 and path[1]}


def _error(rule: Rule, key: str, message: str) -> Lint:
    return _at(rule, key, message, Weight.ERROR)


def _warning(rule: Rule, key: str, message: str) -> Lint:
    return _at(rule, key, message, Weight.WARNING)


def _at(rule: Rule, key: str, message: str, severity: Weight) -> Lint:
    line = rule.line_of.get(key, 1)
    return Lint(severity=severity, rule=rule.id, file=str(rule.path), line=line, message=message)


_ALONE: tuple[Callable[[Rule], Iterator[Lint]], ...] = (
    _unused_params,
    _changing_message,
    _costly_message,
    _clockless_examples,
    _missing_words,
    _unexplained_params,
    _outside_soc2,
    _title_of_no_state,
    _nameless_message,
    _untried_when,
)
_TOGETHER: tuple[Callable[[Mapping[str, Rule]], Iterator[Lint]], ...] = (
    _same_titles,
    _same_requirements,
    _same_criteria,
)
