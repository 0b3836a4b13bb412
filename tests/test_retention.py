"""What is old is deleted and logged, every hash stays, and a legal hold stops it."""

from __future__ import annotations

import json
import os
import sqlite3
from datetime import timedelta

import pytest
from bundle_kit import verify as verify_bundle
from evidence_world import HOUR, SIGNER, START, TARGET, open_world

from agent.bundle.write import Order, write_bundle
from agent.cli import app
from agent.evidence import keys, queries
from agent.evidence.entry import Kind
from agent.evidence.log import Log
from agent.evidence.replay import replay
from agent.evidence.store import Store
from agent.evidence.verify import LogInvalid, verify_store
from agent.inbox import leave, take
from agent.retention import Policy, RetentionError, holds, old_contents, retain

YEAR = timedelta(days=366)
POLICY = Policy(values=YEAR, calls=YEAR)
LATER = START + timedelta(days=400)


def tell(world, first=0):
    """Four hours long ago in which a bucket fails once and recovers; its old values are old."""
    world.plan(first)
    for hour, outcome in enumerate(("pass", "fail", "waived", "waived"), first):
        world.run(hour, {("r1", "b"): outcome, ("r2", "b"): "pass"}, calls={"List": hour})


def test_old_values_and_calls_go_and_what_stands_stays(tmp_path):
    with open_world(tmp_path) as world:
        tell(world)
        done = retain(world.log, POLICY, LATER)
        with world.store.reading() as view:
            gone = [view.content(one.digest) for one in done[1]]
        standing = [
            queries.values_of(world.store, one.digest) for one in queries.current(world.store)
        ]

        assert gone == [None] * len(done[1])
        assert [one["resource"]["State"] for one in standing] == ["waived", "pass"]
        assert len(done[1]) == 4 + 1  # four records of calls; "fail"; "pass" stands for r2
        world.verify()


def test_the_deletion_is_an_entry_that_names_every_digest(tmp_path):
    with open_world(tmp_path) as world:
        tell(world)
        entry, old = retain(world.log, POLICY, LATER)
        with world.store.reading() as view:
            body = json.loads(view.entry(entry))

    assert body["kind"] == "retention"
    assert body["deleted"] == sorted(one.digest.hex() for one in old)
    assert body["bytes"] == sum(one.size for one in old)


def test_nothing_young_goes_and_a_second_time_there_is_nothing(tmp_path):
    with open_world(tmp_path) as world:
        tell(world)
        assert retain(world.log, POLICY, START + timedelta(days=300)) is None
        assert retain(world.log, POLICY, LATER) is not None
        assert retain(world.log, POLICY, LATER) is None


def test_a_policy_shorter_than_an_audit_is_refused(tmp_path):
    with open_world(tmp_path) as world, pytest.raises(RetentionError, match="366 days at least"):
        old_contents(world.store, Policy(values=timedelta(days=30)), LATER)


def test_values_that_come_again_after_their_deletion_are_kept_again(tmp_path):
    with open_world(tmp_path) as world:
        tell(world)
        retain(world.log, POLICY, LATER)
        days = (LATER - START).days
        world.run(24 * days + 1, {("r1", "b"): "fail", ("r2", "b"): "pass"})
        standing = {one.rule: one for one in queries.current(world.store)}

        assert queries.values_of(world.store, standing["r1"].digest)["resource"] == {
            "State": "fail"
        }
        world.verify()


def test_a_replay_skips_what_was_deleted_and_judges_the_rest(tmp_path):
    with open_world(tmp_path) as world:
        tell(world)
        first = next(index for index, _ in queries.entries(world.store, kind="run"))
        retain(world.log, POLICY, LATER)
        judged = []
        replay(world.store, first + 1, lambda case: judged.append(case.rule))

    assert judged == ["r2"]


def test_a_hold_stops_deletion_until_it_is_released(tmp_path):
    with open_world(tmp_path) as world:
        tell(world)
        body = {"id": "case-1", "reason": "a suit", "by": "Counsel"}
        world.log.append(Kind.RETENTION, {"of": "hold", **body}, LATER)
        with pytest.raises(RetentionError, match=r"the legal hold case-1 .a suit. stands"):
            retain(world.log, POLICY, LATER)
        world.log.append(Kind.RETENTION, {"of": "release", **body}, LATER)

        assert holds(world.store) == {}
        assert retain(world.log, POLICY, LATER) is not None


