"""Readiness counts what there is; what was never tested is not counted as in order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from evidence_world import HOUR, START, TARGET
from period_kit import DAY, good, live, period_world, report

from agent.controls.attest import to_body
from agent.controls.document import DocumentError
from agent.controls.model import Attestation, Cadence, Control, Manual, Result
from agent.reports.answers import load_answers
from agent.reports.question import Kind
from agent.reports.readiness import assess, state_of

REVIEW = Manual(
    cadence=Cadence.WEEKLY,
    grace=timedelta(days=1),
    task="Look at it.",
    attach=(),
    performer="Ann",
    reviewer="Bob",
)


def control(name, *, rules=(), manual=None, criteria=("CC6.1",)):
    return Control(
        id=name, title=name, criteria={"soc2": criteria}, rules=rules, manual=manual
    )  # fmt: skip


CONTROLS = {
    "both": control("both", rules=("aws-s3-encrypted",), manual=REVIEW),
    "logged": control("logged", rules=("aws-s3-logged",)),
    "none": control("none", rules=("aws-nothing",), criteria=("CC6.2",)),
}
CRITERIA = {"CC6.1": "one", "CC6.2": "two", "CC6.3": "three"}


def attest(world, at, result=Result.DONE):
    """Record that the first week was looked at."""
    said = Attestation(
        control="both",
        period="2026-W01",
        performer="Ann",
        reviewer="Bob",
        performed_at=at,
        recorded_at=at,
        statement="Looked at.",
        result=result,
    )
    world.log.append("attestation", to_body(said), at)


def lines(world, days=7):
    made = report(world, days, kind=Kind.READINESS, controls=CONTROLS, criteria=CRITERIA)
    return {line.criterion: line for line in assess(made)}, made


def counts(line):
    return (line.designed, line.in_place, line.clean, line.failing, line.untested)


def test_a_control_is_in_place_when_each_of_its_parts_has_operated(tmp_path):
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=24 * 7)
        before, _ = lines(world, 6)
        attest(world, START + 6 * DAY)
        after, _ = lines(world, 7)
    assert counts(before["CC6.1"]) == (2, 1, 1, 1, 0)  # the review is overdue since the fifth day
    assert counts(after["CC6.1"]) == (2, 2, 2, 0, 0)


def test_what_was_never_tested_is_neither_clean_nor_failing(tmp_path):
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=24)
        found, _ = lines(world, 1)
    assert counts(found["CC6.2"]) == (1, 0, 0, 0, 1)


def test_a_criterion_that_no_control_serves_is_shown(tmp_path):
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=2)
        found, _ = lines(world, 1)
    assert counts(found["CC6.3"]) == (0, 0, 0, 0, 0)


def test_a_control_that_fails_now_may_have_been_clean_once(tmp_path):
    def state(at):
        bad = at >= START + 12 * HOUR
        return {"aws-s3-logged": {"one": "fail" if bad else "pass"}}

    with period_world(tmp_path) as world:
        live(world, state, hours=24)
        found, _ = lines(world, 1)
    assert counts(found["CC6.1"]) == (2, 1, 1, 1, 1)


def test_a_rule_that_sees_nothing_is_not_made_clean_by_another(tmp_path):
    whole = {"all": control("all", rules=("aws-s3-*",))}
    state = {"aws-s3-logged": {"one": "pass"}, "aws-s3-encrypted": {TARGET: "error"}}
    with period_world(tmp_path) as world:
        live(world, lambda _: state, hours=24)
        made = report(world, 1, kind=Kind.READINESS, controls=whole)
    (found,) = [state_of(each, made) for each in made.controls]
    assert (found.in_place, found.tested, found.clean) == (True, True, False)


def test_a_control_that_never_passed_was_never_clean(tmp_path):
    with period_world(tmp_path) as world:
        live(world, lambda _: {"aws-s3-logged": {"one": "fail", "two": "pass"}}, hours=24)
        found, _ = lines(world, 1)
    assert found["CC6.1"].clean == 0
    assert found["CC6.1"].failing == 1


def test_a_late_attestation_is_said_to_be_late(tmp_path):
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=24 * 7)
        attest(world, START + 6 * DAY)  # the week ends after four days; then a day of grace
        made = report(world, 7, controls=CONTROLS)
    (due,) = made.controls[0].dues
    assert due.late == DAY
    assert made.controls[0].sentence.endswith("People attested 1 of 1 instance: 1 late.")


def test_an_attestation_that_is_recorded_after_the_moment_is_not_known_to_it(tmp_path):
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=24)
        attest(world, START + 6 * DAY)
        _, made = lines(world, 3)
    assert [due.attestation for due in made.controls[0].dues] == [None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("answers: []", ":1:1: unknown key 'answers'; there is `responses`"),
        ("responses: {}", ":1:1: a list is expected"),
        ("responses:\n- {rule: r, by: Eva, at: 2026-01-01}", ":2:3: `text` is missing"),
        (
            "responses:\n- {rule: r, by: Eva, at: soon, text: t}",
            ":2:22: 'soon' is not a date (2026-01-31) or a time in UTC (2026-01-31T08:00Z)",
        ),
        ("responses:\n- {rule: r, by: ' ', at: 2026-01-01, text: t}", ":2:13: is empty"),
    ],
    ids=["key", "list", "missing", "time", "empty"],
)
def test_a_mistake_in_the_responses_is_said_with_its_place(tmp_path, text, said):
    file = tmp_path / "responses.yaml"
    file.write_text(text)
    with pytest.raises(DocumentError) as error:
        load_answers(file)
    assert str(error.value) == f"{file}{said}"


def test_responses_are_read(tmp_path):
    file = tmp_path / "responses.yaml"
    file.write_text(
        "responses:\n"
        "- {rule: r, by: Eva, at: 2026-01-02, text: Mended., start: 2026-01-01T08:00:00Z}\n"
    )
    (answer,) = load_answers(file)
    assert (answer.rule, answer.resource, answer.response.by) == ("r", "", "Eva")
    assert answer.start == START + 8 * HOUR
    assert load_answers(file)[0].response.at == START + DAY
