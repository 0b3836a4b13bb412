"""OCSF: every line is a valid event of class 2003, and says what the log says."""

from __future__ import annotations

import json
from collections import Counter

import jsonschema
import pytest
from evidence_world import HOUR, START, TARGET, open_world
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from period_kit import good, live, period_world, report, schedule

from agent.controls.model import Control
from agent.reports.gather import gather
from agent.reports.members import open_members
from agent.reports.ocsf import write_ocsf
from agent.reports.question import Kind, Question

RULE = "aws-s3-encrypted"
CONTROLS = {
    "encryption": Control(
        id="encryption", title="Data is encrypted.", rules=("aws-s3-*",),
        criteria={"soc2": ("CC6.1", "CC6.7"), "iso27001_2022": ("A.8.24",)},
    )
}  # fmt: skip


def state(at):
    hour = (at - START) // HOUR
    found = good("one", "two", *(["gone"] if hour < 10 else []))
    one = "fail" if 5 <= hour < 8 or hour >= 20 else "pass"
    two = "waived" if hour >= 12 else "fail"
    more = {"three": "error", "four": "not_applicable"}
    said = {**found[RULE], "one": one, "two": two, **more}
    return {**found, RULE: said | ({"gone": "fail"} if hour < 10 else {})}


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    with period_world(tmp_path_factory.mktemp("period")) as world:
        live(world, state, hours=24, codes={"error": "denied"})
        made = report(world, 1, controls=CONTROLS)
        with open_members(world.store, made) as members:
            first, second = (list(write_ocsf(made, members.standing)) for _ in range(2))
    assert first == second
    assert all(line.count(b"\n") == 1 for line in first)
    return [json.loads(line) for line in first]


@pytest.fixture(scope="module")
def valid():
    """Check an event against the schema of its version and profiles; nothing else is allowed."""
    known = {}

    def check(event):
        key = event["metadata"]["version"], tuple(event["metadata"]["profiles"])
        if key not in known:
            schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=key[0]))
            found = schema.get_class_schema(class_name="compliance_finding", profiles=list(key[1]))
            known[key] = jsonschema.Draft202012Validator(found)
        return [error.message for error in known[key].iter_errors(event)]

    return check


def told(lines, activity, resource, rule=RULE):
    return [
        each
        for each in lines
        if each["activity_id"] == activity
        and each["finding_info"]["uid"] == f"{rule}|{TARGET}|{resource}"
    ]


def test_every_line_is_valid(lines, valid):
    assert len(lines) == 12
    for line in lines:
        assert not valid(line)


def test_the_validator_refuses_what_is_not_of_the_class(lines, valid):
    assert valid({**lines[0], "control": "x"})
    assert valid({key: value for key, value in lines[0].items() if key != "compliance"})


def test_ids_of_events_are_their_own(lines):
    counts = Counter(line["metadata"]["uid"] for line in lines)
    assert set(counts.values()) == {1}


@pytest.mark.parametrize(
    ("resource", "status", "finding", "severity"),
    [("one", "Fail", 1, 4), ("two", "Waived", 3, 4), ("three", "Unknown", 0, 4)],
)
def test_what_stood_at_the_end_is_told(lines, resource, status, finding, severity):
    (line,) = told(lines, 2, resource)
    assert line["compliance"]["status"] == status
    assert (line["status_id"], line["severity_id"]) == (finding, severity)
    assert line["time_dt"] == "2026-01-02T00:00:00Z"


def test_what_passes_is_informational_and_what_does_not_apply_is_no_event(lines):
    (line,) = told(lines, 2, "two", "aws-s3-logged")
    assert (line["compliance"]["status_id"], line["severity_id"]) == (1, 1)
    assert not told(lines, 2, "four")
    assert not told(lines, 2, "gone")


def test_what_passed_when_it_was_last_seen_long_ago_is_unknown(tmp_path, valid):
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=24)
        made = report(world, 2)
        with open_members(world.store, made) as members:
            (line, _) = [json.loads(each) for each in write_ocsf(made, members.standing)]
    assert not valid(line)
    assert (line["compliance"]["status"], line["severity_id"]) == ("Unknown", 4)
    assert line["message"] == "The last run was too old at the end of the period; it said: pass"


def test_a_deviation_is_opened_and_closed_with_how_it_ended(lines):
    opened = told(lines, 1, "one")
    assert [line["time_dt"] for line in opened] == ["2026-01-01T05:02:00Z", "2026-01-01T20:02:00Z"]
    (closed,) = told(lines, 3, "one")
    assert (closed["time_dt"], closed["compliance"]["status"]) == ("2026-01-01T08:02:00Z", "Pass")
    assert [line["compliance"]["status"] for line in told(lines, 3, "two")] == ["Waived"]
    assert [line["compliance"]["status"] for line in told(lines, 3, "gone")] == ["Gone"]


def test_a_line_names_control_criteria_place_and_proof(lines):
    (line,) = told(lines, 2, "three")
    assert line["compliance"]["control"] == "encryption"
    assert line["compliance"]["requirements"] == ["A.8.24", "CC6.1", "CC6.7"]
    assert line["compliance"]["standards"] == ["iso27001_2022", "soc2"]
    assert line["compliance"]["status_details"] == ["denied", "three: error"]
    assert line["cloud"] == {
        "provider": "AWS", "account": {"uid": "111122223333"}, "region": "eu-west-1",
    }  # fmt: skip
    assert "24 of 24 scheduled runs were made" in line["unmapped"]["completeness"]
    assert "root " in line["unmapped"]["integrity"]


def test_a_target_that_is_no_cloud_has_none(tmp_path, valid):
    with period_world(tmp_path) as world:
        schedule(world, START, targets=("files:hr",))
        live(world, lambda _: good("one"), hours=7, target="files:hr")
        made = report(world, 1, now=START + 7 * HOUR)
        with open_members(world.store, made) as members:
            found = [json.loads(line) for line in write_ocsf(made, members.standing)]
    assert found
    for line in found:
        assert "cloud" not in line
        assert not valid(line)


def test_what_a_rule_read_is_named_by_its_digest(tmp_path, valid):
    with open_world(tmp_path) as world:
        world.run(1, {("r1", "one"): "pass", ("r2", "one"): "fail"}, slot=False)
        made = report(world, 1)
        with open_members(world.store, made) as members:
            found = [json.loads(line) for line in write_ocsf(made, members.standing)]
            digest = next(iter(members.standing("r1"))).digest.hex()
    assert found[0]["evidences"] == [{"data": {"values_sha256": digest}}]
    assert len(digest) == 64
    assert not [valid(line) for line in found if valid(line)]


def test_a_deviation_that_began_before_the_period_is_only_closed_in_it(tmp_path):
    with period_world(tmp_path) as world:
        live(world, state, hours=12)
        question = Question(
            kind=Kind.TYPE2, start=START + 6 * HOUR, end=START + 12 * HOUR,
            made_at=START + 12 * HOUR, verify=False,
        )  # fmt: skip
        made = gather(world.store, question)
        with open_members(world.store, made) as members:
            found = [json.loads(line) for line in write_ocsf(made, members.standing)]
    assert not told(found, 1, "one")
    assert [line["time_dt"] for line in told(found, 3, "one")] == ["2026-01-01T08:02:00Z"]
