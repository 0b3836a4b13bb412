"""`assay attest`: what people state, what is due, and what the exit code tells."""

import json
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from agent_kit import items
from attest_kit import attest, commands_in, this_quarter


@pytest.fixture
def call(tmp_path, capsys):
    """Run a command that asks no cloud: (exit code, output, error)."""
    return commands_in(tmp_path, capsys)


def test_a_statement_is_sealed_with_its_file_and_listed(call):
    listing = call.folder / "export.csv"
    listing.write_text("account,decision\n")
    code, out, err = attest(
        call, "privileged-access-review", "--period", this_quarter(), "--file", listing
    )
    assert (code, err) == (0, "")
    assert out == f"privileged-access-review {this_quarter()}: done, 1 files; sealed as entry 1\n"
    _, out, _ = call("attest", "list", "--format", "json")
    (row,) = items(out)
    assert row["files"] == [f"{sha256(listing.read_bytes()).hexdigest()}  export.csv"]
    _, out, _ = call("attest", "due", "--format", "json")
    states = {(each["control"], each["state"]) for each in items(out)}
    assert ("privileged-access-review", "done") in states
    assert ("board-oversight", "upcoming") in states
    assert call("evidence", "verify")[0] == 0
    assert call("attest", "files", 1, "--out", call.folder / "out")[0] == 0
    assert (call.folder / "out" / "1-export.csv").read_text() == "account,decision\n"


def test_only_what_is_in_scope_is_due(call):
    _, out, _ = call("attest", "due", "--format", "json")
    assert "privacy-notice" not in {each["control"] for each in items(out)}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("no-such", "--period", "2026"), "no-such: there is no such control"),
        (("multi-factor", "--period", "2026"), "rules prove it; there is nothing to attest"),
        (("board-oversight",), "board-oversight: say which with --period"),
        (("leaver-offboarding", "--period", "2026"), "say which with --event"),
        (("leaver-offboarding", "--event", "bob"), "no event 'bob' is listed"),
        (("board-oversight", "--period", "2020-Q1", "--result", "good"), "--result good: use one"),
        (("board-oversight", "--period", "2020-Q1", "--file", "/no/such"), "/no/such: cannot be"),
    ],
)
def test_a_statement_that_cannot_be_taken_is_one_line(call, words, message):
    code, out, err = attest(call, *words)
    assert (code, out) == (3, "")
    assert message in err
    assert err.count("\n") == 1


def test_one_person_cannot_perform_and_review(call):
    code, _, err = attest(call, "board-oversight", "--period", "2020-Q1", by="Bob")
    assert code == 3
    assert "somebody else than the performer must review" in err


def test_what_is_overdue_is_told_by_the_exit_code_of_due(call):
    began = datetime(2025, 1, 1, tzinfo=UTC)
    from agent.config import load_settings  # noqa: PLC0415 - only here a log with a past is made
    from agent.home import open_log  # noqa: PLC0415 - as above

    with open_log(load_settings(call.config, {}), at=began):
        pass
    code, out, _ = call("attest", "due", "--format", "json")
    assert code == 1
    late = [each for each in items(out) if each["state"] == "overdue"]
    assert ("board-oversight", "2025-Q1") in {(each["control"], each["period"]) for each in late}
    assert all(each["days_late"] > 0 for each in late)


def test_a_list_of_events_that_cannot_be_read_is_told_by_the_exit_code(call):
    (call.folder / "l.csv").unlink()
    code, _, err = call("attest", "due")
    assert code == 2
    assert "l.csv: cannot be read" in err


def test_events_of_a_control_that_has_none_are_refused(call):
    document = json.loads(call.config.read_text())
    document["events"] = {"board-oversight": {"path": "l.csv"}}
    call.config.write_text(json.dumps(document))
    code, _, err = call("attest", "due")
    assert code == 3
    assert "events.board-oversight: no control of events; there is" in err
