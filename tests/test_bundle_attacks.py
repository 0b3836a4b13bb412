"""Whoever changes a bundle is found, and what they changed is named."""

import json

import pytest
from attack_kit import RUN, policy, rows
from bundle_kit import (
    changed,
    copied,
    entries,
    index_of,
    listed,
    made,
    rewritten,
    verify,
    write_entries,
)
from evidence_world import OTHER


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    with made(tmp_path_factory.mktemp("bundle")) as done:
        yield done


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
