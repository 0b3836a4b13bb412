"""A statement is of one and reviewed by another, sealed with its files; no event is forgotten."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest
from attest_kit import BEGAN, DAY, attestation, control, writing

from agent.controls.attest import (
    LARGEST_KEPT,
    AttestError,
    read_files,
    recorded_attestations,
    to_body,
    verify_attestation,
    write_files,
)
from agent.controls.events import EventList, event_changes, read_events, recorded_events
from agent.controls.model import (
    Cadence,
    Event,
    File,
)
from agent.evidence.entry import Kind
from agent.evidence.store import Store
from agent.evidence.verify import LogInvalid, verify_store


@pytest.fixture
def log(tmp_path):
    with writing(tmp_path) as log:
        yield log


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
