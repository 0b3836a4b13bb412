"""What people decided, and what changed about the testing, is told as the log has it."""

from __future__ import annotations

from hashlib import sha256

import pytest
from evidence_world import HOUR, START, TARGET
from period_kit import DAY, ENCRYPTED, TEXTS, good, live, period_world, report, schedule

from agent.evidence.entry import to_rfc3339
from agent.reports.question import Kind

RULE = "aws-s3-encrypted"


def waiver(world, at, event="added", *, until=None, name="w1"):
    body = {
        "event": event,
        "id": name,
        "rule": RULE,
        "resources": ["one"],
        "where": "",
        "reason": "It moves in May.",
        "requested_by": "Ann",
        "approved_by": "Bob",
        "ticket": "T-1",
        "from": to_rfc3339(START),
        "until": to_rfc3339(until or START + 30 * DAY),
    }
    world.log.append("waiver", body, at)


def fails_then_waived(at):
    """The bucket fails for six hours and is waived from then on."""
    outcome = "fail" if at < START + 6 * HOUR else "waived"
    return {RULE: {"one": outcome, "two": "pass"}}


@pytest.mark.parametrize(("hours", "before"), [(-1, True), (3, False)], ids=["before", "after"])
def test_a_waiver_says_whether_it_was_recorded_before_the_failure(tmp_path, hours, before):
    with period_world(tmp_path) as world:
        waiver(world, START + hours * HOUR)
        live(world, fails_then_waived, hours=24, codes={"waived": "w1"})
        made = report(world, 1)
    (use,) = made.waivers
    assert (use.id, use.covered, use.before) == ("w1", 1, before)
    assert use.recorded_at == START + hours * HOUR


def test_a_waiver_that_covered_nothing_says_neither(tmp_path):
    with period_world(tmp_path) as world:
        waiver(world, START)
        live(world, lambda _: good("one"), hours=3)
        made = report(world, 1)
    assert [(use.covered, use.before) for use in made.waivers] == [(0, None)]


def test_a_waiver_that_ended_before_the_period_is_not_in_it(tmp_path):
    with period_world(tmp_path) as world:
        waiver(world, START, until=START + HOUR)
        waiver(world, START, name="w2")
        waiver(world, START + 2 * HOUR, "removed", name="w2")
        waiver(world, START, name="w3")
        live(world, lambda _: good("one"), hours=24)
        made = report(world, 1, kind=Kind.TYPE1)
        whole = report(world, 1)
    assert [use.id for use in made.waivers] == ["w3"]
    assert {use.id: use.until for use in whole.waivers} == {
        "w1": START + HOUR,
        "w2": START + 2 * HOUR,
        "w3": START + 30 * DAY,
    }


def test_a_day_on_which_a_failure_was_accepted_is_waived_and_not_passing(tmp_path):
    with period_world(tmp_path) as world:
        waiver(world, START)
        live(world, lambda _: {RULE: {"one": "waived"}}, hours=24, codes={"waived": "w1"})
        made = report(world, 1)
    (rule,) = (each for control in made.controls for each in control.rules if each.rule == RULE)
    assert [str(day.health) for day in rule.days] == ["waived"]
    assert rule.population == 1
    assert not made.register


def told(made):
    return [(change.kind, change.what) for change in made.changes]


def test_a_text_that_is_taken_back_is_three_stretches_of_two_texts(tmp_path):
    changed = {**TEXTS, RULE: ENCRYPTED.replace("high", "low")}
    with period_world(tmp_path) as world:
        for day, texts in enumerate((TEXTS, changed, TEXTS)):
            schedule(world, START + day * DAY, texts)
            live(world, lambda _: good("one"), start=START + day * DAY, hours=3, texts=texts)
        made = report(world, 3)
    (rule,) = (each for control in made.controls for each in control.rules if each.rule == RULE)
    first, second, third = rule.versions
    assert first.sha256 == third.sha256 != second.sha256
    assert (second.start, second.end) == (START + DAY, START + 2 * DAY)
    assert rule.severity == "high"
    assert [what for _, what in told(made) if "text" in what] == [f"the text of {RULE} changed"] * 2


