"""What nobody saw is in a report as not seen: never as a pass, never as nothing to test."""

from __future__ import annotations

import pytest
from evidence_world import HOUR, START, TARGET, open_world
from period_kit import (
    DAY,
    OTHER_TARGET,
    RULE,
    failing,
    good,
    health,
    live,
    period_world,
    report,
    rule_of,
    run,
    schedule,
)

from agent.model import Outcome
from agent.reports.assessment import verdict
from agent.reports.question import Kind


def test_hours_without_a_run_are_blind_and_never_a_pass(tmp_path):
    def state(at):
        return None if 24 <= (at - START) / HOUR < 48 else good("one")

    with period_world(tmp_path) as world:
        live(world, state, hours=72)
        world.log.record_missed(START + 2 * DAY, reason="agent_down")
        made = report(world, 3)
    rule = rule_of(made)
    assert health(rule) == ["pass", "blind", "pass"]
    assert [(each.start, each.end, each.reason) for each in rule.blind] == [
        (START + DAY, START + 2 * DAY, "agent_down")
    ]
    assert rule.blind_share == pytest.approx(1 / 3)
    assert made.completeness.explained == 24


def test_slots_that_nobody_explains_are_blind_as_unexplained(tmp_path):
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=24)
        made = report(world, 2)
    assert [each.reason for each in rule_of(made).blind] == ["unexplained"]
    assert made.completeness.unexplained == 24
    assert health(rule_of(made)) == ["pass", "blind"]
    assert rule_of(made).unknown == (TARGET,)


def test_an_error_is_blindness_with_its_reason(tmp_path):
    with period_world(tmp_path) as world:
        state = failing("one", 24, 30, outcome="error")
        live(world, state, hours=72, codes={"error": "denied"})
        made = report(world, 3)
    rule = rule_of(made)
    assert health(rule) == ["pass", "blind", "pass"]
    assert [(each.reason, each.length) for each in rule.blind] == [("denied", 6 * HOUR)]
    assert not rule.register


def test_an_error_of_a_whole_target_is_no_resource_of_the_population(tmp_path):
    with period_world(tmp_path) as world:
        state = {"aws-s3-encrypted": {f"{TARGET}/eu-west-1": "error", TARGET: "error"}}
        live(world, lambda _: state, hours=24)
        made = report(world, 1)
    rule = rule_of(made)
    assert rule.population == 0
    assert health(rule) == ["blind"]
    assert not rule.clean


def test_what_a_rule_does_not_apply_to_is_not_tested(tmp_path):
    with period_world(tmp_path) as world:
        state = {"aws-s3-encrypted": {"one": "not_applicable", "two": "pass"}}
        live(world, lambda _: state, hours=24)
        made = report(world, 1)
    assert rule_of(made).population == 1
    assert rule_of(made).counts[Outcome.NOT_APPLICABLE] == 1


def test_runs_by_hand_say_nothing_of_the_days_between(tmp_path):
    with open_world(tmp_path) as world:
        run(world, START + HOUR, good("one"), slot=False)
        run(world, START + 2 * DAY, good("one"), slot=False)
        made = report(world, 3)
    assert health(rule_of(made)) == ["pass", "none", "pass"]
    assert rule_of(made).every is None


def test_a_target_that_never_had_a_run_is_blind_from_its_first_slot_on(tmp_path):
    with period_world(tmp_path) as world:
        schedule(world, START, targets=(TARGET, OTHER_TARGET))
        live(world, lambda _: good("one"), hours=24)
        made = report(world, 1)
    rule = rule_of(made)
    assert health(rule) == ["blind"]
    assert [(each.target, each.length) for each in rule.blind] == [(OTHER_TARGET, DAY)]
    assert (rule.blind_share, rule.clean) == (1.0, False)


def test_a_rule_that_never_ran_is_blind_and_not_without_population(tmp_path):
    with period_world(tmp_path) as world:
        made = report(world, 1)
    assert [health(each.rules[0]) for each in made.controls] == [["blind"], ["blind"]]
    assert [rule_of(made).blind_share, rule_of(made).tests] == [1.0, 0]


def test_the_time_that_is_blind_on_some_target_is_not_thinned_by_the_others(tmp_path):
    both = (TARGET, OTHER_TARGET)
    with period_world(tmp_path) as world:
        schedule(world, START, targets=both)
        live(world, lambda _: good("one"), hours=24)
        live(world, lambda _: good("two"), hours=12, target=OTHER_TARGET)
        made = report(world, 1)
    assert rule_of(made).blind_share == pytest.approx(0.5)


@pytest.mark.parametrize("kind", [Kind.TYPE1, Kind.TYPE2])
def test_what_could_not_be_listed_is_never_nothing_to_test(tmp_path, kind):
    with period_world(tmp_path) as world:
        live(world, lambda _: {RULE: {TARGET: "error"}}, hours=24)
        made = report(world, 1, kind=kind)
    sentence = next(each.sentence for each in made.controls if each.control.id == RULE)
    assert "nothing to test" not in sentence
    assert "whether there" in sentence
    assert "whole population" not in sentence


@pytest.mark.parametrize("kind", [Kind.TYPE1, Kind.TYPE2])
def test_what_was_listed_and_empty_is_nothing_to_test(tmp_path, kind):
    with period_world(tmp_path) as world:
        live(world, lambda _: {}, hours=24)
        made = report(world, 1, kind=kind)
    assert all("nothing to test" in each.sentence for each in made.controls)


def test_what_was_waived_all_the_time_was_never_clean(tmp_path):
    with period_world(tmp_path) as world:
        live(world, lambda _: {RULE: {"one": "waived"}}, hours=24)
        made = report(world, 1)
    assert health(rule_of(made)) == ["waived"]
    assert not rule_of(made).clean
    assert verdict(made, made.controls[0]) == "other"
