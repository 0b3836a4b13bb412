"""What people do is due, stated by one and reviewed by another, and sealed with its files."""

import json
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import pairwise

import pytest
from agent_kit import configure, items
from evidence_world import SIGNER

from agent import inbox
from agent.cli.app import run
from agent.controls.attest import (
    LARGEST_KEPT,
    AttestError,
    read_files,
    recorded_attestations,
    to_body,
    verify_attestation,
    write_files,
)
from agent.controls.calendar import calendar, next_due, overdue
from agent.controls.events import EventList, event_changes, read_events, recorded_events
from agent.controls.model import (
    Attestation,
    Cadence,
    Control,
    Event,
    File,
    Manual,
    Result,
    State,
)
from agent.controls.periods import parse_period, period_of, periods
from agent.evidence.entry import Kind
from agent.evidence.log import Log
from agent.evidence.store import Store
from agent.evidence.verify import LogInvalid, verify_store

BEGAN = datetime(2026, 2, 10, tzinfo=UTC)
DAY = timedelta(days=1)


def control(cadence=Cadence.QUARTERLY, **more):
    manual = Manual(
        cadence=cadence,
        grace=21 * DAY,
        task="Review",
        attach=("A list",),
        performer="Lead",
        reviewer="Head",
        **more,
    )
    return Control(id="review", title="Reviews", criteria={"soc2": ("CC6.3",)}, manual=manual)


def attestation(period="2026-Q1", recorded=datetime(2026, 4, 3, tzinfo=UTC), **more):
    return Attestation(
        **{
            "control": "review",
            "period": period,
            "performer": "Ana",
            "reviewer": "Bob",
            "performed_at": recorded - DAY,
            "recorded_at": recorded,
            "statement": "All accounts were looked at",
            "result": Result.DONE,
            **more,
        }
    )


def dues(now, *attestations, of=None, events=()):
    known = {"review": {event.id: event for event in events}}
    one = of or control()
    return calendar({"review": one}, attestations, known, start=BEGAN, end=now)


def states(now, *attestations, **more):
    return {due.period: due.state(now).value for due in dues(now, *attestations, **more)}


@pytest.fixture
def log(tmp_path):
    with (
        Store.open(tmp_path / "evidence.db") as store,
        Log.open(store, SIGNER, at=BEGAN) as log,
    ):
        yield log


# --- periods -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cadence", "key", "start", "end"),
    [
        (Cadence.YEARLY, "2026", date(2026, 1, 1), date(2027, 1, 1)),
        (Cadence.HALF_YEARLY, "2026-H2", date(2026, 7, 1), date(2027, 1, 1)),
        (Cadence.QUARTERLY, "2026-Q3", date(2026, 7, 1), date(2026, 10, 1)),
        (Cadence.MONTHLY, "2024-02", date(2024, 2, 1), date(2024, 3, 1)),
        (Cadence.MONTHLY, "2026-12", date(2026, 12, 1), date(2027, 1, 1)),
        (Cadence.WEEKLY, "2026-W53", date(2026, 12, 28), date(2027, 1, 4)),
        (Cadence.WEEKLY, "2025-W01", date(2024, 12, 30), date(2025, 1, 6)),
    ],
)
def test_a_key_names_its_period_and_every_day_of_it_gives_the_key(cadence, key, start, end):
    period = parse_period(cadence, key)
    assert (period.start, period.end) == (start, end)
    day = start
    while day < end:
        assert period_of(cadence, day) == period
        day += DAY


@pytest.mark.parametrize(
    ("cadence", "key"),
    [
        (Cadence.QUARTERLY, "2026-Q5"),
        (Cadence.QUARTERLY, "2026-Q0"),
        (Cadence.QUARTERLY, "2026-09"),
        (Cadence.MONTHLY, "2026-13"),
        (Cadence.HALF_YEARLY, "2026-H3"),
        (Cadence.WEEKLY, "2025-W53"),
        (Cadence.YEARLY, "26"),
    ],
)
def test_a_key_that_names_no_period_is_refused_with_an_example(cadence, key):
    with pytest.raises(ValueError, match=f"'{key}' is no .* period such as 2026"):
        parse_period(cadence, key)


@pytest.mark.parametrize("cadence", [each for each in Cadence if each is not Cadence.EVENT])
def test_periods_follow_each_other_without_hole_or_overlap(cadence):
    found = list(periods(cadence, date(2023, 12, 15), date(2027, 1, 10)))
    assert found[0].start <= date(2023, 12, 15)
    assert found[-1].end >= date(2027, 1, 10)
    assert all(one.end == other.start for one, other in pairwise(found))


# --- the calendar --------------------------------------------------------------------------------


def test_a_period_is_due_at_its_end_and_overdue_after_the_grace():
    end = datetime(2026, 4, 1, tzinfo=UTC)
    assert states(end - DAY) == {"2026-Q1": "upcoming"}
    assert states(end)["2026-Q1"] == "due"
    assert states(end + 21 * DAY)["2026-Q1"] == "due"
    assert states(end + 21 * DAY + timedelta(seconds=1))["2026-Q1"] == "overdue"


