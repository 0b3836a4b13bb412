"""Copies of checkpoints in a locked bucket: nobody takes them away, and nothing else will do."""

from datetime import UTC, datetime, timedelta

import pytest
from agent_kit import configure, items, make_account
from aws_kit import client
from evidence_world import HOUR, SIGNER, START, open_world

from agent.config import ConfigError, load_settings
from agent.evidence.anchors.aws import S3Copies
from agent.evidence.anchors.model import AnchorError
from agent.evidence.anchors.settings import S3Settings
from agent.evidence.anchors.standing import read_standing, words
from agent.evidence.anchors.tending import Tender
from agent.evidence.note import Checkpoint


def note_of(size, root=bytes(32)):
    return bytes(SIGNER.sign(str(Checkpoint(SIGNER.name, size, root))))


def now():
    return datetime.now(UTC)


@pytest.fixture
def s3(endpoint):
    """A client, and a bucket with Object Lock."""
    s3 = client(endpoint, "s3")
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    return s3


@pytest.fixture
def anchor(endpoint, s3):
    assert s3
    return S3Copies(S3Settings(bucket="locked", endpoint_url=endpoint.url), now)


def set_mode(s3, mode):
    rule = {"DefaultRetention": {"Mode": mode, "Days": 1}}
    lock = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    s3.put_object_lock_configuration(Bucket="locked", ObjectLockConfiguration=lock)


def test_a_copy_is_locked_in_compliance_mode_for_as_long_as_was_said(anchor, s3):
    given = anchor.put(note_of(7), 7)
    (found,) = s3.list_objects_v2(Bucket="locked")["Contents"]
    assert found["Key"] == "checkpoints/00000000000000000007.0000000000000000"
    head = s3.head_object(Bucket="locked", Key=found["Key"])
    assert head["ObjectLockMode"] == "COMPLIANCE"
    left = head["ObjectLockRetainUntilDate"] - now()
    assert timedelta(days=399) < left <= timedelta(days=400)
    assert given.time == head["LastModified"]
    assert list(anchor.copies(0)) == [note_of(7)]
    assert "kept for 400d in compliance" in anchor.check()


def test_the_same_copy_again_is_the_same_copy(anchor, s3):
    first, second = anchor.put(note_of(7), 7), anchor.put(note_of(7), 7)
    assert first == second
    assert len(s3.list_object_versions(Bucket="locked")["Versions"]) == 1


def test_what_is_there_already_is_never_overwritten(anchor, s3):
    key = "checkpoints/00000000000000000007.0000000000000000"
    s3.put_object(Bucket="locked", Key=key, Body=b"something else")
    with pytest.raises(AnchorError, match="holds something else: nothing was overwritten"):
        anchor.put(note_of(7), 7)


def test_a_bucket_in_governance_mode_is_refused_by_name(anchor, s3):
    set_mode(s3, "GOVERNANCE")
    with pytest.raises(AnchorError, match="locked is locked in governance mode"):
        anchor.check()
    set_mode(s3, "COMPLIANCE")
    assert "Object Lock is enabled" in anchor.check()


def test_an_object_in_governance_mode_is_no_copy(anchor, s3):
    key = "checkpoints/00000000000000000007.0000000000000000"
    until = now() + timedelta(days=9)
    s3.put_object(
        Bucket="locked",
        Key=key,
        Body=note_of(7),
        ObjectLockMode="GOVERNANCE",
        ObjectLockRetainUntilDate=until,
    )
    with pytest.raises(AnchorError, match="locked in mode governance: not compliance"):
        anchor.put(note_of(7), 7)


def test_a_bucket_without_a_lock_is_refused(endpoint, s3):
    s3.create_bucket(Bucket="open-bucket")
    anchor = S3Copies(S3Settings(bucket="open-bucket", endpoint_url=endpoint.url), now)
    with pytest.raises(AnchorError, match=r"Object ?Lock"):
        anchor.check()
    with pytest.raises(AnchorError, match=r"Object ?Lock"):
        anchor.put(note_of(7), 7)


