"""The agent as a process: it looks by itself, ends at once, reloads, and survives being killed."""

import json
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from agent_kit import ROOT, TARGET, Served, configure
from aws_kit import client
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from agent.config import load_settings
from agent.evidence import queries
from agent.evidence.verify import verify_store
from agent.home import open_store

VERSIONING = {"rule": "aws-s3-bucket-versioning", "target": TARGET}
ROOT_KEYS = {"rule": "aws-iam-root-no-access-keys", "target": TARGET}
STATUS = "assay_rule_status"
FINDINGS = "assay_rule_findings"
EVALUATED = "assay_rule_last_evaluation_timestamp_seconds"


@pytest.fixture
def start(cloud, tmp_path):
    """Start agents on a folder of this test's own; whatever is left is killed at the end."""
    started = []

    def start(**more):
        config = configure(tmp_path, cloud.url, **{"every": "1s", **more})
        started.append(Served(config))
        return started[-1]

    start.folder = tmp_path
    start.config = tmp_path / "assay.yaml"
    yield start
    for each in started:
        if each.process.poll() is None:
            each.end(signal.SIGKILL)


def kinds(config):
    with open_store(load_settings(config, {})) as store:
        verify_store(store)
        return [entry for _, entry in queries.entries(store)]


def test_it_looks_by_itself_and_shows_what_it_sealed(start, cloud):
    agent = start()
    agent.until(1.0, STATUS, status="fail", **VERSIONING)
    assert agent.metric(FINDINGS, outcome="pass", **VERSIONING) == 1.0
    assert agent.metric(FINDINGS, outcome="fail", **VERSIONING) == 1.0
    assert agent.metric("assay_target_accessible", provider="aws") == 1.0
    agent.until(1.0, "assay_log_verified")
    with cloud.broken("s3:GetBucketVersioning"):
        agent.until(1.0, STATUS, status="error", **VERSIONING)
        agent.until(2.0, FINDINGS, outcome="error", **VERSIONING)
        conclusive = agent.metric(EVALUATED, **VERSIONING)
        assert conclusive > 0
        time.sleep(1.5)
        assert agent.metric(EVALUATED, **VERSIONING) == conclusive
    agent.until(0.0, STATUS, status="error", **VERSIONING)
    assert agent.end() == 0
    events = [entry for entry in kinds(start.config) if entry["kind"] == "agent"]
    assert [event["event"] for event in events] == ["start", "stop"]


def test_a_pair_that_never_ran_is_unknown_from_the_first_scrape(start, cloud):
    with cloud.broken("*", kind="delay", seconds=3):
        agent = start(every="1h")
        for status, value in (("unknown", 1.0), ("pass", 0.0), ("fail", 0.0), ("error", 0.0)):
            assert agent.metric(STATUS, status=status, **VERSIONING) == value
        assert agent.metric(EVALUATED, **VERSIONING) == 0.0


def test_sigterm_ends_it_within_two_seconds_even_while_a_cloud_does_not_answer(start, cloud):
    """The quickest of some: that it can, and not how busy this machine is, is the promise."""
    with cloud.broken("*", kind="delay", seconds=60) as silence:
        for _ in range(5):
            seen = silence.seen
            agent = start()
            while silence.seen == seen:
                time.sleep(0.05)
            began = time.monotonic()
            assert agent.end() == 0
            if (took := time.monotonic() - began) < 2:
                return
    raise AssertionError(f"it took {took:.1f} seconds, and not below 2 in five attempts")


def test_what_never_ran_is_looked_at_at_once_and_not_at_its_first_slot(start):
    agent = start(every="1d")
    agent.until(1.0, STATUS, status="fail", **VERSIONING)
    agent.end()
    (run,) = [entry for entry in kinds(start.config) if entry["kind"] == "run"]
    assert (run["trigger"], run.get("slot")) == ("start", None)


def test_an_agent_that_starts_again_knows_from_the_log_who_answered(start):
    agent = start(every="1d")
    agent.until(1.0, "assay_targets_reached", provider="aws")
    agent.end()
    agent = start(every="1d")
    assert agent.metric("assay_targets_reached", provider="aws") == 1.0
    assert agent.metric("assay_target_accessible", target=TARGET) == 1.0


