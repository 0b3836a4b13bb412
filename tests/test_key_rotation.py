"""The log goes from one key to another, and whoever verifies follows, from either of them."""

import base64
import json
import stat
from hashlib import sha256

import pytest
from bundle_kit import bundle, copied, entries, index_of, listed, rewritten, shell, tell, verify
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from evidence_world import HOUR, OTHER, SIGNER, START, open_world
from kms_kit import p256, public
from test_tiles import reader

from agent.cli.app import run
from agent.evidence import keys
from agent.evidence.anchors.held import find_lost
from agent.evidence.keyring import read_keyring
from agent.evidence.log import Log
from agent.evidence.note import Note, NoteInvalid, Signature, Signer, Verifier, open_checkpoint
from agent.evidence.signatures import P256, holds
from agent.evidence.store import KeyMismatch, Store
from agent.evidence.tiles import Folder, write_tiles
from agent.evidence.verify import LogInvalid, verify_store

HOW = {"reason": "yearly", "by": "Ana Lopez"}
STRANGER = Signer(SIGNER.name, Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34))))


class Curve:
    """A P-256 key as a KMS has one."""

    def __init__(self, name):
        self.name, self.key = name, p256()
        self.verifier = Verifier(name, public(self.key), P256)

    def sign(self, text):
        signature = self.key.sign(text.encode(), ec.ECDSA(SHA256()))
        return Note(text, (Signature(self.name, self.verifier.key_id, signature),))


NEW = Curve(SIGNER.name)


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """A bundle of a log that went from Ed25519 to P-256, and the store that it is of."""
    folder = tmp_path_factory.mktemp("rotated")
    with open_world(folder) as world:
        tell(world, 8)
        held = folder / "held"
        held.write_bytes(world.log.checkpoint())
        index = world.log.rotate(NEW, at=START + 8 * HOUR, **HOW)
        world.run(8, {("r1", "bucket-1"): "pass", ("r2", "bucket-1"): "pass"})
        world.held.append(world.log.checkpoint())
        world.verify()
        write_tiles(world.store, Folder(folder / "tiles"))
        bundle(world, folder / "b", made=START + 9 * HOUR)
    return folder, index


def test_a_log_is_verified_by_either_key_and_held_checkpoints_of_both_are_contained(one):
    folder, index = one
    with Store.open(folder / "evidence.db", read_only=True, create=False) as store:
        verify_store(store, SIGNER.verifier)
        verify_store(store, str(NEW.verifier), [(folder / "held").read_bytes()])
        with pytest.raises(LogInvalid, match=f"not {STRANGER.verifier}".replace("+", r"\+")):
            verify_store(store, STRANGER.verifier)
        with store.reading() as view:
            assert read_keyring(view).keys == (SIGNER.verifier, NEW.verifier)
            both = view.checkpoint(index + 1)
            for key in (SIGNER.verifier, NEW.verifier):
                open_checkpoint(both, key)
            with pytest.raises(NoteInvalid, match="is not signed by"):
                open_checkpoint(view.checkpoint(index + 2), SIGNER.verifier)


def test_a_bundle_is_verified_from_either_key_alone(one):
    folder, index = one
    for key in (SIGNER, NEW):
        code, said = verify(folder / "b", "--vkey", str(key.verifier), "--held", folder / "held")
        assert code == 0, said
        assert f"entry {index} hands the log over to the key {NEW.verifier}" in said
    code, said = verify(folder / "b", "--vkey", str(STRANGER.verifier))
    assert code == 1
    assert "is not the one you expect" in said


def test_openssl_alone_verifies_the_head_of_the_new_key(one, tmp_path):
    assert shell(one[0] / "b") == {"files: ok", "head: ok", "root: ok", "size: ok", "sealed: ok"}
    folder = copied(one[0] / "b", tmp_path / "b")
    note = (folder / "log/checkpoint").read_text()
    (folder / "log/checkpoint").write_text(note.replace("log\n1", "log\n2", 1))
    assert "head: ok" not in shell(folder)


