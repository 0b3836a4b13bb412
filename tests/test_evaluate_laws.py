"""Whatever is observed in whatever order: a gap makes no pass, and the values kept decide again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_kit import NOW, TARGET, gap_of, part_of, resource_of, shipped
from scope_kit import BAD, BROKEN, GOOD, RULES, E, F, P, buckets, run

from agent.evaluate import Tally, conclude, outcome_again
from agent.model import Outcome
from checks.model import Cause

KINDS = st.sampled_from([GOOD, BAD, BROKEN])
REGIONS = ("eu-west-1", "us-east-1")
WORLD = st.lists(st.tuples(KINDS, st.sampled_from(REGIONS)), max_size=6)
GAP = st.builds(gap_of, region=st.sampled_from([*REGIONS, ""]), cause=st.sampled_from(list(Cause)))
GAPS = st.lists(GAP, max_size=2)
LAW = settings(max_examples=150, deadline=None)


def parts_of(world, gaps):
    """One resource a part, and a part for each region and gap."""
    parts = [part_of(region=region) for region in REGIONS]
    parts += [buckets(one, region=region, start=n) for n, (one, region) in enumerate(world)]
    return parts + [part_of(region=gap.region, gaps=[gap]) for gap in gaps]


def verdict(found):
    return Outcome.worst(finding.outcome for finding in found.values())


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@given(world=WORLD, gaps=GAPS, data=st.data())
@LAW
def test_the_order_of_parts_changes_nothing(rule, world, gaps, data):
    parts = parts_of(world, gaps)
    shuffled = data.draw(st.permutations(parts))
    assert run(rule, *parts) == run(rule, *shuffled)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@given(world=WORLD)
@LAW
def test_the_cut_into_parts_changes_nothing(rule, world):
    whole = [
        part_of(
            *[resource_of(f"b{n}", **one) for n, (one, where) in enumerate(world) if where == here],
            region=here,
        )
        for here in REGIONS
    ]
    assert run(rule, *whole) == run(rule, *parts_of(world, []))


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@given(world=WORLD, gaps=st.lists(GAP, min_size=1, max_size=2))
@LAW
def test_with_a_gap_nothing_passes_as_a_whole(rule, world, gaps):
    before = run(rule, *parts_of(world, []))
    after = run(rule, *parts_of(world, gaps))
    assert verdict(after) in {E, F}
    for name, finding in after.items():
        if finding.outcome is P:
            assert before[name].outcome is P, "a gap turned something into a pass"


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@given(world=WORLD, gaps=GAPS)
@LAW
def test_the_values_kept_give_the_same_outcome_again(rule, world, gaps):
    for finding in run(rule, *parts_of(world, gaps)).values():
        assert outcome_again(rule, finding.values, now=NOW) is finding.outcome


def test_the_findings_of_scopes_in_the_shipped_rules_decide_again():
    for rule in shipped().values():
        for scope in (conclude(rule, Tally(), now=NOW, target=TARGET),):
            assert all(outcome_again(rule, f.values, now=NOW) is f.outcome for f in scope)