def test_a_reload_brings_new_rules_and_a_mistake_changes_nothing(start, cloud):
    web = start.folder / "web.yml"
    web.write_text("http_server_config: {http2: true}")
    agent = start(http={"listen": "127.0.0.1:0", "web_config": str(web)})
    agent.until(1.0, STATUS, status="fail", **VERSIONING)
    start.config.write_text("targets: [{provider: oracle}]\n")
    agent.process.send_signal(signal.SIGHUP)
    assert "reload refused" in agent.wait_for("reload")
    assert agent.metric("assay_config_last_reload_successful") == 0.0
    assert agent.metric(STATUS, status="fail", **VERSIONING) == 1.0
    more = {"rules": ["iam/aws-iam-root-no-access-keys.yaml"], "every": "1s"}
    configure(start.folder, cloud.url, **more)
    agent.process.send_signal(signal.SIGHUP)
    assert "reloaded: 1 rules" in agent.wait_for("reload")
    assert agent.metric("assay_config_last_reload_successful") == 1.0
    web.write_text("basic_auth_users: [ana]")
    assert agent.metric("assay_config_last_reload_successful") == 0.0
    web.write_text("http_server_config: {http2: false}")
    assert agent.metric("assay_config_last_reload_successful") == 1.0
    agent.until(1.0, STATUS, status="pass", **ROOT_KEYS)
    assert agent.metric(STATUS, status="fail", **VERSIONING) is None
    agent.end()
    assert sum(entry["kind"] == "schedule" for entry in kinds(start.config)) == 2


def test_killed_again_and_again_the_log_is_whole_and_says_what_was_missed(start):
    for pause in (0.2, 0.7, 1.3):
        agent = start()
        time.sleep(pause)
        agent.end(signal.SIGKILL)
        kinds(start.config)
    time.sleep(2.1)
    agent = start()
    agent.until(1.0, STATUS, status="fail", **VERSIONING)
    agent.end()
    gaps = [entry for entry in kinds(start.config) if entry["kind"] == "gap"]
    assert {gap["reason"] for gap in gaps} >= {"agent_down"}
    assert sum(gap["slots"] for gap in gaps) >= 2


def test_a_second_agent_on_the_store_is_refused_and_the_first_goes_on(start):
    agent = start()
    words = [*agent.process.args]
    second = subprocess.run(
        words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert second.returncode == 3
    assert "another agent" in second.stderr
    assert second.stderr.count("\n") == 1
    agent.until(1.0, STATUS, status="fail", **VERSIONING)


def test_it_is_read_only_ready_and_speaks_both_formats(start):
    agent = start()
    agent.until(1.0, STATUS, status="fail", **VERSIONING)
    assert agent.get("/healthz") == "ok\n"
    assert json.loads(agent.get("/readyz")) == {"ready": True, "wrong": {}}
    text = agent.get("/metrics")
    openmetrics = agent.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")
    names = {family.name for family in parse_text(text)}
    assert {family.name for family in parse_openmetrics(openmetrics)} >= {
        name for name in names if name.startswith("assay_")
    }
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        request = urllib.request.Request(agent.url + "/metrics", method=method)
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)
        assert refused.value.code == 405
        refused.value.close()
    head = urllib.request.Request(agent.url + "/metrics", method="HEAD")
    with urllib.request.urlopen(head, timeout=10) as answer:
        assert answer.status == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)"
)
def test_promtool_finds_no_fault_with_the_metrics(start):
    agent = start()
    agent.until(1.0, STATUS, status="fail", **VERSIONING)
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=agent.get("/metrics"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_label_tells_a_resource_or_a_region(start):
    agent = start()
    agent.until(1.0, STATUS, status="fail", **VERSIONING)
    labels = {
        label
        for family in parse_text(agent.get("/metrics"))
        for sample in family.samples
        if sample.name.startswith("assay_")
        for label in sample.labels
    }
    assert not labels & {"resource", "region", "service", "instance", "user", "run", "error"}
    assert "arn:" not in agent.get("/metrics")


def test_a_deviation_opens_and_closes_in_the_metrics(start, cloud):
    s3 = client(cloud, "s3")
    agent = start()
    open_ = {"name": "assay_deviation_open", "rule": VERSIONING["rule"]}
    agent.until(1.0, **open_)
    s3.put_bucket_versioning(Bucket="bad", VersioningConfiguration={"Status": "Enabled"})
    agent.until(0.0, **open_)
    s3.put_bucket_versioning(Bucket="bad", VersioningConfiguration={"Status": "Suspended"})
    agent.until(1.0, **open_)