def signed_again(folder, change):
    """Write the log anew with the old key alone, as whoever stole it could."""
    lines = entries(folder)
    place = index_of(lines, "key", event="rotated")
    body = {**json.loads(lines[place]), **change}
    lines[place] = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    rewritten(folder, lines)
    policy = json.loads((folder / "policy.json").read_bytes())
    policy["vkey"] = body["vkey"]
    (folder / "policy.json").write_text(json.dumps(policy, indent=2, sort_keys=True) + "\n")
    listed(folder)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({}, "it is not signed by"),
        ({"vkey": str(STRANGER.verifier)}, "it is not signed by"),
        ({"previous": str(STRANGER.verifier)}, "does not hand over from the key"),
        ({"event": "renewed"}, "does not hand over from the key"),
    ],
    ids=["old key signs on", "to a stranger unsigned", "from another", "no event"],
)
def test_who_has_the_old_key_alone_cannot_go_on(one, tmp_path, change, named):
    folder = copied(one[0] / "b", tmp_path / "b")
    signed_again(folder, change)

    code, said = verify(folder, "--vkey", str(NEW.verifier))

    assert code == 1
    assert named in said or "is not the one you expect" in said


def test_the_tiles_go_on_and_a_reader_with_the_new_key_follows(one):
    seen = one[0] / "tiles/checkpoint"
    text, _, lines = seen.read_text().partition("\n\n")
    raw = base64.b64decode(lines.split(" ")[2])
    assert raw[:4] == sha256(NEW.verifier.public).digest()[:4]
    assert holds(P256, NEW.verifier.public, raw[4:], (text + "\n").encode())
    with pytest.raises(AssertionError):
        reader(one[0] / "tiles")


def test_the_old_key_is_refused_and_so_is_no_other_key(tmp_path):
    with open_world(tmp_path) as world:
        for key in (SIGNER, Signer("example.com/another", OTHER.private)):
            with pytest.raises(KeyMismatch, match="is no other key for the log"):
                world.log.rotate(key, at=START, **HOW)
        world.log.rotate(OTHER, at=START, **HOW)
        assert world.log.rotate(NEW, at=START, **HOW) == 2
        world.log.append("agent", {"event": "start"}, START)
    with (
        Store.open(tmp_path / "evidence.db") as store,
        pytest.raises(KeyMismatch, match=r"belongs to the key .*assay evidence rotate"),
    ):
        Log.open(store, SIGNER, at=START)


def test_a_store_put_back_to_before_the_handover_is_found_behind_the_copies(tmp_path):
    class Place:
        place = "s3://copies"

        def copies(self, _):
            yield note

    with open_world(tmp_path) as world:
        world.log.rotate(NEW, at=START, **HOW)
        world.log.append("agent", {"event": "start"}, START)
        note = world.log.checkpoint()
    (tmp_path / "old").mkdir()
    with open_world(tmp_path / "old") as world, world.store.reading() as view:
        (lost,) = find_lost(view, NEW.verifier, Place())
        assert lost.size == 3


def test_the_command_makes_a_new_key_file_and_can_be_done_again_when_killed(tmp_path, capsys):
    config = tmp_path / "assay.yaml"
    config.write_text("store: evidence\norigin: example.com/log\n")
    words = ["-c", str(config), "evidence", "rotate", "--reason", "yearly", "--by", "Ana"]
    assert run(words) == 3
    assert "there is no evidence yet" in capsys.readouterr().err
    home = tmp_path / "evidence"
    home.mkdir()
    old = keys.generate(home / "log.key", "example.com/log")
    with Store.open(home / "evidence.db") as store, Log.open(store, old, at=START):
        pass
    assert run(words) == 0
    said = capsys.readouterr().out
    new = keys.load(home / "log.key")
    assert f"sealed as entry 1; the log belongs to the key\n{new.verifier}\n" in said
    assert stat.S_IMODE((home / "log.key").stat().st_mode) == 0o400
    retired = home / f"log.key.{old.verifier.key_id.hex()}"
    assert f"the key before it is {retired}: destroy it" in said
    assert keys.load(retired).verifier == old.verifier
    # Killed before the files were in their places:
    (home / "log.key").rename(home / "log.key.next")
    retired.rename(home / "log.key")
    assert run(words) == 0
    assert "sealed before" in capsys.readouterr().out
    assert keys.load(home / "log.key").verifier == new.verifier
    assert run(["-c", str(config), "evidence", "verify", "--vkey", str(old.verifier)]) == 0
    # Someone else's file in its place:
    (home / "log.key").unlink()
    keys.generate(home / "log.key", "example.com/log")
    assert run(words) == 3
    assert "the log belongs to" in capsys.readouterr().err
