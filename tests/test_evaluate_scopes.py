"""What only a scope can say: listings unseen, nothing there, any, none, at least so many."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_kit import NOW, TARGET, TRAIL, gap_of, part_of, resource_of, rule_of, shipped

from agent.evaluate import KEPT, Tally, conclude, evaluate, outcome_again
from agent.judge import judge
from agent.model import Outcome
from agent.waivers import Waiver, waive
from checks.model import Cause

P, F, E, N = Outcome.PASS, Outcome.FAIL, Outcome.ERROR, Outcome.NOT_APPLICABLE
HERE = "aws:111122223333"
GOOD, BAD, BROKEN = {"Name": "a"}, {"Name": ""}, {}


def example(expect, *resources, **more):
    return {"expect": expect, "resources": list(resources), **more}


EACH = rule_of()
COUNTED = rule_of(
    at_least=2,
    examples=[
        example("pass", GOOD, GOOD),
        example("fail", GOOD, BAD),
        example("error", BROKEN, BROKEN),
    ],
)
ANY = rule_of(
    quantifier="any",
    examples=[example("pass", GOOD, BAD), example("fail", BAD), example("error", BROKEN, BAD)],
)
NONE = rule_of(
    quantifier="none",
    require=None,
    when="resource.Name != ''",
    examples=[example("pass"), example("fail", GOOD), example("error", BROKEN)],
)
TRAILS = [example("pass", GOOD), example("fail", BAD), example("error", BROKEN)]
ANY_A_REGION = rule_of(quantifier="any", per="region", check=TRAIL, message="no", examples=TRAILS)
RULES = {"each": EACH, "at_least": COUNTED, "any": ANY, "none": NONE, "per_region": ANY_A_REGION}


def run(rule, *parts, regions=(), waivers=()):
    """Every finding of a run, by resource."""
    findings, total = [], Tally()
    for part in parts:
        found, tally = evaluate(rule, part, now=NOW, target=TARGET, waivers=waivers)
        findings += found
        total += tally
    findings += conclude(rule, total, now=NOW, target=TARGET, regions=regions, waivers=waivers)
    by_resource = {finding.resource: finding for finding in findings}
    assert len(by_resource) == len(findings), "one finding a rule and resource"
    return by_resource


def outcomes(*args, **more):
    return {name: finding.outcome for name, finding in run(*args, **more).items()}


def buckets(*all_attributes, region="eu-west-1", start=0, gaps=()):
    resources = [resource_of(f"b{start + n}", **one) for n, one in enumerate(all_attributes)]
    return part_of(*resources, region=region, gaps=gaps)


# --- nothing there, or unseen ------------------------------------------------------------------


def test_nothing_observed_is_not_applicable():
    assert outcomes(EACH, buckets()) == {HERE: N}


def test_a_resource_speaks_for_its_scope():
    assert outcomes(EACH, buckets(GOOD), buckets(region="us-east-1")) == {"b0": P}


def test_a_listing_that_is_unseen_is_an_error_and_loses_nothing_else():
    gap = gap_of(region="us-east-1", needs=("s3:ListAllMyBuckets",))
    found = run(EACH, buckets(GOOD), buckets(region="us-east-1", gaps=[gap]))
    assert {name: f.outcome for name, f in found.items()} == {"b0": P, f"{HERE}/us-east-1": E}
    finding = found[f"{HERE}/us-east-1"]
    assert (finding.region, finding.code) == ("us-east-1", "denied")
    assert finding.needs == ("s3:ListAllMyBuckets",)
    assert "cannot see aws.s3.bucket: s3:ListBuckets: denied" in finding.message


def test_a_listing_that_broke_off_keeps_what_was_listed_and_is_an_error():
    found = outcomes(EACH, buckets(GOOD, gaps=[gap_of(region="eu-west-1")]))
    assert found == {"b0": P, f"{HERE}/eu-west-1": E}


def test_a_target_that_is_unseen_is_one_error():
    gap = gap_of(cause=Cause.AUTH)
    assert outcomes(EACH, part_of(region="", gaps=[gap]), regions=["eu-west-1"]) == {HERE: E}


def test_a_region_that_nothing_speaks_of_was_not_seen():
    found = run(EACH, buckets(GOOD), regions=["eu-west-1", "us-east-1"])
    assert found[f"{HERE}/us-east-1"].outcome is E
    assert "unreported" in found[f"{HERE}/us-east-1"].message


def test_a_run_without_any_part_saw_nothing():
    assert outcomes(EACH) == {HERE: E}


def test_a_thousand_gaps_of_one_reason_are_one_line():
    gaps = [gap_of(region="eu-west-1", request_id=str(n)) for n in range(1000)]
    finding = run(EACH, buckets(gaps=gaps))[f"{HERE}/eu-west-1"]
    assert finding.message.count("cannot see") == 1


def test_gaps_of_many_reasons_are_counted_and_the_first_named():
    gaps = [gap_of(region="eu-west-1", call=f"s3:Call{n}") for n in range(9)]
    finding = run(EACH, buckets(gaps=gaps))[f"{HERE}/eu-west-1"]
    assert finding.message.count("cannot see") == 3
    assert "and 6 more" in finding.message


# --- any ---------------------------------------------------------------------------------------


def test_any_passes_by_one_resource_and_keeps_the_values_of_that_one():
    finding = run(ANY, buckets(BAD, GOOD, BROKEN))[HERE]
    assert finding.outcome is P
    assert finding.values["resources"] == {"b1": {"resource": {"Name": "a"}}}


def test_any_fails_when_no_resource_satisfies_and_says_so_of_each():
    finding = run(ANY, buckets(BAD, BAD))[HERE]
    assert finding.outcome is F
    assert "0 of 2 aws.s3.bucket in aws:111122223333 meet this" in finding.message
    assert "b0: " in finding.message
    assert set(finding.values["resources"]) == {"b0", "b1"}


def test_any_fails_when_there_is_no_resource():
    assert outcomes(ANY, buckets()) == {HERE: F}


def test_any_cannot_be_told_when_the_one_may_be_among_the_unseen():
    assert outcomes(ANY, buckets(BAD, BROKEN)) == {HERE: E}
    found = outcomes(ANY, buckets(BAD, gaps=[gap_of(region="us-east-1")]))
    assert found == {HERE: E, f"{HERE}/us-east-1": E}


def test_any_passes_though_another_region_is_unseen_which_is_told_apart():
    found = outcomes(ANY, buckets(GOOD, gaps=[gap_of(region="us-east-1")]))
    assert found == {HERE: P, f"{HERE}/us-east-1": E}


def test_at_least_two_of_any_must_satisfy():
    rule = rule_of(
        quantifier="any",
        at_least=2,
        examples=[
            example("pass", GOOD, GOOD),
            example("fail", GOOD, BAD),
            example("error", BROKEN, GOOD),
        ],
    )
    assert outcomes(rule, buckets(GOOD, BAD)) == {HERE: F}
    assert outcomes(rule, buckets(GOOD, BROKEN)) == {HERE: E}
    finding = run(rule, buckets(GOOD, GOOD, GOOD))[HERE]
    assert finding.outcome is P
    assert outcome_again(rule, finding.values, now=NOW) is P


def test_per_region_each_region_must_have_its_own():
    found = outcomes(ANY_A_REGION, buckets(GOOD), buckets(BAD, region="us-east-1", start=1))
    assert found == {f"{HERE}/eu-west-1": P, f"{HERE}/us-east-1": F}


def test_per_region_a_gap_of_the_target_is_a_gap_of_each_region():
    found = outcomes(ANY_A_REGION, buckets(BAD), part_of(region="", gaps=[gap_of()]))
    assert found == {HERE: E, f"{HERE}/eu-west-1": E}


def test_the_values_of_ten_thousand_candidates_are_not_kept():
    many = buckets(*[BAD] * 10_000)
    finding = run(ANY, many)[HERE]
    assert finding.outcome is F
    assert len(finding.values["resources"]) == KEPT
    assert "0 of 10000" in finding.message


# --- none, at_least ----------------------------------------------------------------------------


def test_none_passes_when_none_is_listed():
    assert outcomes(NONE, buckets()) == {HERE: P}
    assert outcomes(NONE, buckets(BAD)) == {"b0": N, HERE: P}


def test_none_is_violated_by_each_row():
    assert outcomes(NONE, buckets(GOOD, GOOD)) == {"b0": F, "b1": F}


def test_none_cannot_be_told_when_a_row_or_the_listing_is_unseen():
    assert outcomes(NONE, buckets(BROKEN)) == {"b0": E}
    assert outcomes(NONE, buckets(gaps=[gap_of(region="eu-west-1")])) == {f"{HERE}/eu-west-1": E}


def test_at_least_counts_what_is_there_whatever_comes_of_it():
    assert outcomes(COUNTED, buckets(GOOD, BAD)) == {"b0": P, "b1": F, HERE: P}
    assert outcomes(COUNTED, buckets(GOOD, BROKEN)) == {"b0": P, "b1": E, HERE: P}


def test_too_few_fail():
    finding = run(COUNTED, buckets(GOOD))[HERE]
    assert (finding.outcome, finding.code) == (F, "at_least")
    assert finding.message == "1 aws.s3.bucket in aws:111122223333, needed: 2"


def test_too_few_cannot_be_told_when_more_may_be_unseen():
    found = outcomes(COUNTED, buckets(GOOD, gaps=[gap_of(region="us-east-1")]))
    assert found == {"b0": P, HERE: E, f"{HERE}/us-east-1": E}


def test_a_count_beyond_what_is_needed_changes_no_finding():
    first = run(COUNTED, buckets(GOOD, GOOD))[HERE]
    assert run(COUNTED, buckets(*[GOOD] * 9))[HERE] == first


# --- laws --------------------------------------------------------------------------------------

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


# --- waivers -----------------------------------------------------------------------------------


def waiver(*resources, **more):
    return Waiver(
        **{
            "id": "w1",
            "rule": "a-rule",
            "resources": resources,
            "reason": "moving",
            "requested_by": "ana",
            "approved_by": "bob",
            "since": NOW - timedelta(days=1),
            "until": NOW + timedelta(days=1),
            **more,
        }
    )


def test_a_waived_failure_stays_visible_with_who_and_until_when():
    finding = run(EACH, buckets(BAD), waivers=[waiver("b0")])["b0"]
    assert (finding.outcome, finding.code) == (Outcome.WAIVED, "w1")
    assert "has a bucket without a name (waived until 2026-06-02T00:00:00Z by bob: moving)" in (
        finding.message
    )
    assert outcome_again(EACH, finding.values, now=NOW) is F


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        (waiver("b*"), Outcome.WAIVED),
        (waiver("c*"), F),
        (waiver("b0", rule="other"), F),
        (waiver("b0", until=NOW), F),
        (waiver("b0", since=NOW), Outcome.WAIVED),
        (waiver("b0", since=NOW + timedelta(seconds=1)), F),
    ],
    ids=["glob", "other resource", "other rule", "ended now", "begins now", "not yet"],
)
def test_a_waiver_covers_what_it_says_and_while_it_says(made, outcome):
    assert outcomes(EACH, buckets(BAD), waivers=[made])["b0"] is outcome


def test_a_waiver_of_a_resource_covers_its_elements():
    rule = rule_of(
        each={"grant": "resource.Acl.Grants"},
        require="grant.Permission != 'WRITE'",
        message="no",
        examples=[
            {"expect": expect, "resource": {"Acl": {"Grants": [grant]}}}
            for expect, grant in [
                ("pass", {"Permission": "READ"}),
                ("fail", {"Permission": "WRITE"}),
                ("error", {}),
            ]
        ],
    )
    resource = resource_of("b0", Acl={"Grants": [{"Permission": "WRITE"}]})
    (finding,) = judge(rule, resource, now=NOW, target=TARGET)
    assert finding.resource == "b0#0"
    assert waive(finding, [waiver("b0")], NOW).outcome is Outcome.WAIVED


def test_an_error_is_never_waived():
    assert outcomes(EACH, buckets(BROKEN), waivers=[waiver("*")])["b0"] is E


def test_a_scope_can_be_waived():
    assert outcomes(ANY, buckets(BAD), waivers=[waiver(HERE)]) == {HERE: Outcome.WAIVED}


@given(st.permutations([waiver("b0"), waiver("b*", id="w2", until=NOW + timedelta(days=9))]))
def test_of_several_waivers_the_longest_is_named_in_any_order(waivers):
    assert run(EACH, buckets(BAD), waivers=waivers)["b0"].code == "w2"
