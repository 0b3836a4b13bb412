"""`assay report`: a file, its digest in the log, one line that says what it is of."""

from __future__ import annotations

import json
import shutil
import sqlite3
from hashlib import sha256

import pytest
from period_kit import write_home

from agent.cli import app
from agent.evidence import queries
from agent.evidence.store import Store


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A configuration and, beside it, the evidence of two days with one failure."""
    folder = tmp_path_factory.mktemp("cli")
    state = {"aws-s3-encrypted": {"one": "fail"}, "aws-s3-logged": {"one": "pass"}}
    write_home(folder, lambda _: state, hours=48)
    return folder


def assay(folder, *words):
    return app.run(["--config", str(folder / "assay.yaml"), "report", *words])


def exports(folder):
    with Store.open(folder / "assay-data" / "evidence.db", create=False) as store:
        return [body for _, body in queries.entries(store, kind="export")]


def test_a_period_is_written_and_its_digest_is_sealed(folder, capsys):
    out = folder / "period"
    code = assay(folder, "type2", "--from", "2026-01-01", "--to", "2026-01-03", "--out", str(out))
    said = capsys.readouterr()
    assert (code, said.err) == (0, "")
    path = out / "type2-2026-01-01-to-2026-01-03.html"
    assert said.out.startswith(f"{path}: ")
    assert "48 of 48 scheduled runs were made" in said.out
    assert "1 deviations, 0 mended in time; log valid" in said.out
    assert [file.name for file in out.iterdir()] == [path.name]
    data = path.read_bytes()
    assert b"Acme: Shop" in data
    body = exports(folder)[-1]
    assert body["what"] == "report type2"
    assert body["files"] == [
        {"name": path.name, "sha256": sha256(data).hexdigest(), "size": len(data)}
    ]


@pytest.mark.parametrize("kind", ["type1", "readiness"])
def test_a_moment_is_written_as_json(folder, capsys, kind):
    code = assay(
        folder, kind, "--at", "2026-01-02T12:00Z", "-o", str(folder), "-f", "json", "--no-verify"
    )
    assert code == 0
    assert "log not verified" in capsys.readouterr().out
    document = json.loads((folder / f"{kind}-2026-01-02.json").read_text())
    assert (document["kind"], document["end"]) == (kind, "2026-01-02T12:00:00Z")
    assert [each["deviation"]["resource"] for each in document["register"]] == ["one"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "2026-01-03", "--to", "2026-01-01"], "--from must be before --to"),
        (["--from", "2026-01-01", "--to", "2026-01-01"], "--from must be before --to"),
        (["--from", "2999-01-01", "--to", "2999-02-01"], "--from must be before --to"),
        (["--from", "January"], "'January' is not a time"),
        (["--from", "2026-01-01", "--responses", "none.yaml"], "none.yaml: No such file"),
    ],
    ids=["backwards", "a moment", "future", "words", "responses"],
)
def test_a_period_that_cannot_be_is_refused_in_one_line(folder, capsys, words, said):
    code = assay(folder, "type2", *words, "--out", str(folder / "nothing"))
    told = capsys.readouterr()
    assert (code, told.out) == (3, "")
    assert said in told.err
    assert told.err.count("\n") == 1
    assert not (folder / "nothing").exists()


def test_a_folder_that_cannot_be_written_is_said(folder, capsys):
    place = folder / "file"
    place.write_text("")
    code = assay(folder, "type1", "--at", "2026-01-02", "--out", str(place), "--no-verify")
    assert code == 3
    assert "cannot be written" in capsys.readouterr().err


def test_evidence_that_was_changed_is_reported_with_exit_code_1(folder, capsys, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    with sqlite3.connect(copy / "assay-data" / "evidence.db") as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in names.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE change SET outcome = 3 WHERE outcome = 0")
    connection.close()
    out = copy / "out"
    code = assay(copy, "type2", "--from", "2026-01-01", "--to", "2026-01-03", "--out", str(out))
    assert code == 1
    assert "log invalid: " in capsys.readouterr().out
    assert b"The evidence does not verify." in next(out.iterdir()).read_bytes()
