"""Every alert fires when it should, says what it means, and has its runbook."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
RULES = ROOT / "deploy/prometheus/assay.rules.yml"
UNIT_TESTS = ROOT / "tests/data/prometheus/alerts.test.yml"
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)"
)


def alerts():
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


def promtool(*arguments):
    return subprocess.run(
        ["promtool", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@needs_promtool
def test_the_rules_are_valid_and_lint_clean():
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", str(RULES))
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_every_alert_fires_when_it_should():
    done = promtool("test", "rules", str(UNIT_TESTS))
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_unit_test_that_sees_it_fire():
    tests = yaml.safe_load(UNIT_TESTS.read_text())["tests"]
    seen = {
        case["alertname"]
        for test in tests
        for case in test["alert_rule_test"]
        if case["exp_alerts"]
    }
    assert seen == set(alerts())


@pytest.mark.parametrize("name", sorted(alerts()))
def test_an_alert_has_a_summary_and_a_runbook_with_four_parts(name):
    annotations = alerts()[name]["annotations"]
    assert annotations["summary"]
    assert annotations["runbook_url"] == f"http://localhost:9464/runbooks/{name}"
    page = ROOT / f"docs/runbooks/{name}.md"
    headings = [line for line in page.read_text().splitlines() if line.startswith("#")]
    assert headings == [f"# {name}", "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"]


def test_every_runbook_belongs_to_an_alert():
    assert {page.stem for page in (ROOT / "docs/runbooks").glob("*.md")} == set(alerts())


@needs_promtool
def test_the_configuration_of_prometheus_is_valid_and_scrapes_what_the_alerts_know():
    path = RULES.parent / "prometheus.yml"
    done = promtool("check", "config", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    (job,) = yaml.safe_load(path.read_text())["scrape_configs"]
    assert f'job="{job["job_name"]}"' in alerts()["AgentDown"]["expr"]
    assert "sample_limit" not in job
