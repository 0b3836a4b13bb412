"""Whoever changes a bundle is found, and what they changed is named: by hand and by chance."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location

import pytest
from bundle_kit import (
    VERIFY,
    bundle,
    changed,
    copied,
    entries,
    index_of,
    listed,
    made,
    rewritten,
    tell,
    verify,
    write_entries,
)
from evidence_world import HOUR, OTHER, SIGNER, START, open_world

from agent.evidence.anchors.receipt import body_of, proof_of_copy
from agent.evidence.anchors.timestamp import read_stamp

RUN = 14
"""An entry that is a run of the period."""


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    with made(tmp_path_factory.mktemp("bundle")) as done:
        yield done


def policy(folder, **members):
    path = folder / "policy.json"
    known = {**json.loads(path.read_text()), **members}
    path.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


def rows(folder, name, change):
    """Give the rows of a file to `change`, and write what it gives."""
    path = folder / f"state/{name}.jsonl.gz"
    found = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    text = "".join(json.dumps(row, sort_keys=True) + "\n" for row in change(found))
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def edit_entry(folder):
    lines = entries(folder)
    lines[RUN] = changed(lines[RUN], trigger="manual")
    write_entries(folder, lines)


def edit_outcome_count(folder):
    lines = entries(folder)
    lines[RUN] = changed(lines[RUN], counts={"r1": {"pass": 3}, "r2": {"pass": 3}})
    write_entries(folder, lines)


def drop_entry(folder):
    lines = entries(folder)
    del lines[RUN]
    write_entries(folder, lines)


def drop_last(folder):
    write_entries(folder, entries(folder)[:-1])


def cut_last_line(folder):
    path = folder / "log/entries.jsonl"
    path.write_bytes(path.read_bytes()[:-1])


def reorder(folder):
    lines = entries(folder)
    lines[RUN], lines[RUN + 1] = lines[RUN + 1], lines[RUN]
    write_entries(folder, lines)


def insert(folder):
    lines = entries(folder)
    lines.insert(RUN, lines[RUN])
    write_entries(folder, lines)


def not_json(folder):
    lines = entries(folder)
    lines[RUN] = b"nothing"
    write_entries(folder, lines)


def back_date(folder):
    lines = entries(folder)
    lines[RUN] = changed(lines[RUN], at="2025-12-01T00:00:00Z")
    write_entries(folder, lines)


def back_date_and_sign(folder):
    lines = entries(folder)
    lines.insert(-1, changed(lines[index_of(lines, "waiver")], at="2026-01-01T02:00:00Z"))
    rewritten(folder, lines)


def hide_hour_and_sign(folder):
    """As the owner of the key could: the run is left out, and all is signed again."""
    lines = entries(folder)
    del lines[RUN]
    rewritten(folder, lines)


def hide_gap_and_sign(folder):
    lines = entries(folder)
    del lines[index_of(lines, "gap")]
    rewritten(folder, lines)


def drop_checkpoint(folder):
    path = folder / "log/checkpoints.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    del lines[RUN]
    path.write_bytes(b"".join(lines))


def forge_checkpoint(folder):
    path = folder / "log/checkpoints.jsonl"
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    note = lines[RUN]["note"].split("\n")
    lines[RUN]["note"] = "\n".join([*note[:2], lines[RUN - 1]["note"].split("\n")[2], *note[3:]])
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def old_head(folder):
    path = folder / "log/checkpoints.jsonl"
    (folder / "log/checkpoint").write_text(json.loads(path.read_bytes().splitlines()[-2])["note"])


def other_key(folder):
    policy(folder, vkey=str(OTHER.verifier))


def shift_period(folder):
    policy(folder, to="2026-01-01T10:00:00Z")


def make_earlier(folder):
    """So that no slot was due yet."""
    policy(folder, made="2026-01-01T06:00:00Z")


def other_format(folder):
    policy(folder, format="assay.bundle.v9")


def change_paper(folder):
    (folder / "workpapers/C-1.csv").write_text("control,result\nC-1,failed\n")


def drop_paper(folder):
    (folder / "workpapers/C-1.csv").unlink()


def add_paper(folder):
    (folder / "workpapers/C-2.csv").write_text("control,result\n")


def change_verifier(folder):
    path = folder / "verify.py"
    path.write_text(path.read_text().replace("return 1", "return 0"))


def some_blob(folder):
    return min(folder.glob("blobs/*/*"))


def change_blob(folder):
    some_blob(folder).write_bytes(b"{}")


def drop_blob(folder):
    some_blob(folder).unlink()


def add_blob(folder):
    (folder / "blobs/00").mkdir(exist_ok=True)
    (folder / f"blobs/00/{'0' * 64}").write_bytes(b"")


def change_rule(folder):
    next(folder.glob("rules/r1/*")).write_text("id: r1\nrequire: 'true'\n")


def drop_rule(folder):
    next(folder.glob("rules/r1/*")).unlink()


def middle(found, **members):
    stood = [place for place, row in enumerate(found) if row["outcome"] != "gone"]
    place = stood[len(stood) // 2]
    return [*found[:place], {**found[place], **members}, *found[place + 1 :]]


def turn_to_waived(folder):
    rows(folder, "changes", lambda found: middle(found, outcome="waived"))


def other_values(folder):
    rows(folder, "changes", lambda found: middle(found, values="00" * 32))


def add_to_what_went(folder):
    """A row that takes a finding away says nothing else, so nothing else can be slipped in."""
    rows(folder, "changes", lambda found: [
        {**row, "message": "it was in order"} if row["outcome"] == "gone" else row for row in found
    ])  # fmt: skip


def drop_change(folder):
    rows(folder, "changes", lambda found: [r for i, r in enumerate(found) if i != len(found) // 2])


def add_change(folder):
    rows(folder, "changes", lambda found: [*found, {**found[-1], "run": 9999}])


def drop_resource(folder):
    rows(folder, "changes", lambda found: [r for r in found if r["resource"] != "bucket-2"])


def hide_sighting(folder):
    rows(folder, "sightings", lambda found: found[1:])


def other_digest(folder):
    rows(folder, "sightings", lambda found: [{**found[0], "digest": "00" * 32}, *found[1:]])


def empty_state(folder):
    (folder / "state/changes.jsonl.gz").write_bytes(b"")


def link(folder):
    path = folder / "workpapers/C-1.csv"
    path.unlink()
    path.symlink_to("/etc/passwd")


ATTACKS = [
    (edit_entry, f"entry {RUN}: is not what was sealed there"),
    (edit_outcome_count, f"entry {RUN}: is not what was sealed there"),
    (drop_entry, f"entry {RUN}: is not what was sealed there"),
    (drop_entry, "entries were signed, 32 are here: dropped"),
    (drop_last, "entry 32: is missing"),
    (cut_last_line, "the last line is cut"),
    (reorder, f"entry {RUN}: was inserted or moved"),
    (insert, f"entry {RUN + 1}: was inserted or moved"),
    (not_json, f"entry {RUN}: is not an entry of a log"),
    (back_date, f"entry {RUN}: is dated 2025-12-01T00:00:00Z"),
    (back_date_and_sign, "entry 32: is dated 2026-01-01T02:00:00Z"),
    (hide_hour_and_sign, "slot 2026-01-01T10:00:00Z of aws:111122223333: is missing"),
    (hide_hour_and_sign, "dropped or reordered"),
    (hide_gap_and_sign, "slot 2026-01-01T20:00:00Z of aws:111122223333: is missing"),
    (drop_checkpoint, f"checkpoint {RUN + 2}: out of order"),
    (forge_checkpoint, f"checkpoint {RUN + 1}: its signature does not hold"),
    (old_head, "log/checkpoint: is not the checkpoint of the last entry"),
    (other_key, "entry 0: does not name the key"),
    (shift_period, "policy.json: to is not that of entry 32"),
    (make_earlier, "policy.json: made is not when entry 32 was sealed"),
    (other_format, "policy.json: the format 'assay.bundle.v9'"),
    (change_paper, "workpapers/C-1.csv: is not the paper that entry 32 sealed"),
    (drop_paper, "workpapers/C-1.csv: is not the paper that entry 32 sealed"),
    (add_paper, "a file outside log/ and anchors/ is not what entry 32 sealed"),
    (change_verifier, "a file outside log/ and anchors/ is not what entry 32 sealed"),
    (change_blob, "its content does not have the digest that it is named for"),
    (drop_blob, "is missing; "),
    (add_blob, "nothing that was sealed cites it"),
    (change_rule, "rules/r1/"),
    (drop_rule, "is missing; rule r1 of entry"),
    (turn_to_waived, "state_root: its changes give another state"),
    (other_values, "state_root: its changes give another state"),
    (add_to_what_went, "takes away bucket-3, and says more than that"),
    (drop_change, "changes are here,"),
    (add_change, "a change belongs to no sealed run"),
    (drop_resource, "changes are here,"),
    (hide_sighting, "sightings are here,"),
    (other_digest, "inventory_root: its sightings give another inventory"),
    (empty_state, "0 changes are here"),
    (link, "workpapers/C-1.csv: is not a plain file"),
]


def test_there_are_more_than_25_manipulations():
    assert len({attack for attack, _ in ATTACKS}) > 25


@pytest.mark.parametrize(
    ("attack", "named"), ATTACKS, ids=[f"{a.__name__}-{n}" for n, (a, _) in enumerate(ATTACKS)]
)
def test_a_manipulation_is_found_and_named_though_the_list_of_files_was_written_anew(
    one, tmp_path, attack, named
):
    folder = copied(one.folder, tmp_path / "b")
    attack(folder)
    listed(folder)

    code, said = verify(folder)

    assert code == 1, said
    assert named in said


def test_the_list_of_files_names_every_file_that_was_changed(one, tmp_path):
    folder = copied(one.folder, tmp_path / "b")
    change_paper(folder)
    change_rule(folder)

    _, said = verify(folder)

    assert "workpapers/C-1.csv: was changed: it does not have the digest of MANIFEST" in said
    assert "rules/r1/acd58d2a" in said


def other_history(folder):
    """Rewrite the log from the waiver on with the same key, so that it fits together."""
    lines = entries(folder)
    place = index_of(lines, "waiver")
    lines[place] = changed(lines[place], id="another")
    sealed_again(folder, lines)


def sealed_again(folder, lines, **members):
    """Sign these entries with the log's own key, and seal other members of policy.json."""
    export = json.loads(lines[-1])
    export |= {name: members[name] for name in ("from", "to") if name in members}
    size = members.get("size", len(lines) - 1)
    rewritten(folder, lines[:size])
    head = (folder / "log/checkpoint").read_text().split("\n")[2]
    policy(folder, **{**members, "root": head, "size": size})
    listed(folder)
    sealed = "".join(
        line
        for line in (folder / "MANIFEST.sha256").read_text().splitlines(keepends=True)
        if not line[66:].startswith(("log/", "anchors/"))
    )
    export["log"] = {"root": head, "size": size}
    export["manifest"] = sha256(sealed.encode()).hexdigest()
    rewritten(folder, [*lines[:-1], json.dumps(export, sort_keys=True).encode()])
    listed(folder)


