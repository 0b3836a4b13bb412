"""What the owner of the key signs anew is found by who holds a checkpoint, and by its rest."""

import subprocess
import sys

import pytest
from attack_kit import RUN, other_history, rows, sealed_again
from bundle_kit import (
    bundle,
    copied,
    entries,
    index_of,
    made,
    tell,
    verify,
)
from evidence_world import HOUR, OTHER, SIGNER, START, open_world


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    with made(tmp_path_factory.mktemp("bundle")) as done:
        yield done


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
