"""OSCAL: valid by NIST's schema and by compliance-trestle, whole in its references, and true."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import jsonschema_rs
import pytest
from evidence_world import HOUR, START
from period_kit import DAY, ENCRYPTED, TEXTS, good, live, period_world, report, run, schedule
from trestle.oscal import OSCAL_VERSION, assessment_results, component, poam

from agent.controls.model import Cadence, Control, Manual
from agent.reports.assessment import to_assessment, verdict
from agent.reports.component import to_component
from agent.reports.model import Response
from agent.reports.oscal import VERSION, control_id, markup, write_oscal
from agent.reports.poam import to_poam
from agent.reports.register import Answer

RULE = "aws-s3-encrypted"
NAMES = ("[a](javascript:x)", "<b>*_`\u202e\n {{ insert: param, x }}", " ", "=1+1", "one")
SCHEMA = Path(__file__).with_name("data") / "oscal" / "oscal_complete_schema.json"
MODELS = {
    "assessment-results": assessment_results.Model,
    "component-definition": component.Model,
    "plan-of-action-and-milestones": poam.Model,
}
CONTROLS = {
    "encryption": Control(
        id="encryption", title="Data is encrypted.", rules=(RULE,),
        criteria={"soc2": ("CC6.1",)},
    ),
    "1 log?": Control(id="1 log?", title="Logs are kept.", rules=("aws-s3-logged",), criteria={}),
    "review": Control(
        id="review", title="Access is reviewed.", criteria={"soc2": ("CC6.2",)},
        manual=Manual(
            cadence=Cadence.QUARTERLY, grace=timedelta(days=1), task="Review.", attach=(),
            performer="owner", reviewer="auditor",
        ),
    ),
}  # fmt: skip


def state(at):
    hour = (at - START) // HOUR
    found = good(*NAMES)
    bad = dict.fromkeys(NAMES, "fail") if 5 <= hour < 8 else {}
    bad |= {NAMES[0]: "fail"} if hour >= 20 else {}
    bad |= {NAMES[1]: "waived"} if hour >= 8 else {}
    return {**found, RULE: {**found[RULE], **bad}}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A day with six deviations of hostile names, one open, one waived; two hours without runs."""
    text = ENCRYPTED.replace("[CC6.1]", "[CC6.1], nist_800_53r5: ['SC-28(1)'], pci_dss_4: [3.5.1]")
    texts = {**TEXTS, RULE: text}
    said = Response(by="Eva *Lind*", at=START + DAY, text="Made <by> hand.", cause="Haste")
    with period_world(tmp_path_factory.mktemp("period")) as world:
        schedule(world, START, texts)
        live(world, lambda at: state(at) if at.hour not in {2, 3} else None, hours=24, texts=texts)
        yield report(world, 1, controls=CONTROLS, answers=(Answer(rule=RULE, response=said),))


@pytest.fixture(scope="module")
def documents(made):
    return [to_assessment(made), to_component(made), to_poam(made)]


@pytest.fixture(scope="module")
def nist():
    data = SCHEMA.read_bytes()
    readme = SCHEMA.with_name("README.md").read_text()
    assert sha256(data).hexdigest() in readme
    return jsonschema_rs.validator_for(json.loads(data))


