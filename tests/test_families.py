"""A concern that one cloud has, the others have too, or it is said why not."""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from agent.reference.families import CLOUDS, FAMILIES, Family, rules_of

ROOT = Path(__file__).parents[1]
IDS = {path.stem for cloud in CLOUDS for path in (ROOT / "rules" / cloud).rglob("*.yaml")}
EACH = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.title)


@EACH
def test_a_family_has_rules_of_a_cloud_or_a_reason_why_not(family: Family) -> None:
    found = rules_of(family, IDS)
    there = {cloud for cloud in CLOUDS if any(name.startswith(f"{cloud}-") for name in found)}
    assert there ^ set(family.without) == set(CLOUDS)
    assert there & set(family.without) == set()


@EACH
def test_every_pattern_of_a_family_is_of_a_rule_that_exists(family: Family) -> None:
    assert [one for one in family.rules if not any(fnmatchcase(name, one) for name in IDS)] == []


def test_the_families_hold_most_rules_of_every_cloud() -> None:
    placed = {name for family in FAMILIES for name in rules_of(family, IDS)}
    for cloud in CLOUDS:
        ours = {name for name in IDS if name.startswith(f"{cloud}-")}
        assert len(ours & placed) > 0.65 * len(ours)
