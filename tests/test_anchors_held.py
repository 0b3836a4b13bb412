"""A store that lacks what copies prove is refused, and taken again once a person says why."""

import json
import logging
import shutil
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from agent_kit import configure, items
from aws_kit import client
from evidence_world import OTHER, SIGNER

from agent.config import load_settings
from agent.evidence import queries
from agent.evidence.anchors.opening import open_anchors
from agent.evidence.anchors.tending import Tender
from agent.evidence.note import Checkpoint
from agent.home import KEY, STORE, open_log, open_store

BUCKET = "locked"


def now():
    return datetime.now(UTC)


@pytest.fixture
def config(endpoint, tmp_path):
    client(endpoint, "s3").create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    entry = {"kind": "s3", "bucket": BUCKET, "endpoint_url": endpoint.url}
    return configure(tmp_path, endpoint.url, anchors=[entry])


@pytest.fixture
def grow(config):
    """Append entries to the log that nobody knows the difference of, and anchor the last."""

    def grow(entries, *, compare=True, anchored=True):
        settings = load_settings(config, {})
        with open_log(settings, at=now(), compare=compare) as log:
            for _ in range(entries):
                log.append("agent", {"event": "start", "version": str(now())}, now())
            if anchored:
                (anchor,) = open_anchors(settings.anchors, settings.path, now)
                note = log.checkpoint()
                size = int(note.split(b"\n")[1])
                assert Tender(log, [anchor]).ask(anchor, note, size, now())
                return size
        return None

    return grow


@pytest.fixture
def back(config):
    """Take a backup of the evidence; what it gives puts it back."""
    store = config.parent / "evidence" / STORE

    def take():
        shutil.copy(store, store.with_suffix(".backup"))

        def put_back():
            shutil.copy(store.with_suffix(".backup"), store)

        return put_back

    return take


def test_a_store_that_was_rolled_back_is_refused(assay, config, grow, back):
    grow(2)
    put_back = back()
    size = grow(5)
    put_back()
    for words in (["check"], ["evidence", "verify", "--copies"]):
        code, out, err = assay(*words, config=config)
        said = out + err
        assert f"s3://locked/checkpoints holds a checkpoint of size {size}, and this store" in said
        assert "ends at 4" in said
        assert said.count("\n") == 1
        assert code == (3 if words == ["check"] else 1)
    code, out, _ = assay("evidence", "verify", config=config)
    assert code == 0, "by itself it is a whole log: only the copy tells"


def test_a_store_that_grew_again_after_it_was_rolled_back_is_refused(assay, config, grow, back):
    grow(2)
    put_back = back()
    grow(3)
    put_back()
    grow(20, compare=False, anchored=False)
    _, out, _ = assay("evidence", "verify", "--copies", config=config)
    assert "and this store has another checkpoint there" in out


def test_a_store_that_is_gone_while_its_key_is_not_is_refused(assay, config, grow):
    grow(2)
    (config.parent / "evidence" / STORE).unlink()
    code, _, err = assay("check", config=config)
    assert code == 3
    assert "and this store ends at 0" in err


def test_recovery_is_sealed_and_excuses_only_what_was_lost_then(assay, config, grow, back):
    grow(2)
    put_back = back()
    size = grow(5)
    put_back()
    words = ("evidence", "recover", "--reason", "the disk died", "--by", "ana@example.com")
    code, out, _ = assay(*words, config=config)
    assert code == 0
    assert out == f"sealed: s3://locked/checkpoints holds size {size}, which is lost here\n"
    with open_store(load_settings(config, {})) as store:
        *_, (_, entry) = queries.entries(store, kind="agent")
    assert entry["event"] == "recovery"
    assert (entry["reason"], entry["by"], entry["size"]) == ("the disk died", "ana@example.com", 4)
    assert [each["size"] for each in entry["lost"]] == [size]
    code, _, err = assay(*words, config=config)
    assert (code, "nothing is lost" in err) == (3, True)
    put_back = back()
    for _ in range(3):  # it grows past what was lost, and over the same sizes
        grow(2)
    assert assay("evidence", "verify", "--copies", config=config)[0] == 0
    put_back()
    code, out, _ = assay("evidence", "verify", "--copies", config=config)
    assert (code, "and this store ends at 5" in out) == (1, True)


