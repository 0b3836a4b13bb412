"""A bundle is whole, the same each time, and valid by three ways of checking it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest
from bundle_kit import (
    HOURS,
    VERIFY,
    bundle,
    copied,
    entries,
    index_of,
    made,
    shell,
    tell,
    verify,
)
from evidence_world import HOUR, SIGNER, START, open_world

from agent.bundle.write import BundleError, Order, write_bundle
from agent.evidence.store import StoreError


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    with made(tmp_path_factory.mktemp("bundle")) as done:
        yield done


def test_the_verifier_finds_a_bundle_valid_and_says_that_nobody_else_holds_it(one):
    code, said = verify(one.folder, "--vkey", str(SIGNER.verifier))

    assert code == 0, said
    assert "24 slots expected: 21 ran, 3 explained, 0 unexplained" in said
    assert "27 runs done again from their changes" in said
    assert "RESULT: valid; chained, not anchored" in said


def test_a_checkpoint_that_the_auditor_held_is_contained(one):
    code, said = verify(one.folder, "--held", one.held)

    assert code == 0, said
    assert "contains the checkpoint of size 19 that you hold" in said


def test_the_verifier_of_the_bundle_is_ours_and_imports_nothing_but_the_standard_library(one):
    assert (one.folder / "verify.py").read_bytes() == VERIFY.read_bytes()
    script = """
import runpy, sys
sys.argv = ["verify.py", sys.argv[1]]
try:
    runpy.run_path(sys.argv[1] + "/verify.py", run_name="__main__")
except SystemExit as end:
    loaded = {name.split(".")[0] for name in sys.modules}
    print(end.code, loaded - sys.stdlib_module_names - {"__main__"})
"""

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, str(one.folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "0 set()"


def test_the_shell_commands_of_verify_md_find_it_valid(one):
    assert shell(one.folder) == {"files: ok", "head: ok", "root: ok", "size: ok", "sealed: ok"}


def test_the_shell_commands_find_a_changed_paper_and_a_changed_entry(one, tmp_path):
    paper = copied(one.folder, tmp_path / "paper")
    (paper / "workpapers/C-1.csv").write_text("control,result\nC-1,failed\n")
    entry = copied(one.folder, tmp_path / "entry")
    log = entry / "log/entries.jsonl"
    log.write_bytes(log.read_bytes().replace(b"agent_down", b"agent_DOWN"))

    assert "files: ok" not in shell(paper)
    assert {"files: ok", "root: ok"}.isdisjoint(shell(entry))


def test_the_same_log_and_time_give_the_same_bytes(tmp_path):
    folders = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        with open_world(tmp_path / name) as world:
            tell(world)
            folders.append(tmp_path / name / "bundle")
            bundle(world, folders[-1])

    first, second = (
        {p.relative_to(f).as_posix(): p.read_bytes() for p in f.rglob("*") if p.is_file()}
        for f in folders
    )
    assert first == second


def test_the_export_is_an_entry_that_names_the_papers(one):
    body = json.loads(entries(one.folder)[-1])

    assert body["kind"] == "export"
    assert body["manifest"] == one.written.manifest
    assert list(body["papers"]) == ["workpapers/C-1.csv"]


def test_a_bundle_holds_the_file_that_was_attested(one):
    body = json.loads(entries(one.folder)[index_of(entries(one.folder), "attestation")])
    digest = body["file 1"]["blob"]

    assert (one.folder / f"blobs/{digest[:2]}/{digest}").read_bytes() == b"minutes of the review\n"


def test_a_period_without_a_run_still_has_the_whole_log(tmp_path):
    with open_world(tmp_path) as world:
        tell(world)
        late = START + 40 * HOUR
        order = Order(start=late, end=late + HOUR, made_at=late)
        write_bundle(
            world.store, tmp_path / "b", order, lambda body: world.log.append("export", body, late)
        )
    code, said = verify(tmp_path / "b")

    assert code == 0, said


def test_no_paper_can_leave_the_bundle_and_nothing_is_left_of_a_bundle_that_failed(tmp_path):
    with open_world(tmp_path) as world:
        tell(world, 3)
        with pytest.raises(BundleError, match="papers go to"):
            bundle(world, tmp_path / "b", papers={"workpapers/../../x": b""})
        with pytest.raises(BundleError, match="papers go to"):
            bundle(world, tmp_path / "b", papers={"log/entries.jsonl": b""})

    assert not list(tmp_path.glob("b*"))


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "b").mkdir()
    with open_world(tmp_path) as world:
        tell(world, 3)
        with pytest.raises(BundleError, match="exists already"):
            bundle(world, tmp_path / "b")


def test_an_export_that_cannot_be_sealed_leaves_no_bundle(tmp_path):
    def refuse(_):
        raise StoreError("full")

    with open_world(tmp_path) as world:
        tell(world, 3)
        order = Order(start=START, end=START + HOURS * HOUR, made_at=START + HOURS * HOUR)
        with pytest.raises(StoreError, match="full"):
            write_bundle(world.store, tmp_path / "b", order, refuse)

    assert not list(tmp_path.glob("b*"))


def test_the_honest_sentence_is_in_every_bundle(one):
    text = " ".join((one.folder / "README.txt").read_text().split())

    assert "it does not prove that the agent told the truth when it recorded it" in text


def test_a_bundle_can_be_moved(one, tmp_path):
    shutil.copytree(one.folder, tmp_path / "elsewhere")

    assert verify(tmp_path / "elsewhere")[0] == 0
