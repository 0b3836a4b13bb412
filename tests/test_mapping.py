"""The map from rules to criteria: what the maps of this field get wrong, as tests."""

import re
from collections import Counter, defaultdict

import pytest
import yaml
from rule_kit import ROOT, shipped

from agent.reference.mapping import natural, proof_of
from agent.rules.frameworks import load_frameworks
from agent.rules.lint import lint

CRITERIA = ROOT.parent / "shared" / "criteria.tsv"
FRAMEWORKS = load_frameworks()
LARGE = 0.45
"""Part of all rules beyond which a criterion says little."""


def proof(framework="soc2"):
    return proof_of(shipped().values()).get(framework, {})


def automatic():
    return [
        name for name, known in FRAMEWORKS["soc2"].criteria.items() if known.reach == "automatic"
    ]


def test_no_rule_names_a_criterion_that_does_not_exist_or_one_twice():
    for rule in shipped().values():
        for framework, ids in rule.criteria.items():
            assert [name for name in ids if not FRAMEWORKS[framework].has(name)] == [], rule.id
            assert [name for name, times in Counter(ids).items() if times > 1] == [], rule.id


def test_the_lint_of_all_rules_finds_no_error():
    found = [each for each in lint(shipped()) if each.severity == "error"]
    assert [f"{each.file}:{each.line}: {each.message}" for each in found] == []


@pytest.mark.parametrize("framework", ["soc2"])
def test_no_two_criteria_have_the_same_rules(framework):
    sets = defaultdict(list)
    for criterion, rules in proof(framework).items():
        sets[tuple(rule.id for rule in rules)].append(criterion)
    assert [same for same in sets.values() if len(same) > 1] == []


@pytest.mark.parametrize("criterion", automatic())
def test_a_criterion_that_clouds_can_show_has_rules(criterion):
    assert proof().get(criterion)


def test_no_criterion_is_so_broad_that_it_says_nothing():
    most = LARGE * len(shipped())
    assert {name: len(rules) for name, rules in proof().items() if len(rules) > most} == {}


def test_every_requirement_of_multi_factor_is_evidence_of_logical_access():
    held = {rule.id for rule in proof()["CC6.1"]}
    assert {rule for rule in shipped() if re.search(r"\bmfa\b", rule)} <= held


@pytest.mark.skipif(not CRITERIA.exists(), reason="the list of criteria is not beside the repo")
def test_our_criteria_are_those_of_the_list_with_the_same_reach():
    lines = CRITERIA.read_text().splitlines()[1:]
    listed = {line.split("\t")[0]: line.split("\t")[1] for line in lines if line}
    known = yaml.safe_load((ROOT / "rules/frameworks/soc2.yaml").read_text())["criteria"]
    assert set(known) == set(listed)
    firmly = {name for name, reach in listed.items() if reach == "A"}
    assert firmly <= {name for name, row in known.items() if row["reach"] == "automatic"}


def test_ids_are_sorted_as_people_do():
    assert sorted(["A.8.10", "A.8.9", "CC10.1", "CC2.1"], key=natural) == [
        "A.8.9",
        "A.8.10",
        "CC2.1",
        "CC10.1",
    ]