def test_a_content_that_others_are_based_on_stays(tmp_path):
    with open_world(tmp_path) as world:
        world.plan()
        long = {"calls": [f"request {n}" for n in range(300)]}
        for hour in range(3):
            world.run(hour, {("r1", "b"): "pass"}, calls={**long, "hour": hour})
        with world.store.reading() as view:
            bases = view.bases_of_contents()
        done = retain(world.log, POLICY, LATER)

        assert bases
        assert bases.isdisjoint(one.blob for one in done[1])
        world.verify()


def delete(path, digest):
    """Delete a content as somebody with the file could, and leave no other trace."""
    raw = sqlite3.connect(path)
    (guard,) = raw.execute(
        "SELECT sql FROM sqlite_master WHERE name = 'content_no_delete'"
    ).fetchone()
    raw.execute("DROP TRIGGER content_no_delete")
    raw.execute(
        "DELETE FROM content WHERE blob = (SELECT id FROM blob WHERE digest = ?)", (digest,)
    )
    raw.execute(guard)
    raw.commit()
    raw.close()


def test_a_deletion_that_is_not_logged_is_still_found(tmp_path):
    with open_world(tmp_path) as world:
        tell(world)
        retain(world.log, POLICY, LATER)
        digest = next(iter(queries.current(world.store))).digest
    delete(tmp_path / "evidence.db", digest)

    with (
        Store.open(tmp_path / "evidence.db", create=False) as store,
        pytest.raises(LogInvalid, match="its content is missing, and no retention deleted it"),
    ):
        verify_store(store, SIGNER.verifier)


def test_an_old_deletion_does_not_excuse_values_that_came_again(tmp_path):
    with open_world(tmp_path) as world:
        tell(world)
        retain(world.log, POLICY, LATER)
        world.run(24 * 400 + 1, {("r1", "b"): "fail", ("r2", "b"): "pass"})
        standing = {one.rule: one for one in queries.current(world.store)}
    delete(tmp_path / "evidence.db", standing["r1"].digest)

    with (
        Store.open(tmp_path / "evidence.db", create=False) as store,
        pytest.raises(LogInvalid, match="its content is missing, and no retention deleted it"),
    ):
        verify_store(store, SIGNER.verifier)


def test_a_bundle_of_a_period_with_deleted_values_is_valid_and_says_so(tmp_path):
    with open_world(tmp_path) as world:
        tell(world)
        retain(world.log, POLICY, LATER)
        order = Order(start=START, end=START + 4 * HOUR, made_at=LATER)
        write_bundle(
            world.store, tmp_path / "b", order, lambda body: world.log.append("export", body, LATER)
        )

    code, said = verify_bundle(tmp_path / "b")

    assert code == 0, said
    assert "5 contents were deleted by retention, as logged" in said


def test_a_hold_that_names_digests_excuses_no_content_that_is_missing(tmp_path):
    with open_world(tmp_path) as world:
        tell(world)
        digest = next(iter(queries.current(world.store))).digest
        body = {"of": "hold", "id": "x", "reason": "x", "by": "x", "deleted": [digest.hex()]}
        world.log.append(Kind.RETENTION, body, LATER)
        order = Order(start=START, end=START + 4 * HOUR, made_at=LATER)
        write_bundle(
            world.store, tmp_path / "b", order, lambda body: world.log.append("export", body, LATER)
        )
    (blob,) = (tmp_path / "b").rglob(f"{digest.hex()}*")
    blob.unlink()
    delete(tmp_path / "evidence.db", digest)

    code, said = verify_bundle(tmp_path / "b")

    assert code == 1
    assert f"content {digest.hex()}: is missing" in said
    with (
        Store.open(tmp_path / "evidence.db", create=False) as store,
        pytest.raises(LogInvalid, match="its content is missing, and no retention deleted it"),
    ):
        verify_store(store, SIGNER.verifier)