def test_a_log_rewritten_with_its_own_key_is_seen_only_by_who_holds_a_checkpoint(one, tmp_path):
    folder = copied(one.folder, tmp_path / "b")
    other_history(folder)

    alone, said_alone = verify(folder)
    holding, said = verify(folder, "--held", one.held)

    assert alone == 0, said_alone
    assert "chained, not anchored" in said_alone
    assert holding == 1
    assert "held checkpoint of size 19: the log was rewritten before it" in said


def test_the_owner_of_the_key_cannot_loosen_what_the_bundle_is_judged_by(one, tmp_path):
    """Everything fits together and is signed: only the verifier's own measure is left."""
    early = copied(one.folder, tmp_path / "early")
    lines = entries(early)
    del lines[index_of(lines, "gap")]
    loose = {"grace_seconds": 10**9, "max_lag_seconds": 10**9}
    sealed_again(early, lines, made="2026-01-01T06:00:00Z", **loose)
    late = copied(one.folder, tmp_path / "late")
    sealed_again(late, lines, **loose)

    assert "policy.json: made is not when entry 31 was sealed" in verify(early)[1]
    assert "slot 2026-01-01T20:00:00Z of aws:111122223333: is missing" in verify(late)[1]


def test_runs_that_the_owner_leaves_out_of_the_state_are_named(one, tmp_path):
    folder = copied(one.folder, tmp_path / "b")
    for name in ("changes", "sightings"):
        rows(folder, name, lambda found: [row for row in found if row["run"] < RUN])
    sealed_again(folder, entries(folder), size=RUN)

    code, said = verify(folder)

    assert code == 1
    assert f"entry {RUN}: was there when this was made, and its rows are left out" in said


