"""docs/verified.md says of every file under deploy/ by what it was verified, and of no other."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = (ROOT / "docs" / "verified.md").read_text().partition("## What is deployed")[2]


def named() -> set[str]:
    """Files and folders in the first column."""
    rows = [line.split("|")[1] for line in TABLE.splitlines() if line.startswith("| ")]
    return set(re.findall(r"`(deploy/[^`]+)`", " ".join(rows)))


def committed() -> list[str]:
    done = subprocess.run(
        ["git", "ls-files", "deploy"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout.split()


def missing(files: list[str]) -> list[str]:
    places = named()
    return [
        file
        for file in files
        if not any(file == place or file.startswith(f"{place}/") for place in places)
    ]


def test_every_file_that_is_deployed_is_named():
    files = committed()
    assert len(files) > 50
    assert missing(files) == []


def test_a_file_that_nobody_named_is_seen():
    assert missing(["deploy/nomad/agent.hcl", "deploy/helm/Chart.yaml"]) == [
        "deploy/nomad/agent.hcl"
    ]


def test_nothing_is_named_that_is_not_there():
    assert [place for place in named() if not (ROOT / place).exists()] == []


def test_every_row_says_by_what_and_what_not():
    rows = [line for line in TABLE.splitlines() if line.startswith("|")][2:]
    assert all(row.count("|") == 4 for row in rows)
    assert all(row.split("|")[2].strip() for row in rows)
