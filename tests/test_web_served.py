"""The agent as a process asks who is there, seals who read, and does not start open to others."""

import json
import subprocess
import sys
import urllib.error

import pytest
from agent_kit import ROOT, Served, configure

from agent.cli.app import run
from agent.config import load_settings
from agent.evidence import queries
from agent.home import open_store


def test_it_asks_for_a_token_and_seals_who_read_what(cloud, tmp_path, capsys):
    config = configure(
        tmp_path, cloud.url, every="1h", http={"listen": "127.0.0.1:0", "audit_reads": True}
    )
    assert run(["-c", str(config), "token", "create", "ana", "--scope", "evidence:read"]) == 0
    token = {"Authorization": f"Bearer {capsys.readouterr().out.strip()}"}
    agent = Served(config)
    try:
        with pytest.raises(urllib.error.HTTPError, match="401"):
            agent.get("/api/v1/log")
        with pytest.raises(urllib.error.HTTPError, match="403"):
            agent.get("/metrics", **token)
        assert agent.get("/healthz") == "ok\n"
        assert json.loads(agent.get("/api/v1/log", **token))["origin"] == "assay.test/agent"
        assert len(json.loads(agent.get("/api/v1/rules", **token))["items"]) == 3
        assert "<html" in agent.get("/", **token)
    finally:
        assert agent.end() == 0
    with open_store(load_settings(config, {})) as store:
        reads = [body for _, body in queries.entries(store, kind="export")]
    assert {(each["by"], each["path"]) for body in reads for each in body["reads"]} == {
        ("token ana", path) for path in ("/api/v1/log", "/api/v1/rules", "/")
    }
    assert {each["address"] for body in reads for each in body["reads"]} == {"127.0.0.1"}


def test_it_does_not_start_open_to_others_and_says_what_to_do(cloud, tmp_path):
    config = configure(tmp_path, cloud.url, http={"listen": "0.0.0.0:0"})
    done = subprocess.run(
        [sys.executable, "-m", "agent", "-c", str(config), "serve"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr.startswith("assay: http.listen: 0.0.0.0:0 is open to others")
    assert done.stderr.count("\n") == 1