def test_what_the_bundle_says_of_itself_is_marked_as_its_own_word(one, tmp_path):
    folder = copied(one.folder, tmp_path / "b")
    path = folder / "verify.py"
    path.write_text(path.read_text().replace("return 1", "return 0"))
    sealed_again(folder, entries(folder))

    _, alone = verify(folder)
    _, informed = verify(folder, "--vkey", str(SIGNER.verifier))
    itself = subprocess.run(
        [sys.executable, "-I", str(one.folder / "verify.py")],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip

    assert "the bundle's verify.py is another than this: do not go by its word" in alone
    assert f"the key {SIGNER.verifier} is the bundle's own word" in alone
    assert "own word" not in informed
    assert "verify.py came with the bundle and vouches for itself: use your own" in itself.stdout


def test_a_log_that_ends_before_a_held_checkpoint_was_cut(one, tmp_path):
    with open_world(tmp_path) as world:
        tell(world, 3)
        bundle(world, tmp_path / "b", made=START + 3 * HOUR)

    code, said = verify(tmp_path / "b", "--held", one.held)

    assert code == 1
    assert "held checkpoint of size 19: this log ends at 6" in said


def test_another_key_than_the_expected_one_is_named(one):
    code, said = verify(one.folder, "--vkey", str(OTHER.verifier))

    assert code == 1
    assert "is not the one you expect" in said


def in_process():
    """Load the verifier, so that hundreds of runs cost no processes."""
    spec = spec_from_file_location("bundle_verify", VERIFY)
    module = module_from_spec(spec)
    sys.modules["bundle_verify"] = module
    spec.loader.exec_module(module)
    return module


def test_500_random_flips_of_a_bit_are_all_found(one, tmp_path):
    folder = copied(one.folder, tmp_path / "b")
    verifier = in_process()
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sizes = [path.stat().st_size for path in files]
    dice = random.Random(20261124)

    def problems():
        found = verifier.Bundle(folder, None)
        found.part("the list of files", found.manifest)
        if not found.problems:
            found.check([], None, require=False)
        return found.problems

    assert problems() == []
    for turn in range(500):
        # Half of them anywhere by size, half of them in any file, so that small ones are met.
        path = dice.choices(files, sizes)[0] if turn % 2 else dice.choice(files)
        data = bytearray(path.read_bytes())
        place = dice.randrange(len(data))
        data[place] ^= 1 << dice.randrange(8)
        before = path.read_bytes()
        path.write_bytes(data)
        name = path.relative_to(folder).as_posix()
        found = problems()
        assert found, f"{name}: bit in byte {place}"
        assert any(name in line for line in found) or name == "MANIFEST.sha256"
        path.write_bytes(before)


def tsa(folder):
    """Make openssl's own time stamping authority, valid for ten years."""
    folder.mkdir()
    config = folder / "tsa.cnf"
    config.write_text(
        "[req]\ndistinguished_name = dn\nprompt = no\n[dn]\nCN = a stamper\n[ext]\n"
        "extendedKeyUsage = critical,timeStamping\nbasicConstraints = CA:TRUE\n"
        "[tsa]\ndefault_tsa = it\n[it]\ndir = .\n"
        f"serial = {folder}/serial\ncrypto_device = builtin\nsigner_cert = {folder}/cert.pem\n"
        f"certs = {folder}/cert.pem\nsigner_key = {folder}/key.pem\nsigner_digest = sha256\n"
        "default_policy = 1.2.3.4.1\ndigests = sha256\naccuracy = secs:1\n"
        "tsa_name = no\ness_cert_id_chain = no\ness_cert_id_alg = sha256\n"
    )
    (folder / "serial").write_text("01\n")
    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-extensions", "ext",
        "-config", config, "-keyout", folder / "key.pem", "-out", folder / "cert.pem")  # fmt: skip
    return folder


