"""A waiver covers failures, of what it names and while it says, and never an error."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rule_kit import NOW, TARGET, resource_of, rule_of
from scope_kit import ANY, BAD, BROKEN, EACH, HERE, E, F, buckets, outcomes, run

from agent.evaluate import outcome_again
from agent.judge import judge
from agent.model import Outcome
from agent.waivers import Waiver, waive


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
