"""A concern that one cloud has, the others have too, or it is said why not."""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from shipped import CHECKS
from shipped import rules_of as shipped_rules_of

from agent.controls.document import DocumentError
from agent.reference.families import CLOUDS, Family, load_families, rules_of

ROOT = Path(__file__).parents[1]
IDS = {path.stem for cloud in CLOUDS for path in (ROOT / "rules" / cloud).rglob("*.yaml")}
FAMILIES = load_families()
EACH = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)


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
    placed = {name for family in FAMILIES.values() for name in rules_of(family, IDS)}
    for cloud in CLOUDS:
        ours = {name for name in IDS if name.startswith(f"{cloud}-")}
        assert len(ours & placed) > 0.65 * len(ours)


@pytest.mark.parametrize(("cloud", "rules", "types"), [("azure", 90, 30), ("gcp", 80, 30)])
def test_a_cloud_has_many_rules_over_many_types(cloud: str, rules: int, types: int) -> None:
    known = shipped_rules_of(cloud)
    listed = (CHECKS[rule.check].list for rule in known.values())
    assert len(known) >= rules
    assert len({call.params["type"] for call in listed if call and "type" in call.params}) >= types


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Few:\n  rule: [a]\n", ":2:3: unknown key 'rule'; did you mean 'rules'?"),
        ("Few:\n  without: {gcp: none}\n", ":1:1: `rules` is missing"),
        ("Few:\n  rules: []\n", ":2:3: expected `array` of length >= 1"),
        ("Few:\n  rules: [a, 7]\n", ":2:14: expected `str`, got `int`"),
        (
            "Few:\n  rules: [a]\n  without:\n    azur: none\n",
            ":4:5: unknown key 'azur'; did you mean 'azure'?",
        ),
        (
            "Few:\n  rules: [a]\nFew:\n  rules: [b]\n",
            ":3:1: the key 'Few' is given twice, first in line 1",
        ),
        ("- Few\n", ":1:1: a mapping is expected"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "families.yaml"
    file.write_text(text)
    with pytest.raises(DocumentError) as raised:
        load_families(file)
    assert str(raised.value) == f"{file}{said}"
