"""The log has one writer and one key, is only added to, and each entry is signed."""

from __future__ import annotations

import pytest
from evidence_world import OTHER, SIGNER, START, open_world

from agent.evidence import queries
from agent.evidence.entry import EntryError
from agent.evidence.log import Log
from agent.evidence.note import open_checkpoint
from agent.evidence.store import KeyMismatch, Store, StoreLocked, StoreMissing
from agent.model import Outcome


@pytest.fixture
def world(tmp_path):
    with open_world(tmp_path) as opened:
        yield opened
        opened.verify()


def test_a_new_log_starts_with_its_key(world):
    first = world.entry(0)
    assert (first["kind"], first["vkey"]) == ("key", str(SIGNER.verifier))


def test_each_entry_is_followed_by_a_signed_checkpoint(world):
    index = world.log.append("agent", {"event": "start"}, START)
    head = open_checkpoint(world.log.checkpoint(), SIGNER.verifier)
    assert (index, head.size) == (1, 2)


def test_a_body_that_cannot_be_sealed_leaves_no_entry(world):
    with pytest.raises(EntryError):
        world.log.append("config", {"ratio": 0.5}, START)
    assert world.log.append("config", {"ratio": "0.5"}, START) == 1


def test_an_unknown_kind_of_entry_is_refused(world):
    with pytest.raises(ValueError, match="party"):
        world.log.append("party", {}, START)


def test_a_new_schedule_is_an_entry_and_the_same_one_is_not(world):
    world.plan()
    size = open_checkpoint(world.log.checkpoint(), SIGNER.verifier).size
    world.plan(1)
    assert open_checkpoint(world.log.checkpoint(), SIGNER.verifier).size == size
    world.plan(2, every=7200)
    assert open_checkpoint(world.log.checkpoint(), SIGNER.verifier).size == size + 1


def test_two_writers_are_refused_in_one_line(world):
    with Store.open(world.store.path) as second, pytest.raises(StoreLocked) as error:
        Log.open(second, SIGNER, at=START)
    assert "another agent (process " in str(error.value)
    assert "\n" not in str(error.value)


def test_a_closed_log_gives_its_place_to_another(world):
    world.log.close()
    with pytest.raises(StoreLocked, match="closed"):
        world.log.append("agent", {}, START)
    with Store.open(world.store.path) as second, Log.open(second, SIGNER, at=START) as log:
        assert log.append("agent", {}, START) == 1


def test_the_key_of_another_log_is_refused(tmp_path):
    with open_world(tmp_path) as world:
        world.log.close()
        with pytest.raises(KeyMismatch, match="belongs to the key"):
            Log.open(world.store, OTHER, at=START)


def test_a_store_that_is_not_there_is_not_made_by_reading(tmp_path):
    with pytest.raises(StoreMissing):
        Store.open(tmp_path / "none.db", create=False)
    with pytest.raises(StoreMissing, match="no such folder"):
        Store.open(tmp_path / "nowhere" / "e.db")


def test_truth_refuses_update_delete_and_holes(world):
    world.run(0, {("r1", "a"): "pass"})
    with world.store._engine.connect() as connection:
        for statement, message in (
            ("UPDATE entry SET kind = 'gap'", "only ever added"),
            ("DELETE FROM change", "only ever added"),
            ("INSERT INTO entry VALUES (9, 'gap', 0, x'00', x'00')", "without holes"),
        ):
            with pytest.raises(Exception, match=message):
                connection.exec_driver_sql(statement)


def test_a_store_may_be_read_while_it_is_written(world):
    world.run(0, {("r1", "a"): "pass"})
    reading = queries.current(world.store)
    assert next(reading).outcome is Outcome.PASS
    world.run(1, {("r1", "a"): "fail"})
    assert list(reading) == []
    assert world.state() == {("r1", "a"): ("fail", "")}