def test_a_delete_marker_hides_no_copy(anchor, s3):
    """Whoever may write can put one on top, also on what is locked."""
    for size in (5, 9, 12):
        anchor.put(note_of(size), size)
    newest = "checkpoints/00000000000000000012.0000000000000000"
    s3.delete_object(Bucket="locked", Key=newest)
    assert len(s3.list_objects_v2(Bucket="locked")["Contents"]) == 2
    assert list(anchor.copies(5)) == [note_of(12), note_of(9)]
    assert list(anchor.copies(12)) == []


@pytest.mark.usefixtures("s3")
def test_a_bucket_that_is_not_there_is_one_line(endpoint):
    anchor = S3Copies(S3Settings(bucket="nowhere", endpoint_url=endpoint.url), now)
    for ask in (anchor.check, lambda: anchor.put(note_of(1), 1), lambda: list(anchor.copies(0))):
        with pytest.raises(AnchorError, match="NoSuchBucket") as caught:
            ask()
        assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("s3")
def test_copies_are_written_as_the_role_that_is_named(endpoint):
    role = "arn:aws:iam::111122223333:role/keeper"
    settings = S3Settings(
        bucket="locked", role_arn=role, external_id="mine", endpoint_url=endpoint.url
    )
    endpoint.forget()
    S3Copies(settings, now).check()
    assert endpoint.calls() == {"sts:AssumeRole": 1, "s3:GetObjectLockConfiguration": 1}


def test_a_log_is_anchored_by_a_bucket(tmp_path, anchor):
    with open_world(tmp_path) as world:
        world.run(0, {("r1", "a"): "pass"})
        Tender(world.log, [anchor]).tend(START + HOUR)
        world.verify()
        said = words(read_standing(world.store, {}, now=now(), lag=timedelta(days=36500)))
        assert said.startswith("anchored until size 2 at ")
        assert said.endswith("Z by s3")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{kind: ftp}", "1:12: anchors[0].kind: 'ftp' is not known; use rfc3161, s3, gcs, azure"),
        ("{bucket: b}", "anchors[0].kind: it is missing; use rfc3161, s3, gcs, azure"),
        ("{kind: s3}", "Object missing required field `bucket`"),
        ("{kind: s3, bucket: B}", "anchors[0].bucket: 'B' is not the name of a bucket"),
        ("{kind: s3, bucket: abc, retain: 1y}", "anchors[0].retain: '1y' is not a duration"),
        ("{kind: s3, bucket: abc, every: 26h}", "anchors[0].every: 26h is not between 1m and 25h"),
        ("{kind: s3, bucket: abc, mode: governance}", "unknown field `mode`"),
        ("{kind: s3, bucket: abc, external_id: x}", "`role_arn` is missing"),
        ("{kind: s3, bucket: abc, role_arn: x}", "anchors[0].role_arn: 'x' is not a role"),
        ("{kind: rfc3161, url: 'ftp://a', roots: r}", "'ftp://a' is not the http(s) address"),
        ("{kind: rfc3161, url: 'http://a', roots: ''}", "anchors[0].roots: a PEM file"),
    ],
)
def test_a_wrong_entry_is_one_line_with_its_place(tmp_path, entry, message):
    path = tmp_path / "assay.yaml"
    path.write_text(f"anchors: [{entry}]\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}:1:")


def test_the_doctor_asks_every_anchor(assay, s3, endpoint):
    make_account(endpoint)
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    locked = {"kind": "s3", "bucket": "locked", "endpoint_url": endpoint.url}
    config = configure(assay.folder, endpoint.url, anchors=[locked])
    code, out, _ = assay("doctor", "--format", "json", config=config)
    (row,) = [each for each in items(out) if each["what"].startswith("anchor ")]
    assert row == {
        "what": "anchor s3://locked/checkpoints",
        "state": "ok",
        "finding": "Object Lock is enabled; copies are kept for 400d in compliance",
    }
    set_mode(s3, "GOVERNANCE")
    code, out, _ = assay("doctor", "--format", "json", config=config)
    (row,) = [each for each in items(out) if each["what"].startswith("anchor ")]
    assert (code, row["state"]) == (2, "wrong")
    assert "governance" in row["finding"]
