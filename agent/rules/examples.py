"""A rule proves itself: its examples give the outcomes they say, and each clause decides one.

Pure. An example is judged by the same code as what is observed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain

from agent.cel import EvalError
from agent.evaluate import conclude, evaluate
from agent.judge import ROOTS
from agent.model import Outcome
from agent.rules.params import with_params
from agent.rules.rule import LISTING, Example, Rule
from checks.model import Cause, Gap, Observation, Resource, Target

NOW = datetime(2026, 6, 1, tzinfo=UTC)
"""The time in an example that does not say its own."""
TARGET = Target(provider="example", id="111122223333")


def failed_examples(rule: Rule) -> Iterator[str]:
    """Name each example that gives another outcome than it says: `example 2: pass, not fail`."""
    for number, example in enumerate(rule.examples, start=1):
        outcome = outcome_of(rule, example)
        if outcome is not example.expect:
            yield f"example {number}: {outcome}, not {example.expect}"


def outcome_of(rule: Rule, example: Example) -> Outcome:
    """Judge an example: the worst of its findings."""
    rule = with_params(rule, example.params)
    region = "us-east-1"
    lost = LISTING in example.unseen
    part = Observation(
        check=rule.check,
        region=region,
        resources=tuple(_resources(rule, example, region)),
        gaps=(_gap(rule, region),) if lost else (),
    )
    target = Target(provider=rule.provider, id=TARGET.id)
    findings, tally = evaluate(rule, part, now=example.now, target=target)
    scopes = conclude(rule, tally, now=example.now, target=target, regions=[region])
    return Outcome.worst(finding.outcome for finding in chain(findings, scopes))


def uncovered_clauses(rule: Rule) -> Iterator[int]:
    """Give the places of clauses of `require` that no failing example fails by alone."""
    covered = {
        index
        for example in rule.examples
        if example.expect is Outcome.FAIL
        for index in _sole_causes(with_params(rule, example.params), example)
    }
    yield from (index for index in range(len(rule.require)) if index not in covered)


def _sole_causes(rule: Rule, example: Example) -> Iterator[int]:
    place = {"id": TARGET.id, "provider": rule.provider}
    for attributes in example.resources:
        roots = (attributes, rule.params, example.now, place)
        for given in _elements(rule, roots):
            verdicts = [_holds(rule, index, given) for index in range(len(rule.require))]
            if verdicts.count(False) == 1 and None not in verdicts:
                yield verdicts.index(False)


def _elements(rule: Rule, roots: tuple[object, ...]) -> Iterator[tuple[object, ...]]:
    if rule.each is None:
        yield roots
        return
    try:
        for element in rule.each.items(*roots[: len(ROOTS)]):
            yield (*roots, element)
    except EvalError:
        return


def _holds(rule: Rule, index: int, given: tuple[object, ...]) -> bool | None:
    try:
        return bool(rule.require[index].that(*given))
    except EvalError:
        return None


def _resources(rule: Rule, example: Example, region: str) -> Iterator[Resource]:
    facets = [name for name in example.unseen if name != LISTING]
    for index, attributes in enumerate(example.resources):
        name = f"example-{index}"
        yield Resource(
            check=rule.check,
            id=name,
            label=name,
            region=region,
            attributes=attributes,
            gaps=tuple(_gap(rule, region, resource=name, facet=facet) for facet in facets),
        )


def _gap(rule: Rule, region: str, *, resource: str = "", facet: str = "") -> Gap:
    return Gap(
        check=rule.check,
        cause=Cause.DENIED,
        code="AccessDenied",
        message="not allowed",
        region=region,
        resource=resource,
        facet=facet,
    )
