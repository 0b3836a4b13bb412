"""Any change to any row is found and named; a held checkpoint shows what the key cannot."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing

import pytest
from evidence_world import OTHER, SIGNER, START, World, open_world
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.evidence.log import Log
from agent.evidence.store import Store, StoreError
from agent.evidence.store import tables as t
from agent.evidence.verify import LogInvalid, verify_store
from checks.model import Cause, Gap

TABLES = [table.name for table in (*t.TRUTH, *t.PROJECTIONS)]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory):
    """A store with rows in every table, closed; and the checkpoints held of it."""
    folder = tmp_path_factory.mktemp("sealed")
    with open_world(folder) as world:
        fill(world)
        world.verify()
        held = world.held
    return folder / "evidence.db", held


def fill(world: World) -> None:
    world.plan()
    gap = Gap(check="aws.s3.bucket", cause=Cause.DENIED, code="AccessDenied", message="no")
    world.run(0, {("r1", "a"): "pass", ("r1", "b"): "fail", ("r2", "a"): "error"})
    world.run(1, {("r1", "a"): "fail", ("r2", "a"): "error"}, calls={"n": 1})
    world.run(1, {("r1", "c"): "waived"}, target="aws:2", slot=False)
    world.run(
        3,
        {("r1", "a"): "pass"},
        lost={"r2": [("eu-west-1", "AccessDenied", "no", ("s3:List",))]},
        gaps=[gap],
    )
    world.log.record_missed(START.replace(hour=4))


@pytest.fixture
def copy(sealed, tmp_path):
    path = tmp_path / "copy.db"
    shutil.copy(sealed[0], path)
    return path


def change(path, *statements):
    """Change rows as an owner of the file can: the guards are gone before and back after."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        guards = db.execute("SELECT name, sql FROM sqlite_master WHERE type='trigger'").fetchall()
        db.execute("BEGIN")
        for name, _ in guards:
            db.execute(f"DROP TRIGGER {name}")
        try:
            for sql, values in statements:
                db.execute(sql, values)
        except sqlite3.IntegrityError:
            db.execute("ROLLBACK")
            return False
        for _, sql in guards:
            db.execute(sql)
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return True


def found(path, held=()):
    """What opening or verification says is wrong; empty: nothing."""
    try:
        with Store.open(path, create=False) as store:
            verify_store(store, SIGNER.verifier, held)
    except (LogInvalid, StoreError) as error:
        return str(error)
    return ""


