"""The questions: as of an instant, deviations with their bounds, completeness, replay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from evidence_world import HOUR, START, TARGET, finding, open_world, rules_of

from agent.evidence import queries
from agent.evidence.deviations import deviations
from agent.evidence.replay import Verdict, replay
from agent.evidence.slots import Scheduled, expected, from_bodies, ranges, to_body, to_seconds
from agent.evidence.store import StoreError
from agent.model import Outcome

MINUTE = timedelta(minutes=1)
YEAR = START + 9000 * HOUR


@pytest.fixture
def world(tmp_path):
    with open_world(tmp_path) as opened:
        yield opened
        opened.verify()


def at(hour, minute=0):
    return START + hour * HOUR + minute * MINUTE


def seen(world, moment, **which):
    return {row.resource: str(row.outcome) for row in queries.as_of(world.store, moment, **which)}


def test_as_of_is_the_last_run_that_had_ended_by_then(world):
    world.run(0, {("r1", "a"): "pass"}, minutes=10)
    world.run(1, {("r1", "a"): "fail"}, minutes=10)
    assert seen(world, at(0, 9)) == {}
    assert seen(world, at(0, 10)) == {"a": "pass"}
    assert seen(world, at(1, 9)) == {"a": "pass"}
    assert seen(world, at(1, 10)) == {"a": "fail"}


def test_as_of_may_be_asked_of_a_target_a_rule_and_outcomes(world):
    world.run(0, {("r1", "a"): "pass", ("r2", "a"): "fail"})
    world.run(0, {("r1", "b"): "fail"}, target="aws:2")
    assert seen(world, at(1), target="aws:2") == {"b": "fail"}
    assert seen(world, at(1), rule="r1") == {"a": "pass", "b": "fail"}
    assert seen(world, at(1), outcomes=[Outcome.FAIL]) == {"a": "fail", "b": "fail"}
    assert seen(world, at(1), target="aws:3") == seen(world, at(1), rule="r9") == {}
    assert queries.counts_as_of(world.store, at(1)) == {
        (TARGET, "r1"): {Outcome.PASS: 1},
        (TARGET, "r2"): {Outcome.FAIL: 1},
        ("aws:2", "r1"): {Outcome.FAIL: 1},
    }
    assert queries.counts_as_of(world.store, START) == {}


def test_the_outcomes_of_a_rule_alone_are_those_of_its_findings(world):
    for hour, outcome in enumerate(["pass", "fail", "error"]):
        world.run(hour, {("r1", "a"): outcome, ("r1", "b"): "pass", ("r2", "c"): "fail"})
    for moment in (at(0), at(1), at(1, 30), at(2), at(9)):
        lean = queries.outcomes_as_of(world.store, moment, target=TARGET, rule="r1")
        assert {name: str(one) for name, one in lean.items()} == seen(world, moment, rule="r1")
    nobody = queries.outcomes_as_of(world.store, at(9), target="aws:9", rule="r1")
    assert nobody == queries.outcomes_as_of(world.store, at(9), target=TARGET, rule="r9") == {}


def test_one_finding_as_of_an_instant_is_its_span(world):
    for hour, outcome in enumerate(["pass", "fail", "fail", "pass"]):
        world.run(hour, {("r1", "a"): outcome})
    world.run(4, {})
    which = {"target": TARGET, "rule": "r1", "resource": "a"}
    span = queries.finding_as_of(world.store, at(2, 30), **which)
    assert (span.outcome, span.start, span.end) == (Outcome.FAIL, at(1, 1), at(3, 1))
    assert queries.finding_as_of(world.store, at(4, 30), **which) is None
    assert queries.finding_as_of(world.store, START, **which) is None
    assert queries.finding_as_of(world.store, at(1), **{**which, "rule": "r9"}) is None
    history = queries.history(world.store, rule="r1", resource="a")
    assert [str(span.outcome) for span in history] == ["pass", "fail", "pass"]
    assert [span.to_run for span in history] == [2, 4, 5]


def test_state_that_is_older_than_its_interval_is_stale(world):
    world.plan()
    (never,) = queries.bases(world.store, at(0, 1))
    assert (never.run, never.stale) == (None, True)
    world.run(0, {("r1", "a"): "pass"})
    ages = {
        minutes: {basis.rule: basis.stale for basis in queries.bases(world.store, at(0, minutes))}
        for minutes in (2, 76, 77)
    }
    assert ages == {
        2: {"r1": False, "r2": False},
        76: {"r1": False, "r2": False},
        77: {"r1": True, "r2": False},
    }
    (r1, r2) = queries.bases(world.store, at(0, 31))
    assert (r1.age, r1.limit, r2.limit) == (30 * MINUTE, 75 * MINUTE, None)


def test_the_newest_run_of_each_rule_has_its_counts(world):
    world.run(0, {("r1", "a"): "pass", ("r1", "b"): "fail"})
    row = queries.latest(world.store)[0]
    assert (row.target, row.rule, row.slot, row.finished) == (TARGET, "r1", at(0), at(0, 1))
    assert row.counts == {
        **dict.fromkeys(Outcome, 0),
        Outcome.PASS: 1,
        Outcome.FAIL: 1,
    }


def test_runs_of_a_period_are_half_open(world):
    for hour in range(3):
        world.run(hour, {("r1", "a"): "pass"})
    found = [body["slot"] for _, body in queries.runs(world.store, at(0, 1), at(2, 1))]
    assert found == ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"]
    assert list(queries.runs(world.store, START, YEAR, target="aws:9")) == []


def story(world, *outcomes):
    """Runs of one bucket, an hour apart: an outcome, `-` for gone, `.` for no run."""
    for hour, outcome in enumerate(outcomes):
        if outcome != ".":
            world.run(hour, {} if outcome == "-" else {("r1", "a"): outcome})
    return deviations(world.store, START, YEAR)


def test_a_deviation_has_observed_and_greatest_duration(world):
    (one,) = story(world, "pass", "pass", "fail", "fail", "pass")
    assert (one.last_good, one.start) == (at(1), at(2, 1))
    assert (one.last_bad, one.end, one.ended_by) == (at(3, 1), at(4, 1), "pass")
    assert (one.observed, one.longest) == (HOUR, 3 * HOUR + MINUTE)
    assert (one.message, one.blind) == ("a is fail", False)


def test_an_open_deviation_has_no_end(world):
    (one,) = story(world, "pass", "fail", "fail")
    assert (one.end, one.last_bad, one.ended_by) == (None, None, "")
    assert (one.observed, one.longest) == (None, None)


def test_a_failure_at_the_first_run_may_be_older_than_the_log(world):
    (one,) = story(world, "fail", "pass")
    assert (one.last_good, one.longest, one.observed) == (None, None, timedelta())


def test_a_failure_of_a_new_resource_is_no_older_than_the_last_run_without_it(world):
    (one,) = story(world, "-", "fail", "-")
    assert (one.last_good, one.ended_by, one.end) == (at(0), "gone", at(2, 1))


def test_an_error_within_a_failure_does_not_end_it(world):
    (one,) = story(world, "pass", "fail", "error", "fail", "error", "pass")
    assert (one.blind, one.start, one.last_bad, one.end) == (True, at(1, 1), at(3, 1), at(5, 1))


def test_an_error_before_a_failure_leaves_the_last_good_run_before_it(world):
    (one,) = story(world, "pass", "error", "error", "fail", "pass")
    assert one.last_good == at(0)


def test_an_error_alone_is_no_deviation(world):
    assert story(world, "pass", "error", "pass") == []


def test_a_failure_that_is_waived_ends_as_waived(world):
    (one,) = story(world, "pass", "fail", "waived")
    assert one.ended_by == "waived"


def test_a_resource_that_comes_back_failing_is_another_deviation(world):
    first, second = story(world, "fail", "-", "fail")
    assert (first.ended_by, second.last_good, second.end) == ("gone", at(1), None)


def test_a_missed_slot_widens_what_a_failure_can_have_lasted(world):
    (one,) = story(world, "pass", ".", ".", "fail", ".", "pass")
    assert one.longest == 5 * HOUR + MINUTE


def test_deviations_that_do_not_touch_the_period_are_left_out(world):
    story(world, "pass", "fail", "pass", "pass", "fail")
    for start, end, count in (
        (at(0), at(1, 1), 0),
        (at(0), at(1, 2), 1),
        (at(2, 1), at(4, 1), 0),
        (at(2), at(4, 2), 2),
        (at(8), at(9), 1),
    ):
        assert len(deviations(world.store, start, end)) == count, (start, end)
    assert deviations(world.store, START, YEAR, rule="r9") == []
    assert deviations(world.store, START, YEAR, target="aws:9") == []
    assert len(deviations(world.store, START, YEAR, rule="r1", target=TARGET)) == 2


def test_every_slot_is_run_explained_or_unexplained(world):
    world.plan()
    world.run(0, {("r1", "a"): "pass"})
    world.run(3, {("r1", "a"): "pass"})
    before = queries.gaps(world.store, START, at(6))
    assert (before.expected, before.ran, before.explained, before.unexplained) == (6, 2, 0, 4)
    assert [(gap.start, gap.end, gap.slots) for gap in before.gaps] == [
        (at(1), at(3), 2),
        (at(4), at(6), 2),
    ]
    world.log.record_missed(at(3, 30), reason="upgrade", author="ana")
    after = queries.gaps(world.store, START, at(6))
    assert (after.explained, after.unexplained, after.longest) == (2, 2, 2 * HOUR)
    assert (after.gaps[0].reason, after.gaps[0].author) == ("upgrade", "ana")
    assert queries.gaps(world.store, START, at(6), target="aws:9").expected == 0


def test_missed_slots_are_recorded_once_and_in_ranges(world):
    world.plan(targets=(TARGET, "aws:2"))
    world.run(1, {("r1", "a"): "pass"})
    assert len(world.log.record_missed(at(4, 1))) == 3
    assert world.log.record_missed(at(4, 1)) == []
    assert len(world.log.record_missed(at(5, 1))) == 2
    body = next(body for _, body in queries.entries(world.store, kind="gap"))
    assert body["from"] == "2026-01-01T00:00:00Z"
    assert (body["to"], body["slots"], body["reason"]) == ("2026-01-01T01:00:00Z", 1, "agent_down")


def test_a_slot_that_still_runs_is_not_missed_and_is_looked_at_again(world):
    world.plan()
    pending = [(TARGET, at(0)), (TARGET, at(2))]
    (index,) = world.log.record_missed(at(2, 1), pending=pending)
    (gap,) = (body for at_, body in queries.entries(world.store, kind="gap") if at_ == index)
    assert (gap["from"], gap["slots"]) == ("2026-01-01T01:00:00Z", 1)
    assert len(world.log.record_missed(at(2, 1))) == 2


def test_slots_that_are_not_over_yet_are_not_missed(world):
    world.plan()
    assert world.log.record_missed(at(5), before=at(0)) == []
    assert len(world.log.record_missed(at(5), before=at(1))) == 1


def test_a_new_schedule_counts_from_when_it_is_valid(world):
    world.plan(0, every=3600)
    world.plan(4, every=7200)
    assert queries.gaps(world.store, START, at(10)).expected == 4 + 3


def test_a_schedule_too_long_for_its_entry_is_read_back(world):
    rules = {f"rule-{n}": Scheduled(every=3600, digest="ab" * 32) for n in range(1000)}
    world.log.schedule({TARGET: rules}, valid_from=START, at=START)
    assert queries.gaps(world.store, START, at(3)).expected == 3


def test_a_target_that_leaves_the_schedule_expects_nothing_more(world):
    world.plan(0, targets=(TARGET, "aws:2"))
    world.plan(2, targets=(TARGET,))
    assert queries.gaps(world.store, START, at(4), target="aws:2").expected == 2


def test_slots_are_multiples_of_each_interval():
    rules = {
        "a": Scheduled(every=600, digest=""),
        "b": Scheduled(every=900, digest=""),
        "c": Scheduled(every=1800, digest=""),
    }
    known = from_bodies([to_body({"t": rules}, START + MINUTE)])
    low = to_seconds(START)
    slots = [(slot - low) // 60 for slot in expected(known, "t", low, low + 3600)]
    assert slots == [10, 15, 20, 30, 40, 45, 50]


def test_ranges_end_where_a_slot_is_accounted_for():
    ends = {0: 1, 1: 2, 2: 3, 3: 4}
    assert ranges([0, 1, 2, 3], [0, 1, 3], ends) == [(0, 2, 2), (3, 4, 1)]


def evaluate(case):
    state = case.values["resource"]["State"]
    return Verdict(Outcome(state), "", "" if state == "pass" else f"{case.resource} is {state}")


def test_a_replay_gives_the_same_outcomes(world):
    world.run(0, {("r1", "a"): "pass", ("r2", "b"): "fail"})
    sealed = world.run(1, {("r1", "a"): "fail"}, lost={"r2": [("", "denied", "not seen")]})
    result = replay(world.store, sealed.index, evaluate)
    assert (result.same, result.skipped, result.mismatches) == (1, 1, ())
    first = replay(world.store, 1, evaluate)
    assert (first.same, first.skipped) == (2, 0)


def test_a_replay_that_differs_says_where(world):
    sealed = world.run(0, {("r1", "a"): "pass", ("r1", "b"): "pass"})

    def worse(case):
        assert (case.text, case.params, case.check) == (b"id: r1", {"days": 90}, "aws.s3.bucket")
        assert (case.started, case.slot) == (START, START)
        if case.resource == "a":
            return None
        return Verdict(Outcome.FAIL, "", "")

    result = replay(world.store, sealed.index, worse)
    assert (result.same, result.skipped) == (0, 1)
    (mismatch,) = result.mismatches
    assert (mismatch.case.resource, mismatch.verdict.outcome) == ("b", Outcome.FAIL)


def test_only_a_run_can_be_replayed(world):
    for index in (0, 99):
        with pytest.raises(StoreError, match="is not a run"):
            replay(world.store, index, evaluate)


def test_entries_are_listed_by_kind_and_from_an_index(world):
    world.plan()
    world.run(0, {("r1", "a"): "pass"})
    kinds = [(index, body["kind"]) for index, body in queries.entries(world.store)]
    assert kinds == [(0, "key"), (1, "schedule"), (2, "run")]
    assert [index for index, _ in queries.entries(world.store, kind="run")] == [2]
    assert [index for index, _ in queries.entries(world.store, start=1)] == [1, 2]


def test_a_run_by_hand_counts_for_the_state_and_for_no_slot(world):
    world.plan()
    with world.log.run(
        target=TARGET, slot=None, rules=rules_of("r1"), at=START, trigger="manual"
    ) as run:
        run.add(finding("r1", "a", "fail"))
        run.seal({}, finished=START)
    assert seen(world, at(1)) == {"a": "fail"}
    assert queries.gaps(world.store, START, at(1)).unexplained == 1
