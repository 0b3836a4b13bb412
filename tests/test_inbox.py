"""What commands leave for an agent that runs is sealed by it, and nothing else is."""

from datetime import UTC, datetime

import pytest
from attest_kit import BEGAN, attest, attestation, commands_in, this_quarter, writing

from agent import inbox
from agent.controls.attest import (
    recorded_attestations,
    to_body,
)
from agent.controls.events import recorded_events
from agent.evidence.entry import Kind
from agent.evidence.verify import verify_store


@pytest.fixture
def log(tmp_path):
    with writing(tmp_path) as log:
        yield log


@pytest.fixture
def call(tmp_path, capsys):
    """Run a command that asks no cloud: (exit code, output, error)."""
    return commands_in(tmp_path, capsys)


def test_while_an_agent_writes_a_statement_is_left_for_it_and_taken_up(call):
    from agent.config import load_settings  # noqa: PLC0415 - only here
    from agent.home import folder_of, open_log  # noqa: PLC0415 - only here

    listing = call.folder / "export.csv"
    listing.write_text("account\n")
    settings = load_settings(call.config, {})
    now = datetime.now(UTC)
    with open_log(settings, at=now) as writer:
        code, out, _ = attest(
            call, "board-oversight", "--period", this_quarter(), "--file", listing
        )
        assert code == 0
        assert out.endswith("left for the agent to seal\n")
        (line,) = inbox.take(folder_of(settings), writer, now)
        assert line.endswith("sealed as entry 1")
        assert list((folder_of(settings) / "inbox").iterdir()) == []
        (found,) = recorded_attestations(writer.store)
        assert (found.control, found.files[0].name) == ("board-oversight", "export.csv")
        verify_store(writer.store)


def test_an_item_that_cannot_be_sealed_is_put_aside_and_stops_no_other(log, tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "a.json").write_text("{}")
    inbox.leave(tmp_path, Kind.EXPORT, {"what": "x"}, BEGAN)
    lines = list(inbox.take(tmp_path, log, BEGAN))
    assert ["refused" in line for line in sorted(lines)] == [False, True]
    assert [path.name for path in folder.iterdir()] == ["a.refused"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (Kind.RUN, {"target": "aws:111122223333"}),
        (Kind.GAP, {"target": "aws:111122223333", "reason": "agent_down"}),
        (Kind.KEY, {"vkey": "another"}),
        (Kind.ANCHOR, {"by": "s3"}),
        (Kind.RETENTION, {"of": "deleted", "deleted": ["00" * 32]}),
        (Kind.EXPORT, []),
    ],
    ids=lambda part: str(part)[:9],
)
def test_whoever_may_write_to_the_inbox_says_nothing_in_the_name_of_the_agent(
    log, tmp_path, kind, body
):
    inbox.leave(tmp_path, kind, body, BEGAN)
    (line,) = inbox.take(tmp_path, log, BEGAN)
    assert "refused" in line
    with log.store.reading() as view:
        assert view.size() == 1


@pytest.fixture
def agent(call):
    """An agent on the configuration of `call` that nobody has started: (agent, its log)."""
    from agent.config import load_settings  # noqa: PLC0415 - only here
    from agent.home import open_log  # noqa: PLC0415 - only here
    from agent.scope import load_scope  # noqa: PLC0415 - only here
    from agent.serve import Agent  # noqa: PLC0415 - only here

    settings = load_settings(call.config, {})
    with open_log(settings, at=BEGAN) as writer:
        yield Agent(load_scope(settings, {}), writer), writer


def test_the_agent_takes_up_what_was_left_for_it(agent, call):
    running, writer = agent
    inbox.leave(call.folder / "evidence", Kind.ATTESTATION, to_body(attestation()), BEGAN)
    running._upkeep.look_at_people()
    assert [each.control for each in recorded_attestations(writer.store)] == ["review"]


def test_the_agent_reads_the_lists_of_events_again_and_keeps_what_it_knew(agent, call):
    running, writer = agent
    running._upkeep.look_at_people()
    (call.folder / "l.csv").write_text("id,at\nbob,2026-03-01\n")
    running._upkeep.look_at_people()
    (call.folder / "l.csv").write_text("id\nana\n")
    running._upkeep.look_at_people()
    running._upkeep.look_at_people()
    assert recorded_events(writer.store)["leaver-offboarding"].keys() == {"ana", "bob"}
    (failure,) = running._people.decisions.failures
    assert "l.csv: has no column 'at'" in failure
    verify_store(writer.store)
