"""The example for Alertmanager: who hears of an alert, and what is not said twice."""

import json
import shutil
import subprocess
import urllib.request

import pytest
import yaml
from prometheus_kit import OPENER, ROOT, Program, Webhook, fetch, needs_alertmanager, until

CONFIG = ROOT / "deploy/alertmanager/alertmanager.yml"
RULES = yaml.safe_load((ROOT / "deploy/prometheus/assay.rules.yml").read_text())
ALERTS = {rule["alert"] for group in RULES["groups"] for rule in group["rules"] if "alert" in rule}
DOCUMENT = yaml.safe_load(CONFIG.read_text())
needs_amtool = pytest.mark.skipif(
    shutil.which("amtool") is None,
    reason="amtool is not installed (Debian: prometheus-alertmanager)",
)


def amtool(*words):
    return subprocess.run(
        ["amtool", *words], capture_output=True, text=True, timeout=30, check=False
    )


@needs_amtool
def test_the_configuration_is_valid():
    done = amtool("check-config", str(CONFIG))
    assert done.returncode == 0, done.stdout + done.stderr


@needs_amtool
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ("alertname=Watchdog severity=none", "dead-man-switch"),
        ("alertname=LogInvalid severity=critical", "evidence"),
        ("alertname=SealFailing severity=critical", "evidence"),
        ("alertname=AgentDown severity=critical", "on-call"),
        ("alertname=RuleFailing severity=critical", "on-call"),
        ("alertname=RuleFailing severity=high", "team"),
        ("alertname=AttestationOverdue severity=warning", "compliance"),
        ("alertname=RuleStale severity=warning", "team"),
    ],
)
def test_an_alert_reaches(labels, receiver):
    done = amtool("config", "routes", "test", f"--config.file={CONFIG}", *labels.split())
    assert done.stdout.split() == [receiver], done.stderr


def test_only_alerts_that_there_are_are_named():
    words = set(str(DOCUMENT).replace("|", " ").replace('"', " ").replace("'", " ").split())
    named = {word for word in words if word[:1].isupper() and word.isalpha()}
    assert {"Watchdog", "AgentDown"} <= named
    assert named <= ALERTS


class Example(Program):
    """An Alertmanager with the example, whose every receiver is one webhook."""

    name = "prometheus-alertmanager"

    def __init__(self, folder, webhook):
        super().__init__(folder)
        document = yaml.safe_load(CONFIG.read_text())
        for receiver in document["receivers"]:
            for each in receiver["webhook_configs"]:
                each["url"] = webhook.url
        document["route"]["group_wait"] = "1s"
        storage = f"--storage.path={self.folder / 'data'}"
        self.start(document, storage, "--cluster.listen-address=")

    def post(self, *alerts):
        body = json.dumps([{"labels": {"job": "assay", **each}} for each in alerts]).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/api/v2/alerts", body, headers)
        OPENER.open(request, timeout=10).close()

    def silent(self):
        """Name the alerts that others stand for, with their rule."""
        return {
            (each["labels"]["alertname"], each["labels"].get("rule", ""))
            for each in json.loads(fetch(f"{self.url}/api/v2/alerts"))
            if each["status"]["inhibitedBy"]
        }


@needs_alertmanager
def test_what_follows_from_another_alert_is_silent_and_what_failed_is_not(tmp_path):
    with Webhook() as webhook, Example(tmp_path, webhook) as manager:
        target = {"target": "aws:1"}
        manager.post(
            {"alertname": "Watchdog", "severity": "none"},
            {"alertname": "TargetInaccessible", "severity": "critical", **target},
            {"alertname": "RuleErrored", "rule": "r1", **target},
            {"alertname": "RuleErrored", "rule": "r1", "target": "aws:2"},
            {"alertname": "RuleStale", "rule": "r1", "target": "aws:2"},
            {"alertname": "RuleStale", "rule": "r2", "target": "aws:2"},
            {"alertname": "RuleFailing", "rule": "r3", "severity": "high", **target},
        )
        follow = {("RuleErrored", "r1"), ("RuleStale", "r1")}
        until(lambda: webhook.got("RuleFailing") and webhook.got("Watchdog"))
        until(lambda: manager.silent() == follow)
        assert not webhook.got("RuleStale", rule="r1")
        manager.post({"alertname": "AgentDown", "severity": "critical", "instance": "a"})
        until(lambda: manager.silent() == follow | {("RuleStale", "r2")})
        assert {each["labels"]["alertname"] for each in webhook.alerts} >= {
            "RuleFailing",
            "TargetInaccessible",
        }