def test_a_failure_that_began_with_a_new_text_is_marked(tmp_path):
    changed = {**TEXTS, RULE: ENCRYPTED.replace("> 0", "> 1")}

    def state(at):
        return {RULE: {"one": "fail" if at >= START + DAY else "pass", "two": bad(at)}}

    def bad(at):
        return "fail" if START + 3 * HOUR <= at < START + 6 * HOUR else "pass"

    with period_world(tmp_path) as world:
        live(world, state, hours=24)
        schedule(world, START + DAY, changed)
        live(world, state, start=START + DAY, hours=3, texts=changed)
        made = report(world, 2, now=START + DAY + 3 * HOUR)
    marked = {each.deviation.resource: each.text_changed for each in made.register}
    assert marked == {"one": True, "two": False}


def test_what_is_recorded_of_the_agent_is_told_in_its_order(tmp_path):
    with period_world(tmp_path) as world:
        append = world.log.append
        append("agent", {"event": "start", "version": "0.1"}, START + HOUR)
        append("config", {"digest": "a", "rules": 2, "targets": [TARGET]}, START + HOUR)
        append("agent", {"event": "stop", "version": "0.1"}, START + 2 * HOUR)
        append("config", {"digest": "a", "rules": 2, "targets": [TARGET]}, START + 3 * HOUR)
        append("config", {"digest": "b", "rules": 3, "targets": [TARGET]}, START + 4 * HOUR)
        body = {
            "of": "targets",
            "source": "aws:org",
            "joined": ["aws:2"],
            "left": {"aws:3": "gone"},
        }
        append("population", body, START + 5 * HOUR)
        decided = {"of": "controls", "digest": "c", "scope": {}, "controls": {}}
        append("config", decided, START + 6 * HOUR)
        append("agent", {"event": "start", "version": "0.2"}, START + 2 * DAY)
        made = report(world, 1, now=START + 3 * DAY)
    assert told(made)[-6:] == [
        ("agent", "the agent started, version 0.1"),
        ("config", "the first configuration on record"),
        ("agent", "the agent stopped, version 0.1"),
        ("config", "the configuration changed: rules"),
        ("population", "aws:org: aws:2 joined; aws:3 (gone) left"),
        ("config", "the first controls on record"),
    ]
    assert [change.what for change in made.subsequent] == ["the agent started, version 0.2"]
    (differs,) = [change.diff for change in made.changes if change.what.endswith("changed: rules")]
    assert '- "rules": 2' in differs


def test_targets_and_intervals_that_change_are_told(tmp_path):
    with period_world(tmp_path) as world:
        schedule(world, START + HOUR, targets=(TARGET, "aws:2"))
        schedule(world, START + 2 * HOUR, targets=("aws:2",))
        made = report(world, 1)
    scope = [what for kind, what in told(made) if kind == "scope"]
    assert scope == [
        f"the schedule takes in {TARGET}",
        "the schedule takes in aws:2",
        f"the schedule leaves out {TARGET}",
    ]


def test_a_sample_is_told_with_its_population_and_seed(tmp_path):
    ids = b"one\ntwo\nthree\n"
    with period_world(tmp_path) as world:
        cited = {"blob": sha256(ids).hexdigest(), "size": len(ids)}
        frozen = {"of": "sample", "source": "resources", "query": {}, "count": 3, "ids": cited}
        entry = world.log.append("population", frozen, START + HOUR, [ids])
        drawn = {"population": entry, "nonce": "n", "seed": "s|n", "size": 1, "items": ["two"]}
        world.log.append("sample", drawn, START + 2 * HOUR)
        made = report(world, 1, now=START + 2 * DAY)
        world.log.append("sample", drawn, START + 26 * HOUR)
        same = report(world, 1, now=START + 2 * DAY)
    (sample,) = made.samples
    assert (sample.population, sample.of) == (f"resources (entry {entry})", 3)
    assert (sample.seed, sample.drawn) == ("s|n", ("two",))
    assert same.samples == made.samples
