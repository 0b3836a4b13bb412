"""What only a scope can say: listings unseen, nothing there, any, none, at least so many."""

from rule_kit import NOW, gap_of, part_of, rule_of
from scope_kit import (
    ANY,
    ANY_A_REGION,
    BAD,
    BROKEN,
    COUNTED,
    EACH,
    GOOD,
    HERE,
    NONE,
    E,
    F,
    N,
    P,
    buckets,
    example,
    outcomes,
    run,
)

from agent.evaluate import KEPT, outcome_again
from checks.model import Cause

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
