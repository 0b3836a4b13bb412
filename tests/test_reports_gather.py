"""A report says what the log says of a period: no more, no less."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from hashlib import sha256

import msgspec
from evidence_world import HOUR, START, TARGET
from period_kit import DAY, RULE, failing, good, health, live, period_world, report, rule_of

from agent.controls.decisions import Decisions, record
from agent.controls.load import Library
from agent.controls.model import Control, Scope
from agent.evidence.store import Store
from agent.model import Outcome
from agent.reports.gather import gather
from agent.reports.model import Health, Response
from agent.reports.question import Kind, Question
from agent.reports.register import Answer
from agent.reports.sealed import read_seal


def test_a_period_without_a_failure_counts_every_run_and_resource(tmp_path):
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one", "two"), hours=48)
        made = report(world, 2)
    rule = rule_of(made)
    assert (rule.tests, rule.population, rule.failed) == (48, 2, 0)
    assert rule.population_sha256 == sha256(b"one\ntwo\n").hexdigest()
    assert rule.counts[Outcome.PASS] == 2
    assert health(rule) == ["pass", "pass"]
    assert rule.clean
    assert rule_of(made, "aws-s3-logged").tests == 8
    assert (made.completeness.expected, made.completeness.ran) == (48, 48)
    assert not made.register


def test_a_failure_is_a_deviation_of_its_days_only(tmp_path):
    with period_world(tmp_path) as world:
        live(world, failing("one", 20, 30), hours=72)
        made = report(world, 3)
    rule = rule_of(made)
    assert health(rule) == ["fail", "fail", "pass"]
    assert (rule.failed, len(rule.register), rule.register[0].number) == (1, 1, 1)
    assert rule.register[0].counts
    # from the start of the run before it was seen to the end of the run that saw it mended
    assert rule.longest == timedelta(hours=11, minutes=2)


def test_a_failure_that_is_mended_in_time_is_in_the_register_and_does_not_count(tmp_path):
    with period_world(tmp_path) as world:
        live(world, failing("one", 6, 24, rule="aws-s3-logged"), hours=96)
        made = report(world, 4)
    rule = rule_of(made, "aws-s3-logged")
    assert [each.counts for each in made.register] == [False]
    assert made.register[0].allowed == timedelta(days=2)
    assert (rule.failed, rule.longest) == (0, None)
    assert health(rule)[:2] == ["fail", "fail"]  # the calendar shows it all the same


def test_a_failure_that_is_mended_too_late_counts(tmp_path):
    with period_world(tmp_path) as world:
        live(world, failing("one", 6, 72, rule="aws-s3-logged"), hours=96)
        made = report(world, 4)
    assert [each.counts for each in made.register] == [True]
    assert rule_of(made, "aws-s3-logged").failed == 1


def test_the_query_says_whether_the_controls_are_those_of_the_log(tmp_path):
    scope = Scope(organization="Acme")
    control = Control(id="c", title="c", criteria={"soc2": ("CC6.1",)}, rules=("*",), source="f")
    changed = msgspec.structs.replace(control, title="d")
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=2)
        none = report(world, 1, scope=scope, controls={"c": control})
        library = Library(controls={"c": control}, not_applicable={})
        record(world.log, Decisions(library=library, scope=scope), START + 3 * HOUR)
        same = report(world, 1, scope=scope, controls={"c": control})
        other = report(world, 1, scope=scope, controls={"c": changed})
    said = [each.provenance.query.split("; ")[1] for each in (none, same, other)]
    assert said == [
        "scope and controls as on file, of which the log has none yet",
        "scope and controls as the log has them",
        "scope and controls as on file, which is not what the log last had",
    ]


def test_a_failure_that_lasts_over_the_end_is_said_to(tmp_path):
    with period_world(tmp_path) as world:
        live(world, failing("one", 20, 30), hours=48)
        made = report(world, 1, now=START + 2 * DAY)
    (sentence,) = [each.sentence for each in made.controls if each.control.id == RULE]
    assert sentence.endswith("1 of 2 resources deviated, 1 time in all, 1 still at the end.")
    assert made.register[0].deviation.end == START + 30 * HOUR + timedelta(minutes=2)


def test_each_rule_has_one_instance_with_what_was_read(tmp_path):
    with period_world(tmp_path) as world:
        live(world, failing("one", 20, 24), hours=24)
        made = report(world, 1)
        before = report(world, 1, kind=Kind.TYPE1, now=START + DAY)
    for each in (made, before):
        instance = rule_of(each).instance
        assert (instance.target, instance.resource) == (TARGET, "one")
        assert instance.outcome is Outcome.FAIL
        assert instance.since == START + 20 * HOUR + timedelta(minutes=2)
        assert instance.values == "{}"


def test_a_moment_shows_the_state_then_and_not_what_came_after(tmp_path):
    with period_world(tmp_path) as world:
        live(world, failing("one", 20, 30), hours=72)
        bad = report(world, 1, kind=Kind.TYPE1, now=START + 3 * DAY)
        fine = report(world, 2, kind=Kind.TYPE1, now=START + 3 * DAY)
    assert rule_of(bad).counts[Outcome.FAIL] == 1
    assert [each.deviation.resource for each in bad.register] == ["one"]
    assert rule_of(bad).health is Health.FAIL
    assert rule_of(bad).clean  # before the 20th hour everything passed
    assert rule_of(fine).counts == {**dict.fromkeys(Outcome, 0), Outcome.PASS: 2}
    assert not fine.register
    assert rule_of(fine).oldest == START + 47 * HOUR + timedelta(minutes=2)


def test_a_control_gathers_its_rules_and_others_stand_for_themselves(tmp_path):
    control = Control(
        id="encryption", title="Data is encrypted", criteria={"soc2": ("CC6.1",)},
        rules=("soc2:CC6.1",),
    )  # fmt: skip
    with period_world(tmp_path) as world:
        live(world, failing("one", 2, 5), hours=24)
        made = report(world, 1, controls={"encryption": control})
    first, second = made.controls
    assert (first.control.id, second.control.id) == ("encryption", "aws-s3-logged")
    assert [day.health for day in first.days] == [Health.FAIL]
    assert first.sentence == (
        "Tested in 24 runs, every 1h, each on the whole population."
        " 1 of 2 resources deviated, 1 time in all."
    )


def test_the_answer_that_says_most_of_a_deviation_is_the_one_that_it_gets(tmp_path):
    def answer(text, **of):
        return Answer(
            rule="aws-s3-encrypted", response=Response(by="Eva", at=START, text=text), **of
        )

    with period_world(tmp_path) as world:
        live(world, failing("one", 2, 5), hours=24)
        made = report(world, 1, answers=(answer("all"), answer("one", resource="one")))
        none = report(world, 1, answers=(answer("two", resource="two"),))
    assert made.register[0].response.text == "one"
    assert none.register[0].response is None


def test_what_begins_to_fail_after_the_period_is_a_subsequent_event(tmp_path):
    with period_world(tmp_path) as world:
        live(world, failing("one", 30, 40), hours=48)
        made = report(world, 1, now=START + 2 * DAY)
    assert not made.register
    assert [change.what for change in made.subsequent] == [
        "aws-s3-encrypted: 1 resource began to fail after the period"
    ]


def test_a_period_that_is_not_over_is_reported_up_to_now(tmp_path):
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=24)
        made = report(world, 30, now=START + DAY)
    assert made.end == START + DAY
    assert made.completeness.unexplained == 0


def test_a_changed_byte_of_the_store_is_in_the_seal(tmp_path):
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=3)
        whole = report(world, 1, verify=True)
    assert whole.seal.verified == "valid"
    assert whole.seal.size == 5
    path = tmp_path / "evidence.db"
    with sqlite3.connect(path) as connection:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE change SET outcome = 0 WHERE seq = 1")
    connection.close()
    with Store.open(path, create=False) as store:
        assert read_seal(store, verify=True, now=START).verified.startswith("invalid: ")
        assert read_seal(store, verify=False, now=START).verified == ""


def test_the_tool_page_says_who_looked_with_what(tmp_path):
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=3)
        live(
            world, lambda _: good("one"), start=START + 3 * HOUR, hours=3,
            header={
                "agent": "0.2", "clock_skew_ms": -1500, "regions": ["us-east-1", "", "eu-west-1"],
                "not_enabled": ["ap-east-1"], "self_test": {"rules": 2, "failed": ["r"]},
            },
        )  # fmt: skip
        made = report(world, 1, permissions=("s3:ListAllMyBuckets",))
    assert [version for _, version, _ in made.tool.versions] == ["0.1", "0.2"]
    assert made.tool.identities == ((TARGET, "arn:aws:sts::1:role/x"),)
    assert made.tool.skew == f"1.500 s, measured on {TARGET} at 2026-01-01T03:02:00Z"
    assert made.tool.self_test.startswith("Before the last run 1 of 2 rules did not")
    assert made.tool.places == ((TARGET, ("eu-west-1", "us-east-1"), ("ap-east-1",)),)


def test_a_period_that_began_before_the_log_says_since_when_there_is_a_schedule(tmp_path):
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=24)
        question = Question(
            kind=Kind.TYPE2, start=START - DAY, end=START + DAY, made_at=START + DAY, verify=False
        )
        made = gather(world.store, question)
        within = report(world, 1)
    assert health(rule_of(made)) == ["none", "pass"]
    assert made.provenance.completeness.endswith(
        "; before 2026-01-01T00:00:00Z no schedule was in force"
    )
    assert "before" not in within.provenance.completeness
