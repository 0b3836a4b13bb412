"""Whatever breaks while the log is written, it stays whole, says so loudly, and goes on after."""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from evidence_world import HOUR, SIGNER, START, TARGET, finding, open_world, rules_of

from agent.evidence import queries
from agent.evidence.log import Log
from agent.evidence.note import open_checkpoint
from agent.evidence.store import (
    SlotTaken,
    Store,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreMissing,
    StoreNewer,
    StoreReadOnly,
)
from agent.evidence.verify import verify_store

WRITES = ("INSERT", "DELETE", "UPDATE", "CREATE")
STEPS = (
    lambda world: world.plan(),
    lambda world: world.run(0, {("r1", "a"): "pass", ("r2", "a"): "fail"}),
    lambda world: world.run(1, {("r1", "a"): "fail"}),
    lambda world: world.log.append("agent", {"event": "stop"}, START + 2 * HOUR),
    lambda world: world.log.record_missed(START + 5 * HOUR),
    lambda world: world.log.rebuild_projection(),
)


class Disk:
    """The edge to SQLite: breaks the write number `at`, before it is made or after."""

    def __init__(self, at: int, *, made: bool) -> None:
        self.left, self.made, self.writes = at, made, 0

    def connect(self, *args, **more):
        disk = self

        class Cursor(sqlite3.Cursor):
            def execute(self, sql, *values):
                if sql.startswith("BEGIN"):
                    self.connection.writing = sql == "BEGIN IMMEDIATE"
                return disk.write(partial(super().execute, sql, *values), sql)

            def executemany(self, sql, *values):
                return disk.write(partial(super().executemany, sql, *values), sql)

        class Connection(sqlite3.Connection):
            writing = False

            def cursor(self):
                return super().cursor(Cursor)

            def commit(self):
                return disk.write(super().commit, "INSERT" if self.writing else "")

        return sqlite3.connect(*args, factory=Connection, **more)

    def write(self, act, sql):
        if not sql.startswith(WRITES):
            return act()
        self.writes += 1
        self.left -= 1
        if self.left:
            return act()
        if self.made:
            act()
        raise sqlite3.OperationalError("disk I/O error")


def tell(folder, disk):
    """Do all steps, each again after it failed, opening again too; gives how often it failed."""
    failed, done = 0, 0
    while done < len(STEPS):
        try:
            with open_world(folder, connect=disk.connect) as world:
                while done < len(STEPS):
                    try:
                        STEPS[done](world)
                    except SlotTaken:
                        assert failed, "the run was kept and only the answer was lost"
                    except StoreError:
                        failed += 1
                        assert failed < 3, "the log does not go on after one broken write"
                        world.verify()
                        continue
                    done += 1
        except StoreError:
            failed += 1
    return failed


def count_writes(folder):
    disk = Disk(0, made=False)
    tell(folder, disk)
    return disk.writes


@pytest.mark.parametrize(
    "made", [False, True], ids=["not-persisted", "persisted-but-reported-failed"]
)
def test_every_write_may_break_and_the_log_stays_whole(tmp_path, made):
    (tmp_path / "count").mkdir()
    writes = count_writes(tmp_path / "count")
    assert writes > 60
    for at in range(1, writes + 1):
        folder = tmp_path / str(at)
        folder.mkdir()
        assert tell(folder, Disk(at, made=made)) == 1, at
        with open_world(folder) as world:
            assert len(list(queries.runs(world.store, START, START + 9 * HOUR))) == 2
            world.log.append("agent", {"event": "start"}, START + 9 * HOUR)


WRITER = """
import sys
sys.path[:0] = [{tests!r}, {root!r}]
from evidence_world import HOUR, START, TARGET, open_world
from agent.evidence import queries
from pathlib import Path
with open_world(Path({folder!r})) as world:
    world.plan()
    last = list(queries.runs(world.store, START, START + 100000 * HOUR))
    hour = len(last) + 1
    print("ready", flush=True)
    while True:
        world.run(hour, {{("r1", f"bucket-{{n}}"): "fail" if (n + hour) % 7 == 0 else "pass"
                         for n in range(150)}})
        world.log.append("agent", {{"event": "tick", "hour": hour}}, START + hour * HOUR)
        hour += 1
"""


