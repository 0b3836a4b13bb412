"""Notes, checkpoints and keys read as C2SP says, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from agent.evidence import keys
from agent.evidence.note import (
    Checkpoint,
    NoteInvalid,
    Signer,
    open_checkpoint,
    parse_checkpoint,
    parse_note,
    parse_vkey,
    verify_note,
)

VECTORS = json.loads((Path(__file__).parent / "data/evidence/notes.json").read_text())
SIGNER = Signer("example.com/log", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
HEAD = Checkpoint("example.com/log", 7, bytes(range(32)))
SIGNED = bytes(SIGNER.sign(str(HEAD)))


def test_the_example_of_the_specification_verifies():
    verifier = parse_vkey(VECTORS["vkey"])
    note = parse_note(VECTORS["note"].encode())
    verify_note(note, verifier)
    assert (str(verifier), bytes(note).decode()) == (VECTORS["vkey"], VECTORS["note"])


def test_signing_gives_the_bytes_of_the_reference_implementation():
    signer = keys.from_text(VECTORS["go_private"])
    assert bytes(signer.sign(VECTORS["go_text"])).decode() == VECTORS["go_note"]
    assert str(signer.verifier) == VECTORS["go_vkey"]
    assert keys.to_text(signer) == VECTORS["go_private"]


def test_a_second_signature_verifies_by_its_own_key():
    note = parse_note((VECTORS["go_note"] + VECTORS["second_signature"]).encode())
    for vkey in (VECTORS["go_vkey"], VECTORS["second_vkey"]):
        verify_note(note, parse_vkey(vkey))


def test_the_checkpoint_of_the_specification_is_read():
    note = parse_note(VECTORS["checkpoint"].encode())
    head = parse_checkpoint(note.text)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert str(head) == note.text


def test_a_signed_checkpoint_opens_to_itself():
    assert open_checkpoint(SIGNED, SIGNER.verifier) == HEAD


def test_a_checkpoint_of_another_log_is_refused():
    other = bytes(SIGNER.sign(str(Checkpoint("example.com/other", 7, bytes(32)))))
    with pytest.raises(NoteInvalid, match=r"a checkpoint of example\.com/other"):
        open_checkpoint(other, SIGNER.verifier)


def test_a_note_that_the_key_did_not_sign_is_refused():
    with pytest.raises(NoteInvalid, match="is not signed by"):
        open_checkpoint(VECTORS["note"].encode(), SIGNER.verifier)


@given(st.integers(0, len(SIGNED) * 8 - 1))
def test_every_flipped_bit_of_a_checkpoint_is_found(bit):
    broken = bytearray(SIGNED)
    broken[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NoteInvalid):
        open_checkpoint(bytes(broken), SIGNER.verifier)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff", "UTF-8"),
        (b"no signature\n", "no signatures"),
        (b"text\n\n\xe2\x80\x94 name AAAAAAA=", "no signatures"),
        (b"text\n\n- name AAAAAAA=\n", "em dash"),
        ("text\n\n— name AAAA\n".encode(), "a name and a base64"),
        ("text\n\n— name !!!!\n".encode(), "base64"),
        ("text\n\n— name AAAAAAB=\n".encode(), "canonical"),
        ("text\n\n— na+me AAAAAAA=\n".encode(), "not a key name"),
        ("te\txt\n\n— name AAAAAAA=\n".encode(), "control"),
        ("text\n\n" + "— name AAAAAAA=\n" * 101).encode()
        and (("text\n\n" + "— name AAAAAAA=\n" * 101).encode(), "more than 100"),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else "",
)
def test_a_malformed_note_is_refused(data, message):
    with pytest.raises(NoteInvalid, match=message):
        parse_note(data)


def test_a_note_of_sixteen_signatures_is_read():
    note = parse_note(("text\n\n" + "— name AAAAAAA=\n" * 16).encode())
    assert len(note.signatures) == 16


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("log\n1\n", "three lines"),
        ("log\n1\nAAAA\nextension\n", "three lines"),
        ("\n1\nAAAA\n", "three lines"),
        ("log\n01\nAAAA\n", "not a number"),
        ("log\n-1\nAAAA\n", "not a number"),
        ("log\n٣\nAAAA\n", "not a number"),
        ("log\n1\nAAAA\n", "not a SHA-256"),
    ],
)
def test_a_malformed_checkpoint_is_refused(text, message):
    with pytest.raises(NoteInvalid, match=message):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    ("vkey", "message"),
    [
        (VECTORS["vkey"].replace("530d903a", "530d903b"), "does not belong"),
        (VECTORS["vkey"].replace("+Aek", "+Bek"), "only Ed25519"),
        ("example.com/foo", "only Ed25519"),
        ("+530d903a+Aeky", "not a key name"),
        ("a b+530d903a+Aeky", "not a key name"),
    ],
)
def test_a_damaged_vkey_is_refused(vkey, message):
    with pytest.raises(NoteInvalid, match=message):
        parse_vkey(vkey)


@pytest.mark.parametrize("text", ["no newline", "a\x00b\n"])
def test_a_text_that_no_note_can_hold_is_not_signed(text):
    with pytest.raises(NoteInvalid):
        SIGNER.sign(text)


def test_a_new_key_is_kept_for_its_owner_only(tmp_path):
    path = tmp_path / "key"
    signer = keys.generate(path, "example.com/log")
    assert path.stat().st_mode & 0o777 == 0o400
    assert str(keys.load(path).verifier) == str(signer.verifier)


def test_a_key_is_never_overwritten(tmp_path):
    keys.generate(tmp_path / "key", "example.com/log")
    with pytest.raises(keys.KeyFileError, match="exists already"):
        keys.generate(tmp_path / "key", "example.com/log")


def test_a_key_that_others_may_read_is_refused(tmp_path):
    keys.generate(tmp_path / "key", "example.com/log")
    (tmp_path / "key").chmod(0o440)
    with pytest.raises(keys.KeyFileError, match="chmod 0400"):
        keys.load(tmp_path / "key")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "does not start"),
        ("PRIVATE+KEY+name+00000000+AAAA", "only Ed25519"),
        ("PRIVATE+KEY+name+00000000+!", "bad base64"),
        (VECTORS["go_private"].replace("c74f20a3", "c74f20a4"), "damaged"),
        ("\xff", "cannot be read"),
    ],
)
def test_a_file_that_is_no_key_is_refused_in_one_line(tmp_path, text, message):
    path = tmp_path / "key"
    path.write_bytes(text.encode("latin-1"))
    path.chmod(0o400)
    with pytest.raises(keys.KeyFileError, match=message) as error:
        keys.load(path)
    assert "\n" not in str(error.value)


def test_a_missing_key_says_how_to_make_one(tmp_path):
    with pytest.raises(keys.KeyFileError, match="assay init"):
        keys.load(tmp_path / "key")


@pytest.mark.parametrize(
    ("name", "message"), [("a b", "not a key name"), ("ok", "cannot be written")]
)
def test_a_key_that_cannot_be_made_is_refused(tmp_path, name, message):
    with pytest.raises(keys.KeyFileError, match=message):
        keys.generate(tmp_path / "nowhere" / "key", name)
