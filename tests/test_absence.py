"""What is not there passes only where the provider's documents say that this is good.

Each rule of every cloud is tried on its own passing examples, with what it reads taken away.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from shipped import CHECKS, CLOUDS, all_rules, rules_of

from agent.cel import tree
from agent.cel.parse import parse
from agent.model import Outcome
from agent.rules.examples import outcome_of
from agent.rules.rule import Example, Rule
from checks.schema import Schema, schema_of

JUDGED = Path(__file__).parent / "data" / "absent_and_good.txt"

MFA = {"SecurityDefaults", "ConditionalAccess"}
ALERTS = [
    *("audit-config", "bucket-permission", "custom-role", "firewall", "network"),
    *("ownership", "route", "sink", "sql"),
]
EITHER = {
    "aws-dynamodb-capacity": {"Table", "ScalableTargets"},
    "aws-ebs-volume-backed-up": {"Protected", "Snapshots"},
    "aws-cloudfront-logging": {"DistributionConfig", "LogSources"},
    "aws-ecr-repository-scanned": {"imageScanningConfiguration", "RegistryScanning"},
    "aws-iam-federated-access": {"SAMLProviders", "IdentityCenters"},
    "aws-s3-bucket-public-access-block": {"PublicAccessBlock", "AccountPublicAccessBlock"},
    "azure-entra-admin-mfa-enforced": MFA,
    "azure-entra-legacy-authentication-blocked": MFA,
    "azure-entra-management-mfa-enforced": MFA,
    "azure-entra-mfa-enforced": MFA,
    "azure-event-hubs-network": {"NetworkRules"},  # or no public network at all
    "azure-service-bus-network": {"NetworkRules"},
    "azure-firewall-threat-intelligence": {"Policy"},  # or the firewall's own mode
    "azure-function-network": {"Configuration"},  # or no public network at all
    **{f"gcp-alert-{about}-changes": {"Metrics"} for about in ALERTS},  # or the logs themselves
    "gcp-alert-key-destruction": {"Metrics"},
    "gcp-compute-disk-backed-up": {"Policies", "Snapshots"},
    "gcp-compute-instance-os-config": {"Project"},  # or the machine's own metadata
    "gcp-compute-instance-os-login": {"Project"},
    "gcp-compute-instance-serial-port": {"Project"},
    "gcp-storage-bucket-policy-not-public": {"Policy"},  # or public access prevention
}
"""Rules that one of two facts satisfies: when the one that is seen does, the other need not be."""


def passing(cloud: str) -> Iterator[tuple[Rule, Example]]:
    for rule in rules_of(cloud).values():
        for example in rule.examples:
            if example.expect is Outcome.PASS:
                yield rule, example


def is_good(outcome: Outcome | None) -> bool:
    return outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_facet_that_was_not_seen_never_passes(cloud: str) -> None:
    erred: set[tuple[str, str]] = set()
    passed: set[tuple[str, str]] = set()
    for rule, example in passing(cloud):
        if len(example.resources) > 1 or example.params:
            continue
        for name in rule.facets:
            seen = {key: each for key, each in example.resources[0].items() if key != name}
            unseen = replace(example, resources=(seen,), unseen=(name,))
            outcomes = erred if outcome_of(rule, unseen) is Outcome.ERROR else passed
            outcomes.add((rule.id, name))
    assert len(erred) > 40
    either = {(rule_id, name) for rule_id, names in EITHER.items() for name in names}
    assert passed - either == set()
    assert passed - erred == set(), "whatever else satisfies the rule, some example needs the facet"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_absence_is_asked_only_of_what_the_api_may_leave_out(cloud: str) -> None:
    """`has()` and `.?` make a value of what is not there; all else makes an error of it."""
    seen = 0
    for rule in rules_of(cloud).values():
        for path in asked(rule):
            seen += 1
            assert may_be_absent(CHECKS[rule.check].name, tuple(path.split(".")[1:])), (
                rule.id,
                path,
            )
    assert seen > 50


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_decides_a_pass_does_not_pass_when_it_is_not_there(cloud: str) -> None:
    """A member decides when another value of it fails; its absence is then an error or a failure.

    The exceptions are facts of the provider, each with its reason in `data/absent_and_good.txt`.
    """
    found = {
        f"{rule.id} {'.'.join(path)}"
        for rule, example in passing(cloud)
        for path in read_paths(rule)
        if is_good(outcome_without(rule, example, path)) and decides(rule, example, path)
    }
    assert sorted(found) == sorted(line for line in judged() if line.startswith(f"{cloud}-"))


def test_only_what_may_be_absent_is_judged_good_when_it_is() -> None:
    for line in sorted(judged()):
        rule_id, path = line.split()
        check = all_rules()[rule_id].check
        assert may_be_absent(check, tuple(path.split("."))), line


@cache
def judged() -> frozenset[str]:
    lines = JUDGED.read_text().splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def outcome_without(rule: Rule, example: Example, path: tuple[str, ...]) -> Outcome | None:
    """The outcome when the member is nowhere; None when it was not there anyway."""
    return outcome_when(rule, example, path, lambda holder, name: holder.pop(name))


def decides(rule: Rule, example: Example, path: tuple[str, ...]) -> bool:
    """Whether a value of the member, of those that the rule's examples have, makes it fail."""

    def put(value: Any) -> Callable[[dict[str, Any], str], None]:
        return lambda holder, name: holder.__setitem__(name, value)

    values = [True, False, *values_at(rule, path)]
    return any(outcome_when(rule, example, path, put(each)) is Outcome.FAIL for each in values)