def test_killed_at_any_moment_the_log_is_whole_and_goes_on(tmp_path):
    tests = Path(__file__).parent
    script = WRITER.format(tests=str(tests), root=str(tests.parent), folder=str(tmp_path))
    chance, sizes = random.Random(7), []
    while len(sizes) < 22 or open_checkpoint(sizes[-1], SIGNER.verifier).size <= 25:
        assert len(sizes) < 500
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as writer:
            try:
                assert writer.stdout.readline() == b"ready\n"
                time.sleep(chance.uniform(0, 0.25))
            finally:
                writer.send_signal(signal.SIGKILL)
                writer.wait(timeout=20)
        with Store.open(tmp_path / "evidence.db", create=False) as store:
            verify_store(store, SIGNER.verifier, sizes[-1:])
            with store.reading() as view:
                sizes.append(view.checkpoint())
                bodies = [body for _, body in queries.entries(store, kind="run")]
            assert all(body["counts"]["r1"]["pass"] > 100 for body in bodies)
    with open_world(tmp_path) as world:
        assert list(tmp_path.glob(".*-spool-*")) == []
        (index, *_) = world.log.record_missed(START + 2000 * HOUR)
        gaps = queries.gaps(world.store, START, START + 2000 * HOUR)
        assert gaps.unexplained == 0
        assert gaps.gaps[-1].entry >= index


def test_what_is_committed_is_on_the_disk(tmp_path):
    with open_world(tmp_path) as world, world.store.writing() as writing:
        settings = [
            writing._connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous")
        ]
    assert settings == ["wal", 2]  # 2: FULL, https://sqlite.org/pragma.html#pragma_synchronous


def limited(pages):
    def connect(*args, **more):
        made = sqlite3.connect(*args, **more)
        made.execute(f"PRAGMA max_page_count={pages}")
        return made

    return connect


def test_a_full_disk_stops_sealing_loudly_and_loses_nothing(tmp_path):
    with open_world(tmp_path) as world:
        world.run(0, {("r1", "a"): "pass"})
    pages = (tmp_path / "evidence.db").stat().st_size // 8192
    many = {("r1", f"bucket-{n:05}"): "fail" for n in range(2000)}
    with open_world(tmp_path, connect=limited(pages + 3)) as world:
        with pytest.raises(StoreFull, match="the disk is full") as error:
            world.run(1, many)
        assert "\n" not in str(error.value)
        world.verify()
        assert [row.resource for row in queries.current(world.store)] == ["a"]
    with open_world(tmp_path) as world:
        assert world.run(1, many).counts["r1"] == {"fail": 2000}


def test_a_disk_that_refuses_the_spool_is_one_clear_error(tmp_path):
    def child():
        with open_world(tmp_path) as world:
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            with world.log.run(target=TARGET, slot=None, rules=rules_of("r1"), at=START) as run:
                for n in range(5000):
                    run.add(finding("r1", f"bucket-{n:05}", message="x" * 1000))
                run.seal({}, finished=START)

    assert in_child(child).startswith("Store")
    with open_world(tmp_path) as world:
        assert list(queries.current(world.store)) == []


