"""Evidence of the time before the agent: the state as of then, sealed now, and said to be so."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from agent_kit import ROOT, Served
from gcp_kit import access_to, asset, make_world, serving

from agent.demo.gcp.server import Fault, Server
from agent.evidence.entry import Kind, whole
from agent.evidence.store import Store
from agent.past import PastError, moments_since, rules_of_past, verify_past
from agent.rules.load import load_rules
from checks.load import load_checks
from checks.model import Target
from checks.schema import schema_of

NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)
RULE = "gcp-storage-bucket-uniform-access"


def bucket(*, uniform: bool) -> dict[str, Any]:
    access = {"uniformBucketLevelAccess": {"enabled": uniform}}
    data = {"name": "b", "iamConfiguration": access}
    return asset("shop", "storage.googleapis.com/Bucket", "b", data)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A bucket that was wrong until two days ago."""
    world = make_world("shop")
    world.put(bucket(uniform=False))
    world.put(bucket(uniform=True), NOW - 2 * DAY)
    with serving(world, tmp_path) as server:
        yield server


@pytest.fixture
def config(server: Server, tmp_path: Path) -> Path:
    access = access_to(server, tmp_path)
    target = {
        "provider": "gcp",
        "parent": access.parent,
        "auth": "service_account",
        "credentials_file": access.credentials_file,
        "admin": access.admin,
        "ca_bundle": access.ca_bundle,
        "endpoints": {"asset": server.grpc, "admin": access.admin_endpoint},
    }
    path = tmp_path / "assay.yaml"
    path.write_text(
        json.dumps({"targets": [target], "store": "evidence", "origin": "assay.test/a"})
    )
    return path


