"""A real Prometheus scrapes a served agent, and what fails reaches a person even when it dies."""

import json
import re
import signal
import subprocess
import time

import pytest
import yaml
from agent_kit import TARGET, Served, configure
from board_checks import metrics_of
from prometheus_kit import (
    RULES,
    Alertmanager,
    Prometheus,
    Webhook,
    needs_alertmanager,
    needs_prometheus,
    until,
)

SSH = "aws-ec2-security-group-ssh"
NOT_HERE = {
    "assay_anchor_failures_total",
    "assay_anchor_timestamp_seconds",
    "assay_waiver_expiry_timestamp_seconds",
    "assay_webhook_dead_total",
    "assay_webhook_delivered_total",
    "assay_webhook_failures_total",
    "assay_webhook_oldest_waiting_timestamp_seconds",
}
"""What alerts and dashboards read and this agent has none of: anchors, waivers, webhooks."""

pytestmark = needs_prometheus


@pytest.fixture
def agent(cloud, tmp_path):
    http = {"listen": "127.0.0.1:0", "series_budget": 5000}
    served = Served(configure(tmp_path, cloud.url, every="1h", http=http))
    yield served
    if served.process.poll() is None:
        served.end(signal.SIGKILL)


def promtool(*words, **more):
    done = subprocess.run(
        ["promtool", *words], capture_output=True, text=True, timeout=30, check=False, **more
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_scraped_and_alerts_and_dashboards_find_what_they_read(agent, tmp_path):
    with Prometheus(tmp_path, agent) as prometheus:
        promtool("check", "rules", str(prometheus.rules))
        failing = f'assay_rule_status{{rule="{SSH}",target="{TARGET}",status="fail"}} == 1'
        until(lambda: prometheus.ask(failing))
        promtool("check", "metrics", input=agent.get("/metrics"))
        ((up, answers),) = prometheus.ask("up")
        assert (up["job"], answers) == ("assay", 1.0)
        assert prometheus.ask("assay_series_budget")[0][1] == 5000
        groups = yaml.safe_load(RULES.read_text())["groups"]
        boards = (RULES.parents[1] / "grafana/dashboards").glob("*.json")
        read = set().union(*(metrics_of(json.loads(board.read_text())) for board in boards))
        for rule in (rule for group in groups for rule in group["rules"]):
            prometheus.ask(rule["expr"])
            read |= set(re.findall(r"(?<![:\w])assay_\w+(?!\w*:)", rule["expr"]))
        known = set(prometheus.api("label/__name__/values"))
        assert read - known == NOT_HERE
        until(lambda: prometheus.ask('ALERTS{alertname="RuleFailing"}'))
        until(lambda: prometheus.ask("job:assay_pairs_expected:count"))
        ratio = f'rule:assay_rule_passing:ratio{{rule="{SSH}"}}'
        assert until(lambda: prometheus.ask(ratio))[0][1] == 0.0
        health = [
            (rule["name"], rule["health"])
            for group in prometheus.api("rules")["groups"]
            for rule in group["rules"]
        ]
        assert health
        assert [each for each in health if each[1] != "ok"] == []


@needs_alertmanager
def test_a_failure_is_delivered_and_the_death_of_the_agent_does_not_take_it_back(agent, tmp_path):
    with (
        Webhook() as webhook,
        Alertmanager(tmp_path, webhook) as alertmanager,
        Prometheus(tmp_path, agent, alertmanager=alertmanager.address) as prometheus,
    ):
        alert = until(lambda: next(iter(webhook.got("RuleFailing", rule=SSH)), None))
        assert (alert["labels"]["target"], alert["labels"]["severity"]) == (TARGET, "high")
        assert alert["annotations"]["summary"] == f"Rule {SSH} fails in {TARGET}"
        agent.end(signal.SIGKILL)
        until(lambda: webhook.got("AgentDown"))
        naive = 'assay_rule_status{status="fail"} == 1'
        until(lambda: not prometheus.ask(naive))  # this is what an alert without care would see
        time.sleep(3)  # and three evaluations more
        firing = prometheus.ask('ALERTS{alertname="RuleFailing",alertstate="firing"}')
        assert SSH in {labels["rule"] for labels, _ in firing}
        assert webhook.got("RuleFailing", "resolved") == []
