"""`assay evidence export`: a folder, whole or not at all, and an entry with its digests."""

from __future__ import annotations

import json
import re
import resource
import subprocess
from hashlib import sha256

import pytest
from anchor_kit import make_authority, stamp
from evidence_world import HOUR, SIGNER, START
from period_kit import write_home

from agent.cli import app
from agent.evidence import queries
from agent.evidence.anchors.der import read_stamp
from agent.evidence.anchors.receipt import STAMP, body_of
from agent.evidence.anchors.timestamp import make_query
from agent.evidence.log import Log
from agent.evidence.store import Store

PERIOD = ("--from", "2026-01-01", "--to", "2026-01-03")
FILES = {
    "xlsx": ["00-summary.xlsx"],
    "csv": [
        "blind.csv", "calendar.csv", "changes.csv", "controls.csv", "deviations.csv", "gaps.csv",
        "instance.csv", "people.csv", "population.csv", "results.csv", "roll-forward.csv",
        "rule-text.csv", "samples.csv", "test.csv", "tool.csv", "waivers.csv",
    ],
    "oscal": ["assessment-results.json", "component-definition.json"],
    "poam": ["poam.json"],
    "ocsf": ["findings.ocsf.jsonl"],
    "json": ["report.json"],
}  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Two days of evidence in which a bucket fails from noon of the second day on."""
    folder = tmp_path_factory.mktemp("home")

    def state(at):
        outcome = "fail" if at - START >= 36 * HOUR else "pass"
        return {"aws-s3-encrypted": {"one": outcome}, "aws-s3-logged": {"one": "pass"}}

    write_home(folder, state, hours=48)
    return folder


def export(home, out, form, *words, period=PERIOD):
    words = ("evidence", "export", "-f", form, *period, "--out", str(out), *words)
    return app.run(["--config", str(home / "assay.yaml"), *words])


def entries(home):
    with Store.open(home / "assay-data" / "evidence.db", create=False) as store:
        return [body for _, body in queries.entries(store, kind="export")]


@pytest.mark.parametrize("form", FILES)
def test_each_form_is_written_with_its_sums_and_sealed(home, tmp_path, capsys, form):
    out = tmp_path / "deep" / "out"
    assert export(home, out, form) == 0
    said = capsys.readouterr()
    assert said.err == ""
    names = sorted(path.name for path in out.iterdir() if path.name != "SHA256SUMS")
    # a workbook for each shipped control as well
    assert names == FILES[form] if form != "xlsx" else set(names) > set(FILES[form])
    assert said.out.startswith(f"{out}: {len(names)} file")
    assert "48 of 48 scheduled runs were made; 0 missing" in said.out
    assert "log valid, chained, not anchored" in said.out
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    checked = subprocess.run(
        ["sha256sum", "-c", "SHA256SUMS"],
        cwd=out, capture_output=True, text=True, timeout=20, check=True,
    )  # fmt: skip
    assert checked.stdout.count(": OK\n") == len(names)
    body = entries(home)[-1]
    assert body["what"] == f"export {form}"
    assert (body["from"], body["to"]) == ("2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z")
    assert body["files"] == [
        {
            "name": name,
            "sha256": sha256((out / name).read_bytes()).hexdigest(),
            "size": (out / name).stat().st_size,
        }
        for name in names
    ]


def test_an_export_while_an_agent_runs_is_left_for_it_to_seal(home, tmp_path):
    data = home / "assay-data"
    with (
        Store.open(data / "evidence.db") as store,
        Log.open(store, SIGNER, at=START + 72 * HOUR),
    ):
        assert export(home, tmp_path / "out", "ocsf", "--no-verify") == 0
    (item,) = (data / "inbox").glob("*.json")
    left = json.loads(item.read_bytes())
    item.unlink()
    assert (left["kind"], left["body"]["what"]) == ("export", "export ocsf")


def test_a_response_is_in_the_plan(home, tmp_path):
    answers = tmp_path / "answers.yaml"
    answers.write_text(
        "responses:\n- rule: aws-s3-encrypted\n  by: Eva\n  at: 2026-01-02\n  text: Mended soon.\n"
    )
    assert export(home, tmp_path / "out", "poam", "--responses", str(answers)) == 0
    plan = json.loads((tmp_path / "out" / "poam.json").read_bytes())
    (item,) = plan["plan-of-action-and-milestones"]["poam-items"]
    assert item["description"] == "Mended soon."


def test_a_plan_of_nothing_is_no_file_and_no_entry(home, tmp_path, capsys):
    before = len(entries(home))
    out = tmp_path / "out"
    code = export(home, out, "poam", period=("--from", "2026-01-01", "--to", "2026-01-02"))
    assert code == 0
    assert capsys.readouterr().out == (
        f"{out}: nothing was open at 2026-01-02T00:00:00Z: no poam is due, none is written\n"
    )
    assert not list(tmp_path.iterdir())
    assert len(entries(home)) == before


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda out: (out.mkdir(), (out / "old").write_text("")), "is there already; name a"),
        (lambda out: out.write_text(""), "is there already; name a folder that is new or empty"),
        (lambda out: (out.parent.rmdir(), out.parent.write_text("")), "cannot be written: File"),
    ],
    ids=["full", "file", "in a file"],
)
def test_a_folder_that_cannot_be_made_is_refused_in_one_line(home, tmp_path, capsys, make, said):
    out = tmp_path / "place" / "out"
    out.parent.mkdir()
    make(out)
    before = len(entries(home))
    assert export(home, out, "csv", "--no-verify") == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert re.fullmatch(rf"assay: {re.escape(str(out))}: {said}.*\n", told.err)
    assert len(entries(home)) == before


@pytest.fixture
def full_disk():
    """Let no file of this process grow beyond 40 KiB (the store's own shared memory has 32)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40 << 10, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("full_disk")
def test_a_file_that_cannot_be_written_leaves_no_folder(home, tmp_path, capsys):
    out = tmp_path / "out"
    assert export(home, out, "oscal", "--no-verify") == 3
    assert capsys.readouterr().err == f"assay: {out}: cannot be written: File too large\n"
    assert not list(tmp_path.iterdir())


def test_a_period_that_cannot_be_is_refused(home, tmp_path, capsys):
    period = ("--from", "2026-01-03", "--to", "2026-01-01")
    assert export(home, tmp_path / "out", "csv", period=period) == 3
    assert "--from must be before --to" in capsys.readouterr().err


def test_evidence_whose_anchor_does_not_hold_is_exported_with_exit_code_1(tmp_path, capsys):
    write_home(tmp_path, lambda _: {"aws-s3-encrypted": {"one": "pass"}}, hours=2)
    url = "http://127.0.0.1:1/stamp"
    with (tmp_path / "assay.yaml").open("a") as file:
        file.write(f"anchors: [{{kind: rfc3161, url: '{url}', roots: roots.pem}}]\n")
    (tmp_path / "roots.pem").write_text("of nobody")
    with (
        Store.open(tmp_path / "assay-data" / "evidence.db", create=False) as store,
        Log.open(store, SIGNER, at=START + 3 * HOUR) as log,
    ):
        folder = make_authority(tmp_path / "authority")
        proof = stamp(folder, make_query(log.checkpoint()).der)
        with store.reading() as view:
            size, time = view.size(), read_stamp(proof).time
        body = body_of(by=STAMP, place=url, size=size, time=time, proof=proof)
        log.append("anchor", body, START + 3 * HOUR, [proof])
    assert export(tmp_path, tmp_path / "out", "json") == 1
    assert "log valid, invalid: entry " in capsys.readouterr().out
