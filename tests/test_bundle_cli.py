"""`assay evidence bundle`: reports and papers in it, sealed, and slots nobody ran accounted for."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime

import pytest
from bundle_kit import tell, verify
from evidence_world import HOUR, SIGNER, START, open_world

from agent.cli import app
from agent.config import load_settings
from agent.evidence import keys, queries
from agent.home import open_log, open_store
from agent.inbox import take


@pytest.fixture
def folder(tmp_path):
    data = tmp_path / "assay-data"
    data.mkdir()
    with open_world(data) as world:
        tell(world, 6)
    handle = os.open(data / "log.key", os.O_WRONLY | os.O_CREAT, 0o400)
    os.write(handle, keys.to_text(SIGNER).encode())
    os.close(handle)
    (tmp_path / "assay.yaml").write_text("shipped_rules: false\norigin: example.com/log\n")
    return tmp_path


def bundled(folder, *words):
    words = ("--config", str(folder / "assay.yaml"), "evidence", "bundle", *words)
    return app.run([*words, "--from", "2026-01-01", "--to", "2026-01-01T06:00Z"])


def test_a_bundle_has_reports_and_papers_and_accounts_for_slots_that_nobody_ran(folder, capsys):
    (folder / "papers").mkdir()
    (folder / "papers/C-1.csv").write_text("C-1,held\n")
    out = folder / "b"

    forms = ("--with", "xlsx", "--with", "oscal")
    code = bundled(folder, "--out", str(out), "--paper", str(folder / "papers"), *forms)

    assert code == 0, capsys.readouterr().err
    assert "sealed as entry" in capsys.readouterr().out
    made = (path for path in out.glob("[rw][eo]*/**/*") if path.is_file())
    names = sorted(path.relative_to(out).as_posix() for path in made)
    papers = [name for name in names if name.startswith("workpapers/xlsx/")]
    names = [name for name in names if name not in papers]
    assert {"workpapers/xlsx/00-summary.xlsx", "workpapers/xlsx/SHA256SUMS"} < set(papers)
    assert names == [
        "reports/readiness.html",
        "reports/readiness.json",
        "reports/type2.html",
        "reports/type2.json",
        "workpapers/C-1.csv",
        "workpapers/oscal/SHA256SUMS",
        "workpapers/oscal/assessment-results.json",
        "workpapers/oscal/component-definition.json",
    ]
    code, said = verify(out)
    assert code == 0, said
    assert "6 slots expected: 6 ran" in said
    with open_store(load_settings(folder / "assay.yaml", {})) as store:
        gaps = [body for _, body in queries.entries(store, kind="gap")]
    assert gaps[-1]["reason"] == "agent_down"


def test_while_an_agent_runs_it_seals_the_export(folder, capsys):
    settings = load_settings(folder / "assay.yaml", {})
    stop = threading.Event()
    ready = threading.Event()

    def agent():
        with open_log(settings, at=START + 9 * HOUR) as log:
            ready.set()
            while not stop.wait(0.1):
                list(take(folder / "assay-data", log, datetime.now(UTC)))

    thread = threading.Thread(target=agent)
    thread.start()
    try:
        assert ready.wait(20)
        code = bundled(folder, "--out", str(folder / "b"), "--no-reports")
    finally:
        stop.set()
        thread.join()

    assert code == 0, capsys.readouterr().err
    code, said = verify(folder / "b")
    assert code == 0, said
    last = (folder / "b/log/entries.jsonl").read_bytes().splitlines()[-1]
    assert json.loads(last)["what"] == "bundle"


def test_a_folder_that_is_there_and_a_period_that_is_none_are_one_line(folder, capsys):
    (folder / "b").mkdir()
    assert bundled(folder, "--out", str(folder / "b"), "--no-reports") == 3
    assert "exists already; name a new folder" in capsys.readouterr().err
    words = ("--from", "2026-02-01", "--to", "2026-01-01", "--out", str(folder / "c"))
    assert app.run(["--config", str(folder / "assay.yaml"), "evidence", "bundle", *words]) == 3
    assert "--from must be before --to" in capsys.readouterr().err