def in_child(act, user=None):
    """What `act` raises in a process of its own, as another user when named: `Type: message`."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        answer = "nothing"
        try:
            if user is not None and os.geteuid() == 0:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
            act()
        except BaseException as error:  # noqa: BLE001 - all of it is the answer
            answer = f"{type(error).__name__}: {error}"
        os.write(write, answer.encode()[:4000])
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as answers:
        answer = answers.read().decode()
    os.waitpid(pid, 0)
    return answer


@pytest.fixture
def shared_folder():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path
        path.chmod(0o755)


def test_a_read_only_folder_is_refused_in_one_line(shared_folder):
    shared_folder.chmod(0o555)
    answer = in_child(lambda: Store.open(shared_folder / "e.db"), user=65534)
    assert answer.startswith("StoreReadOnly: ")
    assert "check the owner and mode" in answer
    assert "\n" not in answer


def test_a_store_in_a_read_only_folder_can_still_be_verified(shared_folder):
    with open_world(shared_folder) as world:
        world.run(0, {("r1", "a"): "pass"})
    path = shared_folder / "evidence.db"
    path.chmod(0o444)
    shared_folder.chmod(0o555)

    def child():
        with Store.open(path, read_only=True) as store:
            verify_store(store, SIGNER.verifier)
            with pytest.raises(StoreReadOnly), store.writing() as writing:
                writing.put_meta({"x": "y"})

    assert in_child(child, user=65534) == "nothing"


def test_a_file_that_is_no_store_is_refused(tmp_path):
    path = tmp_path / "e.db"
    path.write_bytes(b"hello" * 5000)
    with pytest.raises(StoreCorrupt, match="not a store of Assay"):
        Store.open(path)


def test_an_empty_file_is_not_taken_for_a_store_when_reading(tmp_path):
    path = tmp_path / "e.db"
    path.touch()
    with pytest.raises(StoreCorrupt, match="empty"):
        Store.open(path, create=False)


def test_another_database_is_refused(tmp_path):
    with closing(sqlite3.connect(tmp_path / "e.db")) as db:
        db.execute("CREATE TABLE meta(key TEXT, value TEXT)")
    with pytest.raises(StoreCorrupt, match="not a store of Assay"):
        Store.open(tmp_path / "e.db")


def test_a_store_of_a_newer_version_is_refused(tmp_path):
    with open_world(tmp_path):
        pass
    with closing(sqlite3.connect(tmp_path / "evidence.db", isolation_level=None)) as db:
        db.execute("DROP TRIGGER meta_no_update")
        db.execute("UPDATE meta SET value = '99' WHERE key = 'schema_version'")
    with pytest.raises(StoreNewer, match=r"schema 99.*upgrade this program"):
        Store.open(tmp_path / "evidence.db")


def test_a_damaged_page_stops_the_log_with_a_clear_error(tmp_path):
    with open_world(tmp_path) as world:
        for hour in range(40):
            world.run(hour, {("r1", "a"): "pass", ("r2", str(hour)): "fail"})
    path = tmp_path / "evidence.db"
    data = bytearray(path.read_bytes())
    for page in range(2, len(data) // 8192):
        data[page * 8192 : page * 8192 + 64] = b"\xff" * 64
    path.write_bytes(data)
    with pytest.raises(StoreCorrupt), Store.open(path) as store, Log.open(store, SIGNER, at=START):
        pass


def test_entries_added_behind_the_back_of_the_writer_are_refused(tmp_path):
    with open_world(tmp_path) as world:
        with closing(sqlite3.connect(tmp_path / "evidence.db", isolation_level=None)) as db:
            db.execute("INSERT INTO entry VALUES (1, 'gap', 0, zeroblob(32), x'7b7d')")
        with pytest.raises(StoreError, match="added by somebody else"):
            world.log.append("agent", {}, START)
        with closing(sqlite3.connect(tmp_path / "evidence.db", isolation_level=None)) as db:
            db.execute("DROP TRIGGER entry_no_delete")
            db.execute("DELETE FROM entry WHERE idx = 1")
            db.execute(
                "CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry "
                "BEGIN SELECT RAISE(ABORT, 'entry is only ever added to'); END"
            )


def test_the_folder_of_the_lock_must_be_there(tmp_path):
    with Store.open(tmp_path / "e.db") as store:
        store.path = tmp_path / "gone" / "e.db"
        with pytest.raises(StoreReadOnly, match=r"e\.db\.lock: cannot be made"):
            Log.open(store, SIGNER, at=START)
    with pytest.raises(StoreMissing):
        Store.open(tmp_path / "gone" / "e.db")