def assay(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "agent", "-c", str(config), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_past_is_sealed_now_and_says_of_which_time_it_is(config: Path) -> None:
    for days, told in ((3, "1 fail, 0 error, 0 pass"), (1, "0 fail, 0 error, 1 pass")):
        at = (NOW - days * DAY).isoformat()
        done = assay(config, "check", "-t", "gcp:shop", "-r", RULE, "--as-of", at)
        assert f"gcp:shop: {told}" in done.stdout, done.stderr
        assert done.returncode == (1 if days > 2 else 0)
    runs = [one for one in logged(config) if one["kind"] == "run"]
    assert [one["trigger"] for one in runs] == ["as_of", "as_of"]
    for one, days in zip(runs, (3, 1), strict=True):
        assert datetime.fromisoformat(one["header"]["as_of"]) == NOW - days * DAY
        assert datetime.fromisoformat(one["observed_at"][RULE]) == NOW - days * DAY
        assert datetime.fromisoformat(one["started"]) >= NOW
    assert assay(config, "evidence", "verify").returncode == 0


def logged(config: Path) -> list[dict[str, Any]]:
    """Every entry of the log, as it was sealed."""
    rows = json.loads(assay(config, "evidence", "log", "-f", "json").stdout)["items"]
    shown = [assay(config, "evidence", "show", str(row["entry"])).stdout for row in rows]
    return [json.loads(text) for text in shown]


def test_after_the_present_the_past_is_refused(config: Path) -> None:
    assert assay(config, "check", "-t", "gcp:shop", "-r", RULE).returncode == 0
    at = (NOW - DAY).isoformat()
    done = assay(config, "check", "-t", "gcp:shop", "-r", RULE, "--as-of", at)
    assert done.returncode == 3
    assert "the past comes before the present" in done.stderr


def test_a_back_fill_looks_at_each_day_the_oldest_first(config: Path) -> None:
    done = assay(config, "check", "-t", "gcp:shop", "-r", RULE, "--back-fill", "4d")
    said = [line.partition(": ")[2] for line in done.stdout.splitlines()]
    assert said == ["1 fail, 0 error, 0 pass"] * 2 + ["0 fail, 0 error, 1 pass"] * 2
    assert done.returncode == 0


def test_a_day_of_a_back_fill_that_was_not_seen_is_no_pass(server: Server, config: Path) -> None:
    data = {"name": "c", "iamConfiguration": {"publicAccessPrevention": "inherited"}}
    kind, policy = "storage.googleapis.com/Bucket", {"bindings": []}
    server.world.put(asset("shop", kind, "c", data, iamPolicy=policy))
    server.faults[:] = [Fault(content="IAM_POLICY", code="PERMISSION_DENIED", times=1)]
    rule = "gcp-storage-bucket-policy-not-public"
    done = assay(config, "check", "-t", "gcp:shop", "-r", rule, "--back-fill", "2d")
    said = [line.partition(": ")[2] for line in done.stdout.splitlines()]
    assert [" 0 error," in line for line in said] == [False, True], done.stderr
    assert "0 fail" in said[1]
    assert done.returncode == 2


def test_a_length_is_one_moment_a_day() -> None:
    assert next(moments_since(5 * DAY, NOW)) == NOW - 5 * DAY
    assert len(list(moments_since(5 * DAY, NOW))) == 5


def test_the_oldest_day_is_not_out_of_reach_while_it_is_read() -> None:
    assert next(moments_since(90 * DAY, NOW)) == NOW - 35 * DAY + timedelta(hours=1)
    assert len(list(moments_since(35 * DAY, NOW))) == 35


def test_the_first_start_looks_at_the_days_before_it_and_then_at_the_present(config: Path) -> None:
    agent = Served(serving_config(config, back_fill="3d"))
    agent.wait_for("back-fill: day 3 of 3")
    runs = wait_for_runs(config, 4)
    assert agent.end() == 0
    assert [one["trigger"] for one in runs] == ["as_of", "as_of", "as_of", "start"]
    days = [datetime.fromisoformat(one["header"]["as_of"]) for one in runs[:3]]
    assert [later - earlier for earlier, later in pairwise(days)] == [DAY, DAY]
    assert timedelta(0) < datetime.fromisoformat(runs[0]["started"]) - 3 * DAY - days[0] < DAY
    outcomes = [outcome for one in runs for outcome in one["counts"][RULE]]
    assert outcomes == ["fail", "pass", "pass", "pass"]
    agent = Served(config)
    assert agent.end() == 0
    assert len(sealed_runs(config)) == 4


def serving_config(config: Path, **run: str) -> Path:
    """The configuration for one rule, as `assay serve` reads it."""
    document = {
        **json.loads(config.read_text()),
        "shipped_rules": False,
        "rules_paths": [str(ROOT / "rules/gcp/storage" / f"{RULE}.yaml")],
        "run": run,
        "http": {"listen": "127.0.0.1:0"},
    }
    config.write_text(json.dumps(document))
    return config


def test_a_back_fill_that_was_cut_off_goes_on_after_what_is_known(config: Path) -> None:
    agent = Served(serving_config(config, back_fill="20d"))
    wait_for_runs(config, 3)
    agent.end(signal.SIGKILL)
    known = len(sealed_runs(config))
    assert known < 20
    agent = Served(config)
    agent.wait_for("back-fill: day 20 of 20")
    runs = wait_for_runs(config, known + 3)
    while runs[-1]["trigger"] == "as_of":
        runs = wait_for_runs(config, len(runs) + 1)
    assert agent.end() == 0
    days = [datetime.fromisoformat(one["header"]["as_of"]) for one in runs[:-1]]
    assert days == sorted(days)
    assert 20 <= len(days) <= 21, "no day twice but the one that it was cut off in"


def test_slots_that_fall_into_a_back_fill_are_missed_for_its_sake(config: Path) -> None:
    serving_config(config, back_fill="20d")
    document = {**json.loads(config.read_text()), "rules": {RULE: {"every": "1s"}}}
    config.write_text(json.dumps(document))
    agent = Served(config)
    wait_for_runs(config, 22)
    assert agent.end() == 0
    with Store.open(config.parent / "evidence" / "evidence.db") as store, store.reading() as view:
        gaps = [json.loads(data) for _, data in view.entries(Kind.GAP)]
    assert {one["reason"] for one in gaps if one["target"] == "gcp:shop"} == {"back_fill"}


def wait_for_runs(config: Path, number: int) -> list[dict[str, Any]]:
    """The runs in the log, when there are so many."""
    ends = time.monotonic() + 60
    while len(runs := sealed_runs(config)) < number:
        assert time.monotonic() < ends, runs
        time.sleep(0.2)
    return runs


def sealed_runs(config: Path) -> list[dict[str, Any]]:
    """What was sealed of the project; the organization has no rule here."""
    with Store.open(config.parent / "evidence" / "evidence.db") as store, store.reading() as view:
        runs = [json.loads(data) for _, data in view.entries(Kind.RUN)]
        runs = [one for one in runs if one["target"] == "gcp:shop"]
        return [{**one, "header": whole(one["header"], view.content)} for one in runs]


def test_rules_about_people_are_not_asked_of_the_past() -> None:
    checks = load_checks()
    rules = load_rules([Path(__file__).parents[1] / "rules" / "gcp"], checks, schema_of)
    told = rules_of_past(rules, checks)
    assert RULE in told
    assert not {name for name in told if name.startswith("gcp-directory-")}
    assert len(told) > 0.9 * len(rules)


@pytest.mark.parametrize(
    ("provider", "days", "words"),
    [
        ("gcp", -1, "is not past"),
        ("gcp", 36, "tells 35 days of its past"),
        ("aws", 1, "does not tell its past; gcp does"),
    ],
)
def test_what_no_cloud_tells_is_refused(
    provider: str, days: int, words: str, tmp_path: Path
) -> None:
    with Store.open(tmp_path / "e.db") as store, pytest.raises(PastError, match=words):
        verify_past(store, [Target(provider=provider, id="x")], NOW - days * DAY, NOW)
