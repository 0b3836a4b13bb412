"""What management states of a deviation is sealed, and is shown wherever the deviation is."""

import json
from datetime import timedelta

import pytest
from bundle_kit import changed, entries, index_of, listed, verify, write_entries
from evidence_world import HOUR, START
from period_kit import DAY, RULE, failing, live, period_world, report, write_home
from test_exports_people import CONTROL, rows

from agent import inbox
from agent.bundle.write import Order, write_bundle
from agent.cli.app import run
from agent.config import load_settings
from agent.controls.model import Reply
from agent.controls.respond import RespondError, recorded_replies, to_body, verify_reply
from agent.demo.responding import respond
from agent.evidence.entry import Kind
from agent.home import open_log
from agent.reports.assessment import to_assessment
from agent.reports.html import write_html

NOW = START + DAY
SEEN = START + timedelta(hours=2, minutes=2)
"""When the run finished that first saw the failure."""


def reply(**members):
    given = {"rule": RULE, "by": "Eva Lind", "said_at": NOW, "text": "Made by <hand>."}
    return Reply(**{**given, "recorded_at": NOW, **members})


def seal(world, given):
    world.log.append(Kind.RESPONSE, to_body(given), given.recorded_at)


@pytest.fixture
def world(tmp_path):
    with period_world(tmp_path) as world:
        live(world, failing("one", 2, 5), hours=24)
        yield world


def test_a_sealed_response_is_beside_the_deviation_in_every_form_with_its_entry(world):
    seal(world, reply(resource="one", start=SEEN, cause="Haste"))
    made = report(world, 1)
    said = made.register[0].response
    assert (said.by, said.text, said.cause) == ("Eva Lind", "Made by <hand>.", "Haste")
    assert said.entry == recorded_replies(world.store)[0].entry > 0
    page = "".join(write_html(made))
    assert "Made by &lt;hand&gt;." in page
    assert f"sealed as entry {said.entry}, " in page
    (row,) = rows(world, made, "Deviations")
    assert (row["Response"], row["Response sealed as"]) == ("Made by <hand>.", said.entry)
    assert "Made by" in json.dumps(to_assessment(made))


def test_the_newest_amends_and_the_one_that_names_most_is_shown(world):
    seal(world, reply(text="of all"))
    seal(world, reply(text="of one", resource="one"))
    seal(world, reply(text="of one, amended", resource="one"))
    seal(world, reply(text="of two", resource="two"))
    assert report(world, 1).register[0].response.text == "of one, amended"


def test_a_response_that_comes_after_the_report_was_made_is_not_in_it(world):
    seal(world, reply(recorded_at=START + 2 * DAY))
    assert report(world, 1).register[0].response is None


def test_a_response_to_what_people_did_not_do_is_with_that_instance(world):
    seal(world, reply(rule="", control="review", period="2026-W01", text="On holiday"))
    made = report(world, 7, controls={"review": CONTROL})
    (row,) = rows(world, made, "People")
    assert (row["Instance"], row["Response"], row["Response by"]) == (
        "2026-W01", "On holiday", "Eva Lind",
    )  # fmt: skip
    page = "".join(write_html(made))
    assert page.index("response:") < page.index("On holiday")


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"rule": "no-such"}, "no-such: no deviation of it is meant"),
        ({"resource": "two"}, "no deviation of it is meant on two"),
        ({"start": START}, "no deviation of it is meant"),
        ({"rule": ""}, "to a rule's deviations or to a control's instance"),
        ({"control": "review"}, "to a rule's deviations or to a control's instance"),
        ({"rule": "", "control": "review"}, "say which instance"),
        ({"by": " "}, "`by` is empty"),
        ({"text": ""}, "`text` is empty"),
        ({"text": "x" * 10_001}, "more than 10000 characters"),
        ({"said_at": NOW + DAY}, "in the future"),
    ],
)
def test_what_means_nothing_or_says_nothing_is_not_sealed(world, members, message):
    with pytest.raises(RespondError, match=message):
        verify_reply(reply(**members), world.store, NOW)
    verify_reply(reply(), world.store, NOW)


def test_the_bundle_carries_it_and_the_verifier_names_it_when_it_is_changed(world, tmp_path):
    seal(world, reply(recorded_at=NOW - timedelta(minutes=30)))
    order = Order(start=START, end=NOW, made_at=NOW)
    folder = tmp_path / "b"
    write_bundle(world.store, folder, order, lambda body: world.log.append("export", body, NOW))
    assert verify(folder)[0] == 0
    lines = entries(folder)
    place = index_of(lines, "response")
    lines[place] = changed(lines[place], text="It was allowed.")
    write_entries(folder, lines)
    listed(folder)
    code, said = verify(folder)
    assert code == 1
    assert f"entry {place}: is not what was sealed there" in said


def test_in_the_demo_management_answers_once_what_was_mended_and_nothing_that_lasts(tmp_path):
    def state(at):
        hour = (at - START) // HOUR
        bad = {"one": range(2, 5), "two": range(6, 9), "three": range(7, 10), "four": range(9, 99)}
        names = {name: "fail" if hour in hours else "pass" for name, hours in bad.items()}
        return {RULE: names}

    with period_world(tmp_path) as world:
        live(world, state, hours=24)
        respond(world.log, 7, NOW)
        first = recorded_replies(world.store)
        respond(world.log, 7, NOW + HOUR)
        assert recorded_replies(world.store) == first
    assert first
    assert {each.resource for each in first} <= {"one", "two", "three"}


@pytest.fixture
def home(tmp_path):
    write_home(tmp_path, failing("one", 2, 5), hours=8)
    return tmp_path


def call(home, *words):
    return run(["-c", str(home / "assay.yaml"), "evidence", *words])


def test_the_command_seals_one_or_a_file_and_lists_them(home, capsys):
    (home / "said.yaml").write_text(
        f"responses:\n- {{rule: {RULE}, by: Eva, at: 2026-01-02, text: Haste}}\n"
    )
    assert call(home, "respond", "--file", str(home / "said.yaml")) == 0
    one = ("respond", "-r", RULE, "--start", "2026-01-01T02:02:00Z", "--by", "Eva")
    assert call(home, *one, "--text", "\x1b[31mMore") == 0
    assert f"{RULE} 2026-01-01T02:02:00Z: sealed as entry" in capsys.readouterr().out
    assert call(home, "responses") == 0
    said = capsys.readouterr().out
    assert said.index("More") < said.index("Haste")
    assert "\x1b[31m" not in said
    assert call(home, "log", "--kind", "response") == 0
    assert "Haste, by Eva" in capsys.readouterr().out
    assert call(home, *one, "--text", "x", "--file", str(home / "said.yaml")) == 3
    assert call(home, "respond", "-r", "other", "--by", "Eva", "--text", "x") == 3
    assert "no deviation of it is meant" in capsys.readouterr().err
    assert call(home, "verify") == 0


def test_while_an_agent_runs_it_is_left_for_it(home, capsys):
    settings = load_settings(home / "assay.yaml", {})
    with open_log(settings, at=NOW) as log:
        assert call(home, "respond", "-r", RULE, "--by", "Eva", "--text", "Haste") == 0
        assert "left for the agent to seal" in capsys.readouterr().out
        (line,) = inbox.take(log.store.path.parent, log, NOW)
        assert "sealed as entry" in line
        assert recorded_replies(log.store)[0].text == "Haste"
