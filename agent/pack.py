"""The checks and rules in force: what is shipped, what the user adds, what is overridden."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from datetime import timedelta
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

import checks
from agent.config import ConfigError, Settings
from agent.duration import parse_duration
from agent.plan import calls_of
from agent.rules.load import APART, load_rules
from agent.rules.params import ParamError, with_params
from agent.rules.rule import Rule
from checks.files.session import SERVICE as FILES
from checks.load import load_checks
from checks.model import Check

SHIPPED_RULES = Path(checks.__file__).parent.parent / "rules"
"""The rules that come with Assay: beside the packages, in a checkout and when installed."""


class Waiting(Struct, frozen=True, kw_only=True):
    """A rule that cannot be in force yet."""

    rule: Rule
    lacks: tuple[str, ...]
    """The checks of the files that are not configured (`files.hr.person`)."""

    @property
    def words(self) -> str:
        """What to say of it."""
        return f"not in force: needs {', '.join(self.lacks)}; name its file in assay.yaml (files)"


class Pack(Struct, frozen=True, kw_only=True):
    """What there is to look at, and what must be true of it."""

    checks: Mapping[str, Check]
    rules: Mapping[str, Rule]
    """Those that are enabled, with the organisation's values in force."""
    disabled: tuple[str, ...]
    waiting: Mapping[str, Waiting] = msgspec.field(default_factory=dict)
    """Rules that are not in force because they read files that nobody has configured."""
    elsewhere: frozenset[str] = frozenset()
    """Shipped rules that were not read: of clouds without a target."""


def load_pack(settings: Settings, *, observed_only: bool = False) -> Pack:
    """Load everything; `observed_only`: of the shipped rules those of the targets' clouds.

    Raises `CheckError`, `RuleError` or `ConfigError` on the first mistake.
    """
    known = load_checks([settings.path(path) for path in settings.checks_paths])
    clouds = {each.provider for each in settings.targets}
    folders = _shipped(settings, lambda cloud: cloud in clouds or not observed_only)
    paths = folders + [settings.path(path) for path in settings.rules_paths]
    rules = load_rules(paths, known, schema_source())
    others = _shipped(settings, lambda cloud: cloud not in clouds) if observed_only else []
    # A rule's file has its name.
    elsewhere = frozenset(path.stem for folder in others for path in folder.rglob("*.yaml"))
    for name in settings.rules:
        if name not in rules and name not in elsewhere:
            near = get_close_matches(name, rules, 1)
            hint = f"; did you mean {near[0]}?" if near else "; `assay rules list` lists them"
            raise ConfigError(f"{settings.file}: rules.{name}: there is no such rule{hint}")
    enabled = {
        name: _overridden(rule, settings)
        for name, rule in sorted(rules.items())
        if name not in settings.rules or settings.rules[name].enabled
    }
    disabled = tuple(sorted(rules.keys() - enabled.keys()))
    _check_files(settings, known)
    waiting = {
        name: Waiting(rule=rule, lacks=lacks)
        for name, rule in enabled.items()
        if (lacks := _lacks(rule, known, settings))
    }
    in_force = {name: rule for name, rule in enabled.items() if name not in waiting}
    return Pack(
        checks=known, rules=in_force, disabled=disabled, waiting=waiting, elsewhere=elsewhere
    )


def _shipped(settings: Settings, wanted: Callable[[str], bool]) -> list[Path]:
    """Give the shipped folders of rules of the clouds that are wanted."""
    if not settings.shipped_rules:
        return []
    folders = sorted(path for path in SHIPPED_RULES.iterdir() if path.is_dir())
    return [path for path in folders if path.name not in APART and wanted(path.name)]


def _lacks(rule: Rule, known: Mapping[str, Check], settings: Settings) -> tuple[str, ...]:
    """Name the checks of files that the rule reads and that no file is configured for."""
    calls = calls_of({rule.check: rule.facets}, known)
    asked = {call.operation for call in calls if call.service == FILES}
    return tuple(sorted(f"{FILES}.{name}" for name in asked - settings.files.keys()))


def _check_files(settings: Settings, known: Mapping[str, Check]) -> None:
    """Refuse a file that is configured for no check: it would be read by nothing."""
    of_files = [name.removeprefix(f"{FILES}.") for name in known if name.startswith(f"{FILES}.")]
    for name in settings.files:
        if name not in of_files:
            hint = f"there is {', '.join(of_files)}"
            raise ConfigError(f"{settings.file}: files.{name}: no check reads it; {hint}")


def settle() -> None:
    """Tell the garbage collector that what is loaded stays: its walks were a third of judging.

    For a process that will judge with it; again after each reload, which lets the old rules go.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def schema_source() -> Callable[[Check, Mapping[str, Check]], dict[str, Any]]:
    """Give what says how the resources of a check look, by its cloud."""
    from checks.schema import schema_of  # noqa: PLC0415 - the SDK's models, when rules load

    return schema_of


def _overridden(rule: Rule, settings: Settings) -> Rule:
    override = settings.rules.get(rule.id)
    every = settings.every or (override.every if override else "")
    if override and override.params:
        try:
            rule = with_params(rule, override.params)
        except ParamError as error:
            raise ConfigError(f"{settings.file}: rules.{rule.id}.params: {error}") from None
    return msgspec.structs.replace(rule, every=_every(every)) if every else rule


@cache
def _every(text: str) -> timedelta:
    return parse_duration(text)