def test_a_second_loss_below_the_size_of_the_first_is_not_excused(assay, config, grow, back):
    grow(2)
    put_back = back()
    first = [grow(5), grow(5)]
    put_back()
    words = ("evidence", "recover", "--reason", "the disk died", "--by", "ana@example.com")
    assert assay(*words, config=config)[0] == 0
    with open_store(load_settings(config, {})) as store:
        *_, (_, entry) = queries.entries(store, kind="agent")
    assert [each["size"] for each in entry["lost"]] == first[::-1]
    put_back = back()
    second = grow(2)
    assert second < max(first)
    put_back()
    code, _, err = assay("check", config=config)
    assert code == 3
    assert f"holds a checkpoint of size {second}, and this store ends at 5" in err


def test_a_copy_of_a_log_made_anew_on_top_hides_no_older_copy(assay, config, grow, back):
    grow(2)
    put_back = back()
    size = grow(3)
    put_back()
    grow(20, compare=False)
    code, out, _ = assay("evidence", "verify", "--copies", config=config)
    assert code == 1
    assert f"checkpoint of size {size}, and this store has another checkpoint there" in out


def test_the_log_of_the_agent_says_what_was_recovered(assay, config, grow, back):
    grow(1)
    put_back = back()
    grow(2)
    put_back()
    assay("evidence", "recover", "--reason", "the disk died", "--by", "ana", config=config)
    _, out, _ = assay("evidence", "log", "--kind", "agent", "--format", "json", config=config)
    assert items(out)[-1]["what"].split() == ["recovery", "the", "disk", "died"]


def test_copies_that_cannot_be_had_stop_nothing(grow, endpoint, caplog):
    grow(1)
    with endpoint.broken("s3:ListObjectVersions"), caplog.at_level(logging.WARNING, "assay"):
        assert grow(1, anchored=False) is None
    assert "not compared with the copies in s3://locked/checkpoints" in caplog.text


@pytest.mark.parametrize("signer", [OTHER, SIGNER], ids=["another key", "another origin"])
def test_what_anybody_can_put_into_the_bucket_does_not_stop_the_agent(
    grow, endpoint, caplog, signer
):
    grow(1)
    note = bytes(signer.sign(str(Checkpoint(signer.name, 900, bytes(32)))))
    key = f"checkpoints/{900:020d}.0000000000000000"
    client(endpoint, "s3").put_object(Bucket=BUCKET, Key=key, Body=note)
    with caplog.at_level(logging.WARNING, "assay"):
        grow(1, anchored=False)
    assert "a copy that is no checkpoint of this log" in caplog.text


def test_another_log_with_its_own_key_starts(config, grow):
    grow(2)
    for name in (STORE, KEY):
        (config.parent / "evidence" / name).unlink()
    assert grow(1) == 2
    assert json.loads(config.read_text())["anchors"]


def test_a_checkpoint_that_is_handed_out_is_sealed_and_can_be_held_against_the_log(
    assay, config, grow, back
):
    grow(2)
    put_back = back()
    kept = config.parent / "kept.txt"
    words = ("evidence", "checkpoint", "--to", "Example Audit LLP", "--out", kept)
    code, out, err = assay(*words, config=config)
    assert (code, out) == (0, f"wrote {kept}\n")
    assert "sealed as entry 4: Example Audit LLP has it" in err
    with open_store(load_settings(config, {})) as store:
        ((_, entry),) = queries.entries(store, kind="export")
    assert (entry["what"], entry["to"], entry["size"]) == ("checkpoint", "Example Audit LLP", 4)
    assert entry["sha256"] == sha256(kept.read_bytes()).hexdigest()
    verify = ("evidence", "verify", "--checkpoint", kept)
    assert assay(*verify, config=config)[0] == 0
    assert "exists already" in assay(*words, config=config)[2]
    put_back()
    assert assay(*verify, config=config)[0] == 0, "it holds what was there before the export"


def test_anchors_can_be_asked_by_hand(assay, config, grow, endpoint):
    size = grow(2) + 1
    code, out, _ = assay("evidence", "anchor", config=config)
    assert (code, out) == (0, f"s3://locked/checkpoints has the checkpoint of size {size}\n")
    with endpoint.broken("s3:*"):
        assert assay("evidence", "anchor", config=config)[0] == 2
    assert assay("evidence", "verify", "--copies", config=config)[0] == 0
