"""Events come from the sealed log alone: what changed, once, with an id that never changes."""

import json
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
from evidence_world import HOUR, START, TARGET, finding, open_world, rules_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.evidence.deviations import deviations
from agent.evidence.entry import from_rfc3339
from agent.webhooks.events import MOST_RULES, read_events
from agent.webhooks.message import MOST_BYTES, encode
from agent.webhooks.model import Event, Place, Type

SCHEMA = json.loads((Path(__file__).parents[1] / "docs/schemas/assay.webhook.v1.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(
    SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)


@pytest.fixture
def world(tmp_path):
    with open_world(tmp_path) as world:
        yield world


BEGIN = Place(0)


def events_of(world, after=BEGIN, page=100):
    found, place = [], after
    while True:
        events, place = read_events(world.store, place, page)
        found += events
        for event in events:
            VALIDATOR.validate(json.loads(encode(event, "example.com/log")))
        if len(events) < page:
            return found


def told(events):
    """Short forms to compare."""
    return [
        (
            str(event.type),
            event.data.get("resource")
            or event.data.get("reason")
            or [each["rule"] for each in event.data["rules"]],
        )
        for event in events
    ]


def runs(world, *outcomes):
    """One rule on one resource, hour by hour; None: it is gone."""
    for hour, outcome in enumerate(outcomes):
        found = {("r1", "a"): outcome} if outcome else {}
        world.run(hour, found, rules=("r1",))


CASES = {
    "a failure that lasts is told once": (("pass", "fail", "fail"), ["opened"]),
    "what was never seen good opens too": (("fail",), ["opened"]),
    "what is good again closes": (("fail", "pass"), ["opened", "closed pass"]),
    "what does not apply any more closes": (
        ("fail", "not_applicable"),
        ["opened", "closed not_applicable"],
    ),
    "what is waived closes, and opens when the waiver ends": (
        ("fail", "waived", "fail"),
        ["opened", "closed waived", "opened"],
    ),
    "what is gone closes, and opens when it comes back failing": (
        ("fail", None, "fail"),
        ["opened", "closed gone", "opened"],
    ),
    "blindness ends no failure": (
        ("fail", "error", "fail", "pass"),
        ["opened", "lost", "regained", "closed pass"],
    ),
    "what was good when sight came back was closed then": (
        ("fail", "error", "pass"),
        ["opened", "lost", "regained", "closed pass"],
    ),
    "blindness alone is no deviation": (("error", "pass"), ["lost", "regained"]),
    "a failure found after blindness opens": (("error", "fail"), ["lost", "regained", "opened"]),
    "lost sight is told once": (("pass", "error", "error"), ["lost"]),
    "passes say nothing": (("pass", "pass", None, "pass"), []),
}


@pytest.mark.parametrize("case", CASES)
def test_state_that_changes_is_told(world, case):
    outcomes, wanted = CASES[case]
    runs(world, *outcomes)
    found = [
        f"{str(event.type).split('.')[1]} {event.data.get('ended_by', '')}".strip()
        for event in events_of(world)
    ]
    assert found == wanted


def test_an_event_says_what_the_sealed_rule_calls_itself(world):
    versions = {
        "r1": msgspec_replace(rules_of("r1")["r1"], b"id: r1\ntitle: All is well\nseverity: high\n")
    }
    with world.log.run(target=TARGET, slot=START, rules=versions, at=START) as run:
        run.add(finding("r1", "a", "fail", code="r1", message="a is open"))
        sealed = run.seal({}, finished=START + timedelta(minutes=1))
    (event,) = events_of(world)
    assert event.data | {"deviation": ""} == {
        "target": TARGET,
        "deviation": "",
        "rule": "r1",
        "title": "All is well",
        "severity": "high",
        "resource": "a",
        "region": "eu-west-1",
        "since": "2026-01-01T00:01:00Z",
        "code": "r1",
        "message": "a is open",
        "entry": sealed.index,
    }


def msgspec_replace(version, text):
    return type(version)(text=text, params=version.params, check=version.check)


def test_a_deviation_has_one_name_from_its_start_to_its_end(world):
    runs(world, "fail", "fail", "error", "pass", "fail")
    opened, _, _, closed, again = events_of(world)
    assert opened.data["deviation"] == closed.data["deviation"] != again.data["deviation"]
    assert closed.data["since"] == opened.data["since"]


def test_sight_is_told_once_for_all_rules_that_lost_it_and_only_for_those(world):
    good = {("r1", "a"): "pass", ("r2", "a"): "pass"}
    world.run(0, good)
    world.run(1, {}, lost={name: [("", "denied", "no")] for name in ("r1", "r2")})
    world.run(2, {("r1", "a"): "pass"}, lost={"r2": [("", "denied", "still no")]})
    world.run(3, good)
    assert told(events_of(world)) == [
        ("sight.lost", ["r1", "r2"]),
        ("sight.regained", ["r1"]),
        ("sight.regained", ["r2"]),
    ]
    lost = events_of(world)[0].data
    assert lost["rules"][0] == {"rule": "r1", "findings": 1, "code": "denied"}


def test_slots_without_a_run_are_told_with_their_reason(world):
    world.plan()
    world.log.record_missed(START + 5 * HOUR, reason="agent_down")
    (event,) = events_of(world)
    assert (event.type, event.data["slots"], event.data["reason"]) == (
        Type.SLOTS_MISSED,
        5,
        "agent_down",
    )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    hours=st.lists(
        st.fixed_dictionaries(
            {
                resource: st.sampled_from(["pass", "fail", "error", "waived", None])
                for resource in "ab"
            }
        ),
        min_size=3,
        max_size=6,
    )
)
def test_opened_and_closed_are_the_deviations_of_the_reports(hours, tmp_path_factory):
    with open_world(tmp_path_factory.mktemp("world")) as world:
        for hour, found in enumerate(hours):
            outcomes = {("r1", name): outcome for name, outcome in found.items() if outcome}
            world.run(hour, outcomes, rules=("r1",))
        events = events_of(world)
        wanted = deviations(world.store, START, START + 100 * HOUR)
    opened = {
        event.data["deviation"]: (event.data["resource"], from_rfc3339(event.data["since"]))
        for event in events
        if event.type == Type.DEVIATION_OPENED
    }
    closed = {
        event.data["deviation"]: (
            *opened[event.data["deviation"]],
            from_rfc3339(event.data["until"]),
            event.data["ended_by"],
        )
        for event in events
        if event.type == Type.DEVIATION_CLOSED
    }
    assert sorted(opened.values()) == sorted((each.resource, each.start) for each in wanted)
    assert sorted(closed.values()) == sorted(
        (each.resource, each.start, each.end, each.ended_by) for each in wanted if each.end
    )


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_pages_of_any_size_tell_the_same_and_every_place_goes_on_where_it_was(world, page):
    world.plan()
    world.run(0, {("r1", name): "fail" for name in "abc"})
    world.run(1, {("r1", name): "pass" for name in "abc"} | {("r2", "x"): "error"})
    world.log.record_missed(START + 5 * HOUR)
    all_of_them = events_of(world)
    assert len(all_of_them) == 8
    assert events_of(world, page=page) == all_of_them
    for number, event in enumerate(all_of_them):
        assert events_of(world, event.place, page) == all_of_them[number + 1 :]
    assert len({event.id for event in all_of_them}) == 8


def test_what_others_wrote_is_data_and_cannot_make_a_message_large():
    hostile = '\u202e"</script>{{x}}\x00' * 100_000
    names = ("target", "rule", "title", "severity", "resource", "region", "code", "message")
    data = dict.fromkeys(names, hostile) | {"deviation": "msg_0", "since": "", "entry": 1}
    event = Event(id="msg_0", type=Type.DEVIATION_OPENED, at=START, data=data)
    body = encode(event, "example.com/log")
    assert len(body) <= MOST_BYTES
    assert json.loads(body)["data"]["message"] == hostile[:999] + "…"
    rules = [{"rule": hostile, "findings": 1, "code": hostile} for _ in range(MOST_RULES)]
    lost = Event(id="m", type=Type.SIGHT_LOST, at=START, data={"rules": rules, "target": "x"})
    assert len(encode(lost, "example.com/log")) <= MOST_BYTES