@pytest.fixture
def assay(tmp_path, capsys):
    """Run commands on a log whose values are three years old."""
    data = tmp_path / "assay-data"
    data.mkdir()
    with open_world(data) as world:
        tell(world, -3 * 8766)
    handle = os.open(data / "log.key", os.O_WRONLY | os.O_CREAT, 0o400)
    os.write(handle, keys.to_text(SIGNER).encode())
    os.close(handle)
    (tmp_path / "assay.yaml").write_text("origin: example.com/log\n")

    def assay(*words):
        code = app.run(["--config", str(tmp_path / "assay.yaml"), "evidence", *words])
        out = capsys.readouterr()
        return code, out.out + out.err

    return assay


def test_a_hold_that_waits_in_the_inbox_stops_deletion(assay, tmp_path):
    body = {"of": "hold", "id": "case-1", "reason": "a suit", "by": "Counsel"}
    leave(tmp_path / "assay-data", Kind.RETENTION, body, START)

    code, said = assay("retain")

    assert code == 3
    assert "the legal hold case-1 (a suit) stands: nothing is deleted" in said


def test_the_commands_hold_release_and_retain(assay):
    why = ("--reason", "a suit", "--by", "Counsel")
    both = (*why, "--approved-by", "Ana Lopez")
    assert assay("hold", "case-1", *why)[0] == 0
    assert "the hold case-1 stands already" in assay("hold", "case-1", *why)[1]
    assert "no hold case-2 stands; there is case-1" in assay("release", "case-2", *both)[1]
    assert "by somebody else" in assay("release", "case-1", *why, "--approved-by", " counsel")[1]
    assert assay("release", "case-1", *both)[0] == 0
    assert "5 contents, " in assay("retain", "--dry-run")[1]
    assert "5 contents, " in assay("retain")[1]
    assert "0 contents, 0 bytes, may go" in assay("retain")[1]
    assert assay("retain", "--values", "30d")[0] == 3
    assert TARGET in assay("log")[1]


def test_a_running_agent_deletes_what_a_command_asks_for_by_its_own_rules(assay, tmp_path):
    folder = tmp_path / "assay-data"
    with Store.open(folder / "evidence.db") as store, Log.open(store, SIGNER, at=LATER) as log:
        assert "left for the agent to delete and log" in assay("retain")[1]
        (line,) = take(folder, log, LATER)
        assert "5 contents deleted, sealed as entry" in line
        verify_store(store)
        assert "0 contents, 0 bytes, may go" in assay("retain")[1]
        body = {"of": "request", "values": 86400, "calls": 86400}
        leave(folder, Kind.RETENTION, body, LATER)
        (line,) = take(folder, log, LATER)
        assert "refused: contents are kept for 366 days at least" in line
        leave(folder, Kind.RETENTION, {"of": "request", "values": 10**99, "calls": 1}, LATER)
        (line,) = take(folder, log, LATER)
        assert "refused" in line


def test_a_hold_that_was_ordered_before_stops_what_a_running_agent_is_asked_for(assay, tmp_path):
    folder = tmp_path / "assay-data"
    with Store.open(folder / "evidence.db") as store, Log.open(store, SIGNER, at=LATER) as log:
        assay("hold", "case-1", "--reason", "a suit", "--by", "Counsel")
        assay("retain")
        held, asked = take(folder, log, LATER)
        assert "sealed as entry" in held
        assert "the legal hold case-1 (a suit) stands: nothing is deleted" in asked
        verify_store(store)


def test_a_hold_is_not_released_while_an_agent_runs(assay, tmp_path):
    folder = tmp_path / "assay-data"
    why = ("--reason", "a suit", "--by", "Counsel")
    assay("hold", "case-1", *why)
    with Store.open(folder / "evidence.db") as store, Log.open(store, SIGNER, at=LATER) as log:
        code, said = assay("release", "case-1", *why, "--approved-by", "Ana Lopez")

        assert (code, list(take(folder, log, LATER)), [*holds(store)]) == (3, [], ["case-1"])
        assert "an agent runs: stop it first" in said
