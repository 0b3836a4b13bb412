"""`assay evidence` and `replay`: the past as it was sealed, and stores that cannot be used."""

import json
import shutil
import sqlite3

from agent_kit import TARGET, configure, items
from aws_kit import client

from agent.config import load_settings
from agent.home import open_log
from agent.run import CLOCK


def test_a_second_agent_on_one_store_is_refused(assay):
    with open_log(load_settings(assay.config, {}), at=CLOCK.now()):
        code, _, err = assay("check")
    assert code == 3
    assert "another agent" in err
    assert err.count("\n") == 1


def test_a_folder_that_cannot_be_made_is_one_line(assay, cloud):
    (assay.folder / "file").write_text("")
    config = configure(assay.folder, cloud.url, store="file/evidence")
    code, _, err = assay("check", config=config)
    assert code == 3
    assert "cannot be made" in err
    assert err.count("\n") == 1


def test_a_corrupt_store_is_one_line_and_nothing_is_written_over(assay):
    assay("check")
    store = assay.folder / "evidence/evidence.db"
    damaged = b"not a database" * 1000
    for extra in ("-wal", "-shm"):
        store.with_name(store.name + extra).unlink(missing_ok=True)
    store.write_bytes(damaged)
    code, _, err = assay("check")
    assert code == 3
    assert err.count("\n") == 1
    assert store.read_bytes() == damaged


def test_a_lost_key_is_not_replaced_by_a_new_one(assay):
    assay("check")
    (assay.folder / "evidence/log.key").unlink()
    code, _, err = assay("check")
    assert code == 3
    assert "the key of this log is gone" in err


def test_reading_evidence_that_is_not_there_says_how_to_make_it(assay):
    code, _, err = assay("evidence", "log")
    assert code == 3
    assert "there is no evidence yet" in err


def test_the_log_lists_what_was_sealed(assay):
    assay("check")
    _, out, _ = assay("evidence", "log", "--format", "json")
    assert [item["kind"] for item in items(out)] == ["key", "config", "run"]
    _, out, _ = assay("evidence", "show", 2)
    entry = json.loads(out)
    assert entry["target"] == TARGET
    assert entry["header"]["self_test"] == {"failed": [], "rules": 3}
    code, _, err = assay("evidence", "show", 99)
    assert code == 3
    assert "the log has 3" in err


def test_as_of_tells_the_past_from_the_present(assay, cloud):
    assay("check")
    between = CLOCK.now().isoformat()
    s3 = client(cloud, "s3")
    s3.put_bucket_versioning(Bucket="bad", VersioningConfiguration={"Status": "Enabled"})
    assay("check")
    s3.put_bucket_versioning(Bucket="bad", VersioningConfiguration={"Status": "Suspended"})
    words = ("evidence", "as-of", "--rule", "aws-s3-bucket-versioning", "--format", "json")
    _, then, _ = assay(*words, between)
    _, now, _ = assay(*words, "now")
    outcome = {
        name: {i["resource"]: i["outcome"] for i in items(out)}
        for name, out in (("then", then), ("now", now))
    }
    assert outcome["then"]["arn:aws:s3:::bad"] == "fail"
    assert outcome["now"]["arn:aws:s3:::bad"] == "pass"


def test_a_failure_that_was_mended_stays_a_deviation(assay, cloud):
    s3 = client(cloud, "s3")
    for status in ("Enabled", "Suspended", "Enabled"):
        s3.put_bucket_versioning(Bucket="good", VersioningConfiguration={"Status": status})
        assay("check", "--rule", "aws-s3-bucket-versioning")
    _, out, _ = assay("evidence", "deviations", "--format", "json")
    (found,) = [i for i in items(out) if i["resource"] == "arn:aws:s3:::good"]
    assert found["ended_by"] == "pass"
    assert found["last_good"] < found["start"] <= found["last_bad"] < found["end"]


def test_gaps_accounts_for_every_slot(assay):
    assay("check")
    code, out, _ = assay("evidence", "gaps")
    assert code == 0
    assert out.startswith("no gap\n0 slots expected")


def test_verify_says_valid_and_names_what_is_not(assay):
    assay("check")
    code, out, _ = assay("evidence", "verify")
    assert code == 0
    assert out == "valid: assay.test/agent, 3 entries; chained, not anchored\n"
    store = assay.folder / "evidence/evidence.db"
    with sqlite3.connect(store) as connection:
        for (name,) in connection.execute(
            "select name from sqlite_master where type='trigger'"
        ).fetchall():
            connection.execute(f'drop trigger "{name}"')
        connection.execute("update change set outcome = 3 where outcome = 0")
    connection.close()
    code, out, _ = assay("evidence", "verify")
    assert code == 1
    assert out.startswith("invalid: ")


def test_a_kept_checkpoint_finds_a_log_that_was_made_anew(assay):
    assay("check")
    _, kept, _ = assay("evidence", "checkpoint")
    held = assay.folder / "held.txt"
    held.write_text(kept)
    assert assay("evidence", "verify", "--checkpoint", held)[0] == 0
    key = (assay.folder / "evidence/log.key").read_bytes()
    shutil.rmtree(assay.folder / "evidence")
    (assay.folder / "evidence").mkdir()
    (assay.folder / "evidence/log.key").write_bytes(key)
    (assay.folder / "evidence/log.key").chmod(0o400)
    assay("check")
    assert assay("evidence", "verify")[0] == 0
    code, out, _ = assay("evidence", "verify", "--checkpoint", held)
    assert code == 1
    assert out.startswith("invalid: ")


def test_replay_gives_every_outcome_again(assay, cloud):
    with cloud.broken("s3:GetBucketPolicy", mentions="bad"):
        assay("check")
    code, out, _ = assay("replay")
    assert code == 0
    assert "0 differ" in out
    assert not out.startswith("entry 1: 0 findings")
