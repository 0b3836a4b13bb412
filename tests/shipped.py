"""The checks and rules that come with Assay, loaded once for all tests of a process."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from agent.rules.load import load_rules
from agent.rules.rule import Rule
from checks.load import load_checks
from checks.schema import schema_of

ROOT = Path(__file__).parents[1]
CLOUDS = ("aws", "azure", "gcp")
CHECKS = load_checks()


@cache
def rules_of(cloud: str) -> Mapping[str, Rule]:
    """Load the rules of one cloud, by id."""
    return load_rules([ROOT / "rules" / cloud], CHECKS, schema_of)


@cache
def all_rules() -> Mapping[str, Rule]:
    """Load the rules of every cloud, by id."""
    return {name: rule for cloud in CLOUDS for name, rule in rules_of(cloud).items()}


def ids() -> list[str]:
    """Give the ids of all rules without reading one: a rule's file has its name."""
    files = [path for cloud in CLOUDS for path in (ROOT / "rules" / cloud).rglob("*.yaml")]
    return sorted(path.stem for path in files)