def flips(value):
    """Values that differ from `value` in one bit, at several places."""
    if value is None:
        yield from (1, b"\x01" * 32)
    elif isinstance(value, int):
        yield from (value ^ 1, value ^ 2, -value - 1)
    else:
        raw = value.encode() if isinstance(value, str) else value
        for place in sorted({0, len(raw) // 3, len(raw) // 2, len(raw) - 1}):
            if raw:
                flipped = bytearray(raw)
                flipped[place] ^= 0x04
                yield (
                    bytes(flipped) if isinstance(value, bytes) else bytes(flipped).decode("latin-1")
                )
        yield raw + b"x" if isinstance(value, bytes) else value + "x"


def cells(path, table):
    """(rowid condition, its values, column, value) for the cells of the first, middle, last row."""
    with closing(sqlite3.connect(path)) as db:
        cursor = db.execute(f'SELECT * FROM "{table}"')
        columns = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
    for row in {0: rows[0], 1: rows[len(rows) // 2], 2: rows[-1]}.values():
        where = " AND ".join(f'"{column}" IS ?' for column in columns)
        for column, value in zip(columns, row, strict=True):
            yield where, row, column, value


@pytest.mark.parametrize("table", TABLES)
def test_any_flipped_bit_of_any_column_is_found(sealed, tmp_path, table):
    path, missed, tried = tmp_path / "copy.db", [], 0
    for where, row, column, value in cells(sealed[0], table):
        for new in flips(value):
            shutil.copy(sealed[0], path)
            sql = f'UPDATE "{table}" SET "{column}" = ? WHERE {where}'
            if change(path, (sql, (new, *row))):
                tried += 1
                if not found(path):
                    missed.append((column, value, new))
    assert (missed, tried > 0) == ([], True)


@pytest.mark.parametrize("table", TABLES)
def test_any_row_taken_away_is_found(sealed, tmp_path, table):
    path = tmp_path / "copy.db"
    for where, row, column, _ in cells(sealed[0], table):
        if column == next(iter(cells(sealed[0], table)))[2]:
            shutil.copy(sealed[0], path)
            assert change(path, (f'DELETE FROM "{table}" WHERE {where}', row))
            assert found(path)


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("UPDATE entry SET body = zeroblob(9) WHERE idx = 2", "entry 2: its bytes"),
        ("UPDATE entry SET kind = 'config' WHERE idx = 1", "entry 1: kind or time"),
        ("DELETE FROM entry WHERE idx = 3", "entry 3: is missing"),
        ("UPDATE checkpoint SET note = x'78' WHERE size = 2", "checkpoint 2: the note has no"),
        ("DELETE FROM checkpoint WHERE size = 2", "checkpoint 2: is missing"),
        ("UPDATE checkpoint SET root = zeroblob(32) WHERE size = 2", "checkpoint 2: the root of"),
        ("INSERT INTO checkpoint VALUES (99, x'00', x'00')", "checkpoint 99: beyond"),
        ("UPDATE change SET outcome = 3 WHERE seq = 2", "entry 2, run 1: state_root"),
        ("UPDATE change SET outcome = 9 WHERE seq = 1", "change 1 of run 1: takes away"),
        ("UPDATE change SET outcome = 7 WHERE seq = 1", "change 1 of run 1: has the outcome 7"),
        ("INSERT INTO change VALUES (99, 9, 1, 1, 3, NULL, NULL)", "change 99: belongs to no"),
        ("UPDATE run SET slot = slot + 1 WHERE id = 1", "entry 2, run 1: slot"),
        ("DELETE FROM run WHERE id = 2", "entry 3, run 2: its row in the table run is missing"),
        ("UPDATE name SET text = 'aws:9' WHERE text LIKE 'aws:1%'", "entry 2, run 1: target"),
        ("INSERT INTO name VALUES (99, 'nobody')", "name 99: nothing"),
        ("INSERT INTO resource VALUES (99, 1, 'x', '')", "resource 99: nothing"),
        ("INSERT INTO reason VALUES (99, 'x', '', '')", "reason 99: nothing"),
        ("INSERT INTO blob VALUES (99, zeroblob(32), 0)", "blob 0000.*: nothing"),
        ("UPDATE content SET crc = crc + 1 WHERE blob = 1", "blob 1 .*stored bytes"),
        ("DELETE FROM content WHERE blob = 1", "plan 1 is missing|its content is missing"),
        ("INSERT INTO content VALUES (99, NULL, 0, x'')", "content 99: nothing"),
        ("INSERT INTO plan VALUES (99, 1)", "plan 99: belongs"),
        ("INSERT INTO plan_rule VALUES (99, 1)", "plan_rule 99: belongs"),
        ("UPDATE span SET to_run = 99", "span of rule .* rebuild"),
        ("INSERT INTO span VALUES (9, 9, 9, 9, 9, 9, NULL, NULL)", "span: 5 rows, not 4"),
        ("UPDATE current SET from_run = 99", "current .* rebuild"),
        ("DELETE FROM latest", "latest: 0 rows"),
        ("UPDATE meta SET value = 'x' WHERE key = 'origin'", "meta 'origin'"),
        ("INSERT INTO meta VALUES ('x', 'y')", "meta 'x'"),
    ],
    ids=lambda value: value[:50].replace("/", " ") if value.isupper() else None,
)  # fmt: skip
def test_what_is_wrong_is_named(copy, sql, message):
    assert change(copy, (sql, ()))
    assert re.search(message, found(copy)), found(copy)


def test_a_guard_that_was_dropped_is_named(copy):
    with closing(sqlite3.connect(copy)) as db:
        db.execute("DROP TRIGGER entry_no_delete")
    assert found(copy) == "the file is damaged: the guard entry_no_delete"


def test_an_untouched_copy_is_valid_for_every_checkpoint_held(sealed, copy):
    assert found(copy, sealed[1]) == ""


def test_a_wrong_key_is_found(copy):
    with Store.open(copy, create=False) as store:
        with pytest.raises(LogInvalid, match="meta 'vkey'"):
            verify_store(store, OTHER.verifier)
        verify_store(store)


def test_entries_cut_from_the_end_are_found_by_a_held_checkpoint(sealed, tmp_path):
    with open_world(tmp_path) as world:
        world.plan()
        held = bytes(world.log.checkpoint())
    with Store.open(sealed[0], create=False) as store:
        verify_store(store, SIGNER.verifier, [held])
    (tmp_path / "again").mkdir()
    with (
        open_world(tmp_path / "again") as short,
        pytest.raises(LogInvalid, match="entries were removed from its end"),
    ):
        verify_store(short.store, SIGNER.verifier, [held])


def test_a_log_made_anew_with_the_same_key_is_found_by_a_held_checkpoint_only(sealed, tmp_path):
    with open_world(tmp_path) as other:
        other.plan()
        other.run(0, {("r1", "a"): "pass", ("r1", "b"): "pass", ("r2", "a"): "pass"})
        verify_store(other.store, SIGNER.verifier)
        with pytest.raises(LogInvalid, match="it was rewritten"):
            verify_store(other.store, SIGNER.verifier, sealed[1][:1])


def test_a_held_checkpoint_that_the_key_did_not_sign_is_refused(copy):
    with open_world(copy.parent) as world:
        forged = world.log.checkpoint().replace(b"\n1\n", b"\n2\n")
    assert found(copy, [forged]).startswith("the held checkpoint: the signature")


@pytest.mark.parametrize("text", ["UPDATE resource SET text = CAST(x'ff' AS TEXT) WHERE id = 1"])
def test_text_that_is_no_text_any_more_is_found(copy, text):
    assert change(copy, (text, ()))
    assert found(copy)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_flipped_bit_of_the_file_is_found_or_is_in_no_row(sealed, tmp_path, data):
    whole = sealed[0].read_bytes()
    broken = bytearray(whole)
    place = data.draw(st.integers(0, len(whole) - 1))
    broken[place] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path / "flipped.db"
    path.with_name("flipped.db-wal").unlink(missing_ok=True)
    path.write_bytes(broken)
    if not found(path):
        with closing(sqlite3.connect(path)) as db, closing(sqlite3.connect(sealed[0])) as original:
            assert list(db.iterdump()) == list(original.iterdump())
    path.unlink()


def test_a_log_whose_entries_do_not_fit_its_head_is_not_written_to(copy):
    with closing(sqlite3.connect(copy, isolation_level=None)) as db:
        db.execute("DROP TRIGGER entry_no_update")
        db.execute("UPDATE entry SET hash = zeroblob(32) WHERE idx = 1")
    with Store.open(copy) as store, pytest.raises(StoreError, match="verify the store"):
        Log.open(store, SIGNER, at=START)
