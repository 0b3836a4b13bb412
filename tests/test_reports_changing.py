"""Rules, targets and resources come and go: a report is of those that were there, and says so."""

from __future__ import annotations

from evidence_world import HOUR, START, TARGET
from period_kit import (
    DAY,
    ENCRYPTED,
    OTHER_TARGET,
    RULE,
    TEXTS,
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

from agent.controls.model import Scope
from agent.model import Outcome
from agent.reports.gather import gather
from agent.reports.question import Kind, Question
from agent.reports.readiness import state_of


def test_a_rule_that_joins_in_the_period_has_no_days_before(tmp_path):
    only = {"aws-s3-logged": TEXTS["aws-s3-logged"]}
    with period_world(tmp_path) as world:
        schedule(world, START, only)
        live(world, lambda _: good("one"), hours=24, texts=only)
        schedule(world, START + DAY)
        live(world, lambda _: good("one"), start=START + DAY, hours=24)
        made = report(world, 2)
    assert health(rule_of(made)) == ["none", "pass"]
    assert [change.what for change in made.changes if "added" in change.what][-1] == (
        "1 rule added: aws-s3-encrypted"
    )


def test_a_rule_whose_text_changes_shows_both_and_the_difference(tmp_path):
    changed = {**TEXTS, "aws-s3-encrypted": ENCRYPTED.replace("> 0", "> 1")}
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=24)
        schedule(world, START + DAY, changed)
        live(world, lambda _: good("one"), start=START + DAY, hours=24, texts=changed)
        made = report(world, 2)
    versions = rule_of(made).versions
    assert [(each.start, each.end) for each in versions] == [
        (START, START + DAY),
        (START + DAY, None),
    ]
    assert versions[0].text == ENCRYPTED
    (diff,) = [change.diff for change in made.changes if "text of" in change.what]
    assert "-require: resource.Encryption.Rules.size() > 0" in diff
    assert "+require: resource.Encryption.Rules.size() > 1" in diff


def test_a_rule_that_was_retired_before_the_period_is_not_in_it(tmp_path):
    only = {"aws-s3-logged": TEXTS["aws-s3-logged"]}
    with period_world(tmp_path) as world:
        bad = {"aws-s3-encrypted": {"one": "fail"}, **good()}
        run(world, START, {**bad, "aws-s3-encrypted": {"one": "fail"}})
        schedule(world, START + HOUR, only)
        live(world, lambda _: good("one"), start=START + 2 * HOUR, hours=46, texts=only)
        end = START + 2 * DAY
        whole = report(world, 2)
        later = gather(
            world.store,
            Question(kind=Kind.TYPE2, start=START + DAY, end=end, made_at=end, verify=False),
        )
    assert len(whole.register) == 1
    assert not later.register
    assert [rule.rule for control in later.controls for rule in control.rules] == ["aws-s3-logged"]


def test_targets_out_of_scope_are_in_no_figure(tmp_path):
    both = (TARGET, OTHER_TARGET)
    with period_world(tmp_path) as world:
        schedule(world, START, targets=both)
        for target in both:
            live(world, failing("one", 2, 5), hours=24, target=target)
        made = report(world, 1, scope=Scope(targets=("aws:1111*",)))
    assert made.targets == (TARGET,)
    assert made.completeness.expected == 24
    assert (rule_of(made).tests, rule_of(made).population, len(made.register)) == (24, 2, 1)
    assert made.population[0].at_end == 2


def test_a_rule_that_was_retired_before_the_moment_is_not_failing_at_it(tmp_path):
    only = {"aws-s3-logged": TEXTS["aws-s3-logged"]}
    with period_world(tmp_path) as world:
        run(world, START, {RULE: {"one": "fail"}})
        then = report(world, 0, kind=Kind.TYPE1, now=START + HOUR)
        schedule(world, START + HOUR, only)
        live(world, lambda _: good("one"), start=START + 2 * HOUR, hours=22, texts=only)
        made = report(world, 1, kind=Kind.TYPE1)
    assert not then.register  # at the moment itself nothing had run
    assert not made.register


def test_a_resource_that_changes_has_not_joined(tmp_path):
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one", "two"), hours=3)
        live(world, lambda _: good("one"), start=START + 3 * HOUR, hours=3, revision="2")
        made = report(world, 1)
    (check,) = made.population
    assert (check.joined, check.left, check.at_end, check.ties) == (2, 1, 1, True)


def test_the_population_rolls_forward_and_ties_out(tmp_path):
    def state(at):
        day = (at - START) // DAY
        return good(*(["one", "two"], ["two", "three", "four"], ["three", "one"])[day])

    with period_world(tmp_path) as world:
        live(world, state, hours=72)
        made = report(world, 3)
    (check,) = made.population
    assert (check.at_start, check.joined, check.left, check.at_end) == (0, 5, 3, 2)
    assert check.ties


def test_a_rule_that_was_retired_before_the_moment_makes_no_control_ready(tmp_path):
    only = {"aws-s3-logged": TEXTS["aws-s3-logged"]}
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=12)
        schedule(world, START + 12 * HOUR, only)
        live(world, lambda _: good("one"), start=START + 12 * HOUR, hours=12, texts=only)
        made = report(world, 1, kind=Kind.READINESS)
    assert [state_of(each, made).control for each in made.controls] == ["aws-s3-logged"]


def test_a_target_that_left_before_the_moment_is_in_none_of_its_figures(tmp_path):
    with period_world(tmp_path) as world:
        schedule(world, START, targets=(TARGET, OTHER_TARGET))
        live(world, lambda _: good("one"), hours=12, target=OTHER_TARGET)
        schedule(world, START + 12 * HOUR)
        bad = {RULE: {"two": "fail"}}
        live(world, lambda _: bad, start=START + 12 * HOUR, hours=12)
        made = report(world, 1, kind=Kind.TYPE1)
    rule = rule_of(made)
    assert (rule.population, rule.counts[Outcome.FAIL], rule.clean) == (1, 1, False)
    assert made.controls[0].sentence.startswith("1 of 1 resource ")
