"""The timestamps of a bundle: in time, late, torn, of another, by another, and of another log."""

import json
import os
import subprocess

import pytest
from anchor_kit import make_authority, stamp
from attack_kit import other_history
from bundle_kit import (
    bundle,
    listed,
    made,
    tell,
    verify,
)
from evidence_world import HOUR, SIGNER, START, open_world

from agent.evidence.anchors.receipt import body_of, proof_of_copy
from agent.evidence.anchors.timestamp import read_stamp


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    with made(tmp_path_factory.mktemp("bundle")) as done:
        yield done


def stamped(authority, note):
    """Ask the authority for the reply on a checkpoint; it stamps with today's time."""
    (authority / "note").write_bytes(note)
    words = ["ts", "-query", "-data", authority / "note", "-sha256", "-cert"]
    done = subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=60)
    return stamp(authority, done.stdout)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return make_authority(tmp_path_factory.mktemp("tsa") / "own")


LONG = ("--max-lag", "876000")
"""The history of these tests is older than the stamps, which are of today."""


def anchored(folder, authority):
    """A bundle whose last checkpoint before the export was stamped now, by openssl's authority."""
    with open_world(folder) as world:
        tell(world)
        note = world.log.checkpoint()
        size = int(note.split(b"\n")[1])
        anchors = {
            f"anchors/{size}/checkpoint": note,
            f"anchors/{size}/own.tsr": stamped(authority, note),
            "anchors/roots.pem": (authority / "root.pem").read_bytes(),
        }
        bundle(world, folder / "bundle", anchors=anchors)
    return folder / "bundle", size


def test_a_timestamp_in_time_is_verified_at_its_own_time(tmp_path, authority):
    folder, size = anchored(tmp_path, authority)

    code, said = verify(folder, "--tsa-ca", authority / "root.pem", "--require-anchors", *LONG)

    assert code == 0, said
    assert f"RESULT: valid; anchored up to entry {size - 1} at " in said


def test_the_receipts_of_the_log_come_along_and_a_copy_of_another_checkpoint_is_found(
    tmp_path, authority
):
    with open_world(tmp_path) as world:
        tell(world)
        note = world.log.checkpoint()
        size = int(note.split(b"\n")[1])
        at = START + 30 * HOUR
        reply = stamped(authority, note)
        asked = {"by": "rfc3161", "place": "http://tsa", "time": read_stamp(reply).time}
        copy = {"by": "s3", "place": "s3://bucket", "time": at}
        for given, proof in ((asked, reply), (copy, proof_of_copy(note, {"key": "k"}))):
            world.log.append("anchor", body_of(**given, size=size, proof=proof), at, [proof])
        bundle(world, tmp_path / "b")
    folder = tmp_path / "b"

    code, said = verify(folder, "--tsa-ca", authority / "root.pem", *LONG)
    assert code == 0, said
    assert f"RESULT: valid; anchored up to entry {size - 1} at " in said

    (path,) = folder.glob("anchors/*/*.json")
    path.write_text(json.dumps({"key": "k", "sha256": "00" * 32}))
    code, said = verify(folder, "--tsa-ca", authority / "root.pem", *LONG)
    assert code == 1
    assert f"anchor of size {size}, {path.name}: is of another checkpoint" in said


def test_a_late_anchor_is_found(tmp_path, authority):
    folder, size = anchored(tmp_path, authority)

    code, said = verify(folder, "--tsa-ca", authority / "root.pem")

    assert code == 1
    assert f"anchor of size {size}: late: " in said
    assert "back-dated, or anchored too late" in said


@pytest.mark.parametrize("attack", ["other message", "taken away", "other roots", "torn"])
def test_an_anchor_that_does_not_hold_is_found(tmp_path, authority, attack):
    folder, size = anchored(tmp_path, authority)
    place = folder / f"anchors/{size}"
    roots = authority / "root.pem"
    if attack == "other message":
        (place / "own.tsr").write_bytes(stamped(authority, b"another checkpoint"))
    elif attack == "taken away":
        (place / "own.tsr").unlink()
    elif attack == "other roots":
        roots = make_authority(tmp_path / "strangers") / "root.pem"
    else:
        os.truncate(place / "own.tsr", 100)
    listed(folder)

    code, said = verify(folder, "--tsa-ca", roots, *LONG)

    assert code == 1
    assert (
        f"anchors/{size}/own.tsr: is missing" in said or f"anchor of size {size}, own.tsr" in said
    )


def test_a_log_rewritten_since_its_anchor_is_found(tmp_path, authority):
    folder, size = anchored(tmp_path, authority)
    other_history(folder)

    code, said = verify(folder, "--tsa-ca", authority / "root.pem")

    assert code == 1
    assert f"anchor of size {size}: the log was rewritten since it was anchored" in said


def test_an_unanchored_bundle_is_invalid_where_anchors_are_required(one):
    code, said = verify(one.folder, "--require-anchors", "--vkey", str(SIGNER.verifier))

    assert code == 1
    assert "no timestamp of another holds" in said