def run(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, timeout=60)


def stamped(authority, note):
    """Ask the authority for the reply on a checkpoint; it stamps with today's time."""
    place = authority / "note"
    place.write_bytes(note)
    run("ts", "-query", "-data", place, "-sha256", "-cert", "-out", authority / "query")
    run("ts", "-reply", "-config", authority / "tsa.cnf", "-queryfile", authority / "query",
        "-out", authority / "reply")  # fmt: skip
    return (authority / "reply").read_bytes()


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return tsa(tmp_path_factory.mktemp("tsa") / "own")


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
            "anchors/roots.pem": (authority / "cert.pem").read_bytes(),
        }
        bundle(world, folder / "bundle", anchors=anchors)
    return folder / "bundle", size


def test_a_timestamp_in_time_is_verified_at_its_own_time(tmp_path, authority):
    folder, size = anchored(tmp_path, authority)

    code, said = verify(folder, "--tsa-ca", authority / "cert.pem", "--require-anchors", *LONG)

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
        stamp = {"by": "rfc3161", "place": "http://tsa", "time": read_stamp(reply).time}
        copy = {"by": "s3", "place": "s3://bucket", "time": at}
        for given, proof in ((stamp, reply), (copy, proof_of_copy(note, {"key": "k"}))):
            world.log.append("anchor", body_of(**given, size=size, proof=proof), at, [proof])
        bundle(world, tmp_path / "b")
    folder = tmp_path / "b"

    code, said = verify(folder, "--tsa-ca", authority / "cert.pem", *LONG)
    assert code == 0, said
    assert f"RESULT: valid; anchored up to entry {size - 1} at " in said

    (path,) = folder.glob("anchors/*/*.json")
    path.write_text(json.dumps({"key": "k", "sha256": "00" * 32}))
    code, said = verify(folder, "--tsa-ca", authority / "cert.pem", *LONG)
    assert code == 1
    assert f"anchor of size {size}, {path.name}: is of another checkpoint" in said