def test_what_is_recorded_in_time_is_done_and_later_is_late_by_the_time_of_the_log():
    due = datetime(2026, 4, 22, tzinfo=UTC)
    at = due + 2 * DAY
    assert states(at, attestation(recorded=due))["2026-Q1"] == "done"
    (first, *_) = dues(at, attestation(recorded=at, performed_at=due - 9 * DAY))
    assert (first.state(at), first.late) == (State.LATE, 2 * DAY)


def test_an_amendment_does_not_make_late_what_was_in_time_nor_the_other_way():
    now = datetime(2026, 6, 1, tzinfo=UTC)
    in_time = attestation(entry=5)
    amended = attestation(recorded=now, entry=9, result=Result.EXCEPTION)
    (first, *_) = dues(now, amended, in_time)
    assert (first.attestation, first.late, first.state(now)) == (amended, 0 * DAY, State.EXCEPTION)
    excuse = attestation(entry=5, result=Result.NOT_DONE)
    (first, *_) = dues(now, excuse, attestation(recorded=now, entry=9))
    assert first.state(now) is State.LATE


def test_what_was_not_done_is_neither_done_nor_forgotten():
    now = datetime(2026, 6, 1, tzinfo=UTC)
    found = dues(now, attestation(result=Result.NOT_DONE))
    assert found[0].state(now) is State.NOT_DONE
    assert overdue(found, now) == ()


def test_what_had_ended_before_the_log_began_or_before_the_control_did_is_not_expected():
    now = datetime(2026, 8, 1, tzinfo=UTC)
    assert list(states(now)) == ["2026-Q1", "2026-Q2", "2026-Q3"]
    assert list(states(now, of=control(since=date(2026, 4, 1)))) == ["2026-Q2", "2026-Q3"]


def test_each_event_is_an_instance_and_none_is_forgotten():
    leaver = control(Cadence.EVENT, population="the HR system")
    at = datetime(2026, 3, 1, 9, tzinfo=UTC)
    events = [Event(id="ana", at=at), Event(id="bob", at=at + 40 * DAY)]
    events.append(Event(id="before", at=BEGAN - 2 * DAY))
    said = [
        attestation("ana", recorded=at + DAY),
        attestation("unlisted", recorded=at + DAY, occurred_at=at),
    ]
    now = at + 50 * DAY
    assert states(now, *said, of=leaver, events=events) == {
        "ana": "done",
        "unlisted": "done",
        "bob": "due",
    }
    assert states(now + 20 * DAY, *said, of=leaver, events=events)["bob"] == "overdue"


def test_what_is_due_next_is_the_first_that_nobody_stated():
    now = datetime(2026, 8, 1, tzinfo=UTC)
    assert next_due(dues(now, attestation()))["review"].period == "2026-Q2"
    assert [each.period for each in overdue(dues(now, attestation()), now)] == ["2026-Q2"]


# --- a statement ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"reviewer": " ana "}, "somebody else than the performer must review"),
        ({"performer": " "}, "the performer is missing"),
        ({"statement": ""}, "the statement is missing"),
        ({"statement": "x" * 10_001}, "more than 10000 characters"),
        ({"period": "2026-03"}, "'2026-03' is no quarterly period such as 2026-Q3"),
        ({"performed_at": datetime(2026, 4, 4, tzinfo=UTC)}, "in the future"),
        ({"performed_at": datetime(2025, 12, 31, tzinfo=UTC)}, "before 2026-Q1 began (2026-01-01)"),
        ({"files": (File(name="a", sha256="0", size=1),) * 101}, "more than 100 files"),
    ],
)
def test_a_statement_that_cannot_be_taken_says_why(more, message):
    with pytest.raises(AttestError) as caught:
        verify_attestation(attestation(**more), control())
    assert message in str(caught.value)


def test_an_event_must_be_listed_or_dated():
    leaver = control(Cadence.EVENT, population="the HR system")
    with pytest.raises(AttestError, match="no event 'ana' is listed"):
        verify_attestation(attestation("ana"), leaver)
    verify_attestation(attestation("ana", occurred_at=datetime(2026, 4, 1, tzinfo=UTC)), leaver)


def test_a_statement_comes_back_from_the_log_with_its_files(log, tmp_path):
    (tmp_path / "list.csv").write_bytes(b"a,b\n")
    (tmp_path / "decisions.txt").write_bytes(b"keep\n")
    paths = [tmp_path / "list.csv", tmp_path / "decisions.txt"]
    files, contents = read_files(paths, tmp_path)
    made = attestation(files=tuple(files), entry=1)
    log.append(Kind.ATTESTATION, to_body(made), made.recorded_at, contents)
    assert recorded_attestations(log.store) == [made]
    verify_store(log.store)
    written = list(write_files(made, log.store, tmp_path, tmp_path / "out"))
    assert [path.name for path in written] == ["1-list.csv", "2-decisions.txt"]
    assert [path.read_bytes() for path in written] == [b"a,b\n", b"keep\n"]