def values_at(rule: Rule, path: tuple[str, ...]) -> Iterator[Any]:
    for example in rule.examples:
        for holder in holders(list(example.resources), path):
            yield holder[path[-1].removesuffix("[]")]


def outcome_when(
    rule: Rule,
    example: Example,
    path: tuple[str, ...],
    change: Callable[[dict[str, Any], str], object],
) -> Outcome | None:
    resources = [deepcopy(dict(each)) for each in example.resources]
    there = list(holders(resources, path))
    for holder in there:
        change(holder, path[-1].removesuffix("[]"))
    return outcome_of(rule, replace(example, resources=tuple(resources))) if there else None


def holders(value: Any, path: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Each object that has the member which `path` names."""
    if isinstance(value, list):
        for each in value:
            yield from holders(each, path)
    elif isinstance(value, dict) and path[0].removesuffix("[]") in value:
        if len(path) == 1:
            yield value
        else:
            yield from holders(value[path[0].removesuffix("[]")], path[1:])


def read_paths(rule: Rule) -> set[tuple[str, ...]]:
    """Each member that the verdict reads, and what holds it; messages read more."""
    reads = {path for program in verdict(rule) for path in program.reads}
    if rule.each is not None:
        listed = [path.removesuffix("[]") for path in rule.each.items.reads]
        inner = {path for path in reads if path.partition(".")[0] == rule.each.name}
        tails = {path.removeprefix(rule.each.name) for path in inner}
        reads |= {f"{base}[]{tail}" for base in listed for tail in tails}
        reads |= rule.each.items.reads
    steps = [tuple(path.split(".")[1:]) for path in reads if path.startswith("resource.")]
    return {
        (*each[: length - 1], each[length - 1].removesuffix("[]"))
        for each in steps
        for length in range(1, len(each) + 1)
    }


def verdict(rule: Rule) -> Iterable[Any]:
    return filter(None, [rule.when, *(clause.that for clause in rule.require)])


@cache
def shape(check: str) -> Schema:
    return schema_of(CHECKS[check], CHECKS)


def may_be_absent(check: str, path: tuple[str, ...]) -> bool:
    """Whether the schema lets the member that `path` names be left out."""
    holder: Mapping[str, Any] = shape(check)
    for step in path[:-1]:
        holder = part(holder, step)
    while holder.get("type") == "array":
        holder = holder["items"]
    return path[-1].removesuffix("[]") not in holder.get("required", ())


def part(holder: Mapping[str, Any], step: str) -> Mapping[str, Any]:
    while holder.get("type") == "array":
        holder = holder["items"]
    inner: Mapping[str, Any] = holder.get("properties", {}).get(step.removesuffix("[]"), {})
    return inner


def asked(rule: Rule) -> Iterator[str]:
    """The paths of which an expression of the rule can tell that they are absent."""
    names = {"resource": "resource"}
    if rule.each is not None:
        names[rule.each.name] = f"{path_of(parse(rule.each.items.source), names)}[]"
    for program in verdict(rule):
        yield from told(parse(program.source), names)


def told(node: tree.Node, names: Mapping[str, str]) -> Iterator[str]:
    match node:
        case tree.Has(operand=operand, field=field):
            yield f"{path_of(operand, names)}.{field}"
        case tree.Select(optional=True, operand=tree.Select(optional=True)):
            pass  # a member of what may be absent: `a.?b.?c` asks of b
        case tree.Select(optional=True):
            yield path_of(node, names)
        case tree.Call(name="value", args=(tree.Select(optional=True) as inner,)):
            yield from told(inner.operand, names)  # of nothing, value() is an error
            return
        case tree.Loop():
            names = {**names, node.variable: f"{path_of(node.operand, names)}[]"}
    for child in tree.children(node):
        yield from told(child, names)


def path_of(node: tree.Node, names: Mapping[str, str]) -> str:
    match node:
        case tree.Name():
            return names.get(node.name, node.name)
        case tree.Select():
            return f"{path_of(node.operand, names)}.{node.field}"
        case tree.Index():
            return f"{path_of(node.operand, names)}[]"
        case tree.Call(member=True) | tree.Loop():
            return path_of(next(iter(tree.children(node))), names)
        case _:
            return "?"