def test_a_late_anchor_is_found(tmp_path, authority):
    folder, size = anchored(tmp_path, authority)

    code, said = verify(folder, "--tsa-ca", authority / "cert.pem")

    assert code == 1
    assert f"anchor of size {size}: late: " in said
    assert "back-dated, or anchored too late" in said


@pytest.mark.parametrize("attack", ["other message", "taken away", "other roots", "torn"])
def test_an_anchor_that_does_not_hold_is_found(tmp_path, authority, attack):
    folder, size = anchored(tmp_path, authority)
    place = folder / f"anchors/{size}"
    roots = authority / "cert.pem"
    if attack == "other message":
        (place / "own.tsr").write_bytes(stamped(authority, b"another checkpoint"))
    elif attack == "taken away":
        (place / "own.tsr").unlink()
    elif attack == "other roots":
        roots = tsa(tmp_path / "strangers") / "cert.pem"
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

    code, said = verify(folder, "--tsa-ca", authority / "cert.pem")

    assert code == 1
    assert f"anchor of size {size}: the log was rewritten since it was anchored" in said


def test_an_unanchored_bundle_is_invalid_where_anchors_are_required(one):
    code, said = verify(one.folder, "--require-anchors", "--vkey", str(SIGNER.verifier))

    assert code == 1
    assert "no timestamp of another holds" in said