def test_a_large_file_lies_beside_the_store_and_is_checked_when_it_is_read(log, tmp_path):
    large = tmp_path / "large.bin"
    large.write_bytes(b"x" * (LARGEST_KEPT + 1))
    files, contents = read_files([large], tmp_path)
    assert (files[0].kept, contents) == (False, [])
    beside = tmp_path / "attachments" / files[0].sha256
    assert sha256(beside.read_bytes()).hexdigest() == files[0].sha256
    made = attestation(files=tuple(files))
    assert len(list(write_files(made, log.store, tmp_path, tmp_path / "out"))) == 1
    beside.write_bytes(b"other")
    with pytest.raises(AttestError, match=r"large\.bin: it is not the file that was sealed"):
        list(write_files(made, log.store, tmp_path, tmp_path / "again"))


def test_a_changed_file_in_the_evidence_is_found_by_verification(log, tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    files, contents = read_files([tmp_path / "a"], tmp_path)
    body = to_body(attestation(files=tuple(files)))
    log.append(Kind.ATTESTATION, body, BEGAN + 60 * DAY, contents)
    path = log.store.path
    import sqlite3  # noqa: PLC0415 - the forger's tool

    with sqlite3.connect(path) as forger:
        for (trigger,) in forger.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
            forger.execute(f'DROP TRIGGER "{trigger}"')
        forger.execute("UPDATE content SET body = x'00'")
    forger.close()
    with Store.open(path, create=False) as store, pytest.raises(LogInvalid):
        verify_store(store)


def test_an_entry_that_cites_a_file_which_does_not_come_with_it_is_refused(log):
    body = to_body(attestation(files=(File(name="a", sha256="00" * 32, size=1),)))
    with pytest.raises(Exception, match="cites other blobs"):
        log.append(Kind.ATTESTATION, body, BEGAN)


# --- events --------------------------------------------------------------------------------------


def test_events_come_from_a_file_with_the_names_that_it_uses(tmp_path):
    path = tmp_path / "leavers.csv"
    path.write_text("Person;Last day\nana;2026-03-01\n")
    found = read_events("leaver", path, {"id": "Person", "at": "Last day"})
    assert found.events == (Event(id="ana", at=datetime(2026, 3, 1, tzinfo=UTC)),)
    assert found.failure == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,at\nana,soon\n", "leavers.csv: line 2, at: 'soon' is not a date"),
        ("id\nana\n", "leavers.csv: has no column 'at'"),
        ("id,at\nana,2026-03-01\nana,2026-03-02\n", "leavers.csv: line 3 has the same id"),
        (None, "leavers.csv: cannot be read"),
    ],
)
def test_a_list_of_events_that_is_wrong_is_a_failure_and_no_empty_list(tmp_path, text, message):
    path = tmp_path / "leavers.csv"
    if text is not None:
        path.write_text(text)
    found = read_events("leaver", path, {})
    assert found.events == ()
    assert message in found.failure


def test_an_event_that_the_log_knew_stays_though_the_list_forgets_it(log):
    at = datetime(2026, 3, 1, tzinfo=UTC)
    first = EventList(control="leaver", source="a", sha256="1", events=(Event(id="ana", at=at),))
    later = EventList(control="leaver", source="a", sha256="2", events=())
    for listed, last in ((first, {}), (later, {"leaver": "1"}), (later, {"leaver": "2"})):
        for body in event_changes(last, [listed]):
            log.append(Kind.POPULATION, body, BEGAN)
    assert recorded_events(log.store) == {"leaver": {"ana": Event(id="ana", at=at)}}


# --- the commands --------------------------------------------------------------------------------


@pytest.fixture
def call(tmp_path, capsys):
    """Run a command that asks no cloud: (exit code, output, error)."""
    config = configure(
        tmp_path, "http://127.0.0.1:9", events={"leaver-offboarding": {"path": "l.csv"}}
    )

    def call(*words):
        code = run(["-c", str(config), *map(str, words)])
        said = capsys.readouterr()
        return int(code), said.out, said.err

    (tmp_path / "l.csv").write_text("id,at\nana,2020-01-01\n")
    call.folder, call.config = tmp_path, config
    return call


def attest(call, *words, by="Ana", reviewed="Bob"):
    given = ("--by", by, "--reviewed-by", reviewed, "--statement", "All were looked at")
    return call("attest", *words, *given)


def this_quarter():
    return period_of(Cadence.QUARTERLY, datetime.now(UTC).date()).key


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


# --- the inbox -----------------------------------------------------------------------------------


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
    running._look_at_people()
    assert [each.control for each in recorded_attestations(writer.store)] == ["review"]


def test_the_agent_reads_the_lists_of_events_again_and_keeps_what_it_knew(agent, call):
    running, writer = agent
    running._look_at_people()
    (call.folder / "l.csv").write_text("id,at\nbob,2026-03-01\n")
    running._look_at_people()
    (call.folder / "l.csv").write_text("id\nana\n")
    running._look_at_people()
    running._look_at_people()
    assert recorded_events(writer.store)["leaver-offboarding"].keys() == {"ana", "bob"}
    (failure,) = running._people.decisions.failures
    assert "l.csv: has no column 'at'" in failure
    verify_store(writer.store)
