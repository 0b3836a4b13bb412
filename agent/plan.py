"""What a slot needs on a target: which checks, which of their facets and joins, which permissions.

Pure. Derived from what the rules read, never declared twice.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct

from agent.rules.params import params_of
from agent.rules.rule import Rule
from checks.canonical import to_bytes
from checks.model import Call, Check, Target
from checks.template import places


class Plan(Struct, frozen=True, kw_only=True):
    """Rules, and what has to be looked at for them."""

    rules: tuple[Rule, ...]
    """By id."""
    rules_by_check: Mapping[str, tuple[Rule, ...]]
    facets: Mapping[str, frozenset[str]]
    """Check -> facets and joins that a rule reads; every check that a rule is about is in it."""
    permissions: tuple[str, ...]
    """Every permission that the calls need, sorted."""
    digest: str
    """Hex SHA-256 over the rules' texts, their parameters in force and the checks."""


def make_plan(rules: Mapping[str, Rule], checks: Mapping[str, Check]) -> Plan:
    """Derive the plan of `rules`."""
    by_check: dict[str, list[Rule]] = defaultdict(list)
    for _, rule in sorted(rules.items()):
        by_check[rule.check].append(rule)
    facets = {
        name: closed(
            checks[name], frozenset[str]().union(*(rule.facets for rule in by_check[name]))
        )
        for name in sorted(by_check)
    }
    return Plan(
        rules=tuple(rule for _, rule in sorted(rules.items())),
        rules_by_check={name: tuple(found) for name, found in sorted(by_check.items())},
        facets=facets,
        permissions=permissions_of(facets, checks),
        digest=_digest(rules, facets, checks),
    )


def closed(check: Check, wanted: frozenset[str]) -> frozenset[str]:
    """Add to `wanted` the facets without which those of `wanted` cannot be asked for or joined."""
    names = {facet.name for facet in check.facets}
    reads = {
        **{facet.name: set(_read(facet.call.params)) for facet in check.facets},
        # Any word of the path: one facet too many is a call, one too few is a gap.
        **{join.name: set(_WORD.findall(join.local)) for join in check.joins},
    }
    known: frozenset[str] = frozenset()
    while known != wanted:
        known = wanted
        wanted = known.union(*(reads.get(name, set()) & names for name in known))
    return wanted


def _read(params: Any) -> Iterator[str]:
    """The members of the resource that the parameters of a call are filled with."""
    return (path.split(".")[0] for path in places(params))


_WORD = re.compile(r"[A-Za-z_]\w*")


def rules_on(
    target: Target, rules: Mapping[str, Rule], checks: Mapping[str, Check]
) -> dict[str, Rule]:
    """Pick the rules about what `target` has: of its provider, and of its level."""
    return {
        name: rule
        for name, rule in rules.items()
        if rule.provider == target.provider and checks[rule.check].level == target.level
    }


def permissions_of(
    facets: Mapping[str, frozenset[str]], checks: Mapping[str, Check]
) -> tuple[str, ...]:
    """Name every permission that observing these facets needs, sorted."""
    needed = {need for call in calls_of(facets, checks) for need in call.needs}
    return tuple(sorted(needed))


def calls_of(facets: Mapping[str, frozenset[str]], checks: Mapping[str, Check]) -> Iterator[Call]:
    """Give every call that observing these facets can make; parents' and joins' listings too."""
    waiting = list(facets.items())
    seen: set[str] = set()
    while waiting:
        name, wanted = waiting.pop()
        check = checks[name]
        yield from check.calls(wanted)
        also = [check.parent] if check.parent else []
        also += [join.check for join in check.joins if join.name in wanted]
        waiting += [(each, frozenset[str]()) for each in also if each not in seen]
        seen.update(also)


def _digest(
    rules: Mapping[str, Rule],
    facets: Mapping[str, frozenset[str]],
    checks: Mapping[str, Check],
) -> str:
    document = {
        "rules": {
            name: {
                "text": rule.sha256,
                "params": params_of(rule),
                "every": round(rule.every.total_seconds()),
            }
            for name, rule in rules.items()
        },
        "checks": {name: msgspec.to_builtins(checks[name]) for name in facets},
    }
    return sha256(to_bytes(document)).hexdigest()
