"""What people did and decided is in every form: attestations with their files, waivers."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import msgspec
import pytest
from evidence_world import HOUR, START, TARGET
from period_kit import DAY, good, live, period_world, report

from agent.controls.attest import to_body
from agent.controls.events import EventList, event_changes
from agent.controls.model import Attestation, Cadence, Control, File, Manual, Result
from agent.evidence.entry import Kind
from agent.reports.assessment import to_assessment, verdict
from agent.reports.gather import gather
from agent.reports.html import write_html
from agent.reports.members import open_members
from agent.reports.question import Kind as Asked
from agent.reports.question import Question
from agent.reports.tables import tables_of

RULE = "aws-s3-encrypted"
LIST = sha256(b"a,b").hexdigest()
CONTROL = Control(
    id="review", title="Access is reviewed each week.", criteria={"soc2": ("CC6.2",)},
    manual=Manual(
        cadence=Cadence.WEEKLY, grace=timedelta(days=1), task="Look.", attach=(),
        performer="owner", reviewer="auditor",
    ),
)  # fmt: skip
WAIVER = {
    "event": "added", "id": "w1", "rule": RULE, "resources": ["one"], "where": "",
    "reason": "=it goes", "requested_by": "Ana", "approved_by": "Bob",
    "from": "2026-01-02T00:00:00Z", "until": "2026-02-01T00:00:00Z", "ticket": "T-1",
}  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Two weeks; a failure of the first day is waived on the second, one review is recorded."""

    def state(at):
        hours = (at - START) // HOUR
        said = "pass" if hours < 6 else "fail" if hours < 24 else "waived"
        return {**good("one"), RULE: {"one": said}} if hours % 6 == 0 else None

    done = Attestation(
        control="review", period="2026-W01", performer="Ana", reviewer="Bob",
        performed_at=START + 4 * DAY, recorded_at=START + 4 * DAY, statement="All <fine>.",
        result=Result.DONE, files=(File(name="list.csv", sha256=LIST, size=3),),
    )  # fmt: skip
    with period_world(tmp_path_factory.mktemp("people")) as world:
        live(world, state, hours=24)
        world.log.append(Kind.WAIVER, WAIVER, START + DAY)
        live(world, state, start=START + DAY, hours=72, codes={"waived": "w1"})
        world.log.append(Kind.ATTESTATION, to_body(done), done.recorded_at, [b"a,b"])
        yield world


def rows(world, made, name):
    with open_members(world.store, made) as members:
        for table in tables_of(made, made.controls, members.of):
            if table.name == name:
                return [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    raise AssertionError(name)


def test_a_review_in_time_is_a_row_and_an_observation(world):
    made = report(world, 7, controls={"review": CONTROL})
    (row,) = rows(world, made, "People")
    assert (row["Instance"], row["State"], row["Late (h)"]) == ("2026-W01", "done", None)
    assert row["Files"] == f"list.csv sha256 {LIST}"
    assert (row["Performer"], row["Reviewer"], row["Statement"]) == ("Ana", "Bob", "All <fine>.")
    result = to_assessment(made)["assessment-results"]["results"][0]
    (said,) = [each for each in result["observations"] if each["methods"] == ["EXAMINE"]]
    assert said["description"] == "All \\<fine\\>."
    assert said["relevant-evidence"][0]["props"][0]["value"] == LIST
    (found,) = [each for each in result["findings"] if each["target"]["target-id"] == "review"]
    assert found["target"]["status"] == {"state": "satisfied", "reason": "pass"}
    assert found["related-observations"] == [{"observation-uuid": said["uuid"]}]


def test_a_review_in_time_does_not_satisfy_a_control_whose_rules_never_ran(world):
    both = msgspec.structs.replace(CONTROL, rules=("gcp-*",))
    made = report(world, 7, controls={"review": both})
    (control,) = [each for each in made.controls if each.control.id == "review"]
    assert verdict(made, control) == "other"


def test_events_that_no_list_names_are_not_known_and_not_none(tmp_path):
    manual = msgspec.structs.replace(CONTROL.manual, cadence=Cadence.EVENT, population="HR's list")
    leavers = msgspec.structs.replace(CONTROL, id="leavers", manual=manual)
    listed = EventList(control="leavers", source="leavers.csv", sha256="00")
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=24)
        before = report(world, 1, controls={"leavers": leavers})
        (body,) = event_changes({}, [listed])
        world.log.append(Kind.POPULATION, body, START + DAY)
        after = report(world, 2, controls={"leavers": leavers})
    assert before.controls[0].sentence == (
        "The log has no list of its events: how many there were is not known."
    )
    assert "no list of its events is in the log" in "".join(write_html(before))
    assert after.controls[0].sentence == "Of what people do for it, nothing fell due."
    assert "no list of its events is in the log" not in "".join(write_html(after))


def test_an_event_that_is_stated_and_not_listed_does_not_satisfy_its_control(tmp_path):
    manual = msgspec.structs.replace(CONTROL.manual, cadence=Cadence.EVENT, population="HR's list")
    leavers = msgspec.structs.replace(CONTROL, id="leavers", manual=manual)
    done = Attestation(
        control="leavers", period="eva", performer="Ana", reviewer="Bob",
        performed_at=START + HOUR, recorded_at=START + HOUR, statement="All closed.",
        result=Result.DONE, occurred_at=START,
    )  # fmt: skip
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=1)
        world.log.append(Kind.ATTESTATION, to_body(done), done.recorded_at)
        made = report(world, 1, controls={"leavers": leavers})
    control = made.controls[0]
    assert control.sentence.startswith("People attested 1 event. The log has no list")
    assert verdict(made, control) == "other"


def test_what_was_due_before_the_period_and_is_not_done_yet_is_told(world):
    end = START + 14 * DAY
    asked = Question(
        kind=Asked.TYPE2, start=end - DAY, end=end, made_at=end, verify=False,
        controls={"review": CONTROL},
    )  # fmt: skip
    (control,) = [each for each in gather(world.store, asked).controls if each.control.manual]
    assert control.sentence == "People attested 0 of 1 instance: 1 overdue."


def test_evidence_that_does_not_verify_satisfies_nothing(world):
    made = report(world, 7, controls={"review": CONTROL})
    (control,) = [each for each in made.controls if each.control.id == "review"]
    seal = msgspec.structs.replace(made.seal, verified="invalid: entry 3")
    assert verdict(msgspec.structs.replace(made, seal=seal), control) == "other"


def test_a_review_that_is_overdue_is_a_failure_of_its_control(world):
    made = report(world, 14, controls={"review": CONTROL}, now=START + 14 * DAY)
    states = [row["State"] for row in rows(world, made, "People")]
    assert states == ["done", "overdue"]
    (control,) = [each for each in made.controls if each.control.id == "review"]
    assert verdict(made, control) == "fail"


def test_a_waiver_is_a_row_that_says_whether_it_came_before_the_failure(world):
    made = report(world, 4)
    (row,) = rows(world, made, "Waivers")
    assert (row["Waiver"], row["Resources"], row["Reason"]) == ("w1", "one", "=it goes")
    assert (row["Covered"], row["Before failure"]) == (1, False)
    (deviation,) = rows(world, made, "Deviations")
    assert (deviation["Ended by"], deviation["Target"]) == ("waived", TARGET)
    (risk,) = to_assessment(made)["assessment-results"]["results"][0]["risks"]
    assert risk["status"] == "deviation-approved"