def members(value):
    """Give every (name, value) of a document."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield name, each
            yield from members(each)
    elif isinstance(value, list):
        for each in value:
            yield from members(each)


def test_every_document_is_valid_by_the_schema_of_nist(documents, nist):
    for document in documents:
        assert [error.message for error in nist.iter_errors(document)] == []


def test_the_schema_refuses_a_document_that_lacks_a_part(documents, nist):
    (name, body), *_ = documents[0].items()
    lacking = {key: value for key, value in body.items() if key != "import-ap"}
    assert not nist.is_valid({name: lacking})


def test_every_document_is_read_by_trestle(documents):
    assert VERSION == OSCAL_VERSION
    for document in documents:
        (name,) = document
        model = MODELS[name].model_validate_json(write_oscal(document))
        again = json.loads(model.model_dump_json(by_alias=True, exclude_none=True))
        assert again[name]["uuid"] == document[name]["uuid"]


def test_every_reference_leads_somewhere_and_every_id_is_its_own(documents):
    for document in documents:
        ids = [value for name, value in members(document) if name == "uuid"]
        assert len(ids) == len(set(ids))
        links = [
            value
            for name, value in members(document)
            if name.endswith("-uuid") and isinstance(value, str)
        ]
        links += [
            value[1:] for name, value in members(document) if name in {"href", "source"} and
            isinstance(value, str)
        ]  # fmt: skip
        assert links or "component-definition" in document
        assert set(links) <= set(ids)


def test_the_same_report_gives_the_same_bytes(made, documents):
    again = [to_assessment(made), to_component(made), to_poam(made)]
    assert list(map(write_oscal, again)) == list(map(write_oscal, documents))


def test_names_from_clouds_are_never_markup(documents):
    for document in documents:
        for name, value in members(document):
            if name in {"title", "description", "statement", "remarks"} and isinstance(value, str):
                assert not re.search(r"(?<!\\)[<\[*`{]", value), value
                assert "\u202e" not in value
    items = documents[0]["assessment-results"]["results"][0]["local-definitions"]
    names = [
        each["value"] for item in items["inventory-items"] for each in item["props"]
        if each["name"] == "asset-id"
    ]  # fmt: skip
    assert "[a](javascript:x)" in names
    assert "none" in names  # a name of spaces: OSCAL knows no empty text


def test_a_finding_for_each_control_with_its_risks(documents):
    result = documents[0]["assessment-results"]["results"][0]
    found = {each["target"]["target-id"]: each for each in result["findings"]}
    assert found["encryption"]["target"]["status"] == {"state": "not-satisfied", "reason": "fail"}
    assert len(found["encryption"]["related-risks"]) == 6
    # its rule runs every six hours: none of its runs is missing
    assert found["_1_log_"]["target"]["status"]["reason"] == "pass"
    assert found["review"]["target"]["status"] == {"state": "not-satisfied", "reason": "other"}
    assert [each["control-id"] for each in result["reviewed-controls"]["control-selections"][0][
        "include-controls"]] == ["encryption", "_1_log_", "review"]  # fmt: skip


def test_risks_say_how_they_stand_and_what_is_answered(documents):
    result = documents[0]["assessment-results"]["results"][0]
    assert sorted(each["status"] for each in result["risks"]) == [
        "closed", "closed", "closed", "closed", "deviation-approved", "open",
    ]  # fmt: skip
    (opened,) = [each for each in result["risks"] if each["status"] == "open"]
    assert [each["status-change"] for each in opened["risk-log"]["entries"]] == ["open"]
    assert opened["remediations"][0]["lifecycle"] == "planned"
    assert opened["remediations"][0]["title"] == "Response of Eva \\*Lind\\*"
    (gap,) = result["assessment-log"]["entries"][1:]
    assert (gap["start"], gap["end"]) == ("2026-01-01T02:00:00Z", "2026-01-01T04:00:00Z")


def test_the_plan_has_what_is_open_and_nothing_else(documents):
    plan = documents[2]["plan-of-action-and-milestones"]
    assert len(plan["poam-items"]) == len(plan["risks"]) == len(plan["observations"]) == 1
    assert plan["poam-items"][0]["description"] == "Made \\<by\\> hand."


def test_the_component_names_criteria_as_their_catalogs_do(documents):
    (one,) = documents[1]["component-definition"]["components"]
    ids = [
        requirement["control-id"]
        for each in one["control-implementations"]
        for requirement in each["implemented-requirements"]
    ]
    assert ids == ["sc-28.1", "_3.5.1", "CC6.1", "CC7.2"]
    names = {each["value"] for each in one["props"] if each["name"] == "Rule_Id"}
    assert names == set(TEXTS)


def test_nothing_open_is_no_plan(tmp_path):
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=24)
        clean = report(world, 1)
    assert to_poam(clean) is None
    assert [verdict(clean, each) for each in clean.controls] == ["pass", "pass"]


@pytest.mark.parametrize(
    ("outcomes", "reason"),
    [
        ({"one": "pass", "two": "error"}, "other"),
        ({}, "other"),
        ({"one": "not_applicable"}, "other"),
        ({"one": "fail"}, "fail"),
    ],
    ids=["unseen", "empty", "not applicable", "failing"],
)
def test_what_was_not_seen_to_pass_is_not_satisfied(tmp_path, nist, outcomes, reason):
    with period_world(tmp_path) as world:
        live(world, lambda _: {RULE: outcomes}, hours=24)
        found = report(world, 1)
    assert verdict(found, found.controls[0]) == reason
    assert nist.is_valid(to_assessment(found))


@pytest.mark.parametrize("between", [None, "error"], ids=["no run", "error"])
def test_a_clean_period_with_an_hour_unseen_is_not_satisfied(tmp_path, between):
    def seen(at):
        outcome = between if at.hour == 5 else "pass"
        return outcome and {**good("one"), RULE: {"one": outcome}}

    with period_world(tmp_path) as world:
        live(world, seen, hours=24)
        found = report(world, 1)
    assert found.controls[0].rules[0].clean
    assert [verdict(found, each) for each in found.controls] == ["other", "pass"]


def test_a_report_of_nothing_is_valid_too(tmp_path, nist):
    with period_world(tmp_path) as world:
        run(world, START, {}, slot=False)
        found = report(world, 1, now=datetime(2026, 1, 1, 1, tzinfo=UTC))
    for document in (to_assessment(found), to_component(found)):
        assert [error.message for error in nist.iter_errors(document)] == []


def test_ids_become_tokens_and_text_stays_text():
    assert control_id("AC-2(12)", "nist_800_53r5") == "ac-2.12"
    assert control_id("A.8.24", "iso27001_2022") == "A.8.24"
    assert markup("a*b_c\n") == "a\\*b\\_c"
