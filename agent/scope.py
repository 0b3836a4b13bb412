"""What is in force: the configuration, what it names, and who it leads to.

A value that is replaced as a whole, by a reload or by a change of the population, or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct
from prometheus_client import disable_created_metrics

from agent.config import Settings
from agent.controls.decisions import Decisions, load_decisions
from agent.pack import Pack, load_pack, settle
from agent.plan import rules_on
from agent.population import Roll
from agent.rules.rule import Rule
from agent.targets import Entries, Observed


class Scope(Struct, frozen=True, kw_only=True):
    """What is in force."""

    settings: Settings
    pack: Pack
    entries: Entries
    targets: Mapping[str, Observed]
    """By label."""
    decisions: Decisions
    rolls: tuple[Roll, ...] = ()
    """Of the entries whose members are found by asking."""

    def rules_of(self, target: str) -> dict[str, Rule]:
        """Give the rules about what the target has."""
        return rules_on(self.targets[target].target, self.pack.rules, self.pack.checks)

    def expected(self) -> dict[str, int]:
        """Count by provider who is to answer; an entry that cannot list its members is one more."""
        counts = {entry.provider: 0 for entry in self.settings.targets}
        for each in self.targets.values():
            counts[each.target.provider] += 1
        for roll in self.rolls:
            counts[roll.source.split(":", maxsplit=1)[0]] += roll.failure is not None
        return counts


def load_scope(settings: Settings, known: Mapping[str, Roll]) -> Scope:
    """Load what the configuration names, and find out who it leads to.

    `known` are the members that the log last had. Raises `ConfigError`, `CheckError`, `RuleError`,
    `DocumentError` or `TargetError`.
    """
    pack = load_pack(settings, observed_only=True)
    entries = Entries(settings, pack.checks.values())
    decisions = load_decisions(settings, pack)
    empty = Scope(settings=settings, pack=pack, entries=entries, targets={}, decisions=decisions)
    scope = find_again(empty, known)
    settle()
    # No second series for each counter.
    disable_created_metrics()  # type: ignore[no-untyped-call] # it has no types
    return scope


def find_again(scope: Scope, known: Mapping[str, Roll]) -> Scope:
    """Ask every entry again who it leads to. Raises `TargetError`."""
    found = scope.entries.find(known)
    targets = {each.target.label: each for each in found.observed}
    return msgspec.structs.replace(scope, targets=targets, rolls=found.rolls)


def summary(scope: Scope) -> dict[str, Any]:
    """Say what is configured; the whole of it by its digest, since it may name secrets."""
    whole = json.dumps(msgspec.to_builtins(scope.settings), sort_keys=True)
    overrides = json.dumps(msgspec.to_builtins(scope.settings.rules), sort_keys=True)
    return {
        "digest": sha256(whole.encode()).hexdigest(),
        "targets": sorted(scope.targets),
        "rules": len(scope.pack.rules),
        "disabled": list(scope.pack.disabled),
        "waiting": {name: list(one.lacks) for name, one in scope.pack.waiting.items()},
        "overrides": overrides,
    }
