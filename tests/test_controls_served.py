"""What the agent shows and seals of the people's part while it runs."""

import json
import signal
from datetime import UTC, datetime, timedelta

from agent_kit import TARGET, Served, configure, items
from test_waivers import around_now, write

from agent.config import load_settings
from agent.evidence import queries
from agent.evidence.verify import verify_store
from agent.home import open_log, open_store

SSH = "aws-ec2-security-group-ssh"
SCOPE = """\
organization: Example
system: Shop
categories: [security, availability]
subservices:
  - name: Cloud
    services: Hosting
    report: SOC 2 Type II
    report_from: 2025-10-01
    report_to: 2026-09-30
    bridge_until: 2026-12-30
    cuecs: [multi-factor]
"""


def test_metrics_show_controls_waivers_and_what_is_due_and_a_reload_seals_decisions(
    cloud, tmp_path
):
    waiver = around_now()
    write(tmp_path, waiver)
    config = configure(tmp_path, cloud.url, every="1s", waivers=["waivers.yaml"])
    agent = Served(config)
    try:
        agent.until(
            1.0,
            "assay_control_status",
            framework="controls",
            criterion="network-boundary",
            target=TARGET,
            status="fail",
        )
        expiry = agent.metric(
            "assay_waiver_expiry_timestamp_seconds",
            waiver="old-logs",
            rule="aws-s3-bucket-versioning",
        )
        assert expiry > datetime.now(UTC).timestamp()
        due = agent.metric("assay_attestation_due_timestamp_seconds", control="board-oversight")
        assert due > datetime.now(UTC).timestamp()
        assert agent.metric("assay_attestation_due_timestamp_seconds", control="data-quality") is (
            None
        )
        write(tmp_path, waiver.replace("SEC-1", "SEC-2"))
        (tmp_path / "scope.yaml").write_text(SCOPE)
        config.write_text(json.dumps({**json.loads(config.read_text()), "scope": "scope.yaml"}))
        agent.process.send_signal(signal.SIGHUP)
        agent.wait_for("reloaded")
        write(tmp_path, waiver.replace("Bob Ito", "Ana Lopez"))
        agent.process.send_signal(signal.SIGHUP)
        agent.wait_for("waivers.yaml:6:3: somebody else")
    finally:
        assert agent.end() == 0
    with open_store(load_settings(config, {})) as store:
        verify_store(store)
        waivers = [body["event"] for _, body in queries.entries(store, kind="waiver")]
        scopes = [
            body["scope"]["organization"]
            for _, body in queries.entries(store, kind="config")
            if body.get("of") == "controls"
        ]
    assert waivers == ["added", "changed"]
    assert scopes == ["", "Example"]


def test_what_is_overdue_fails_a_check_of_everything(assay, cloud):
    config = configure(assay.folder, cloud.url, ["iam/aws-iam-root-no-access-keys.yaml"])
    assert assay("check")[0] == 0
    (assay.folder / "evidence" / "evidence.db").unlink()
    with open_log(load_settings(config, {}), at=datetime.now(UTC) - timedelta(days=400)):
        pass
    code, _, err = assay("check")
    assert code == 1
    assert "assay: overdue: board-oversight" in err
    assert assay("check", "--rule", "aws-iam-root-no-access-keys")[0] == 0


def test_the_scope_shows_whether_reports_of_suppliers_cover_the_period(assay):
    (assay.folder / "scope.yaml").write_text(SCOPE)
    document = {**json.loads(assay.config.read_text()), "scope": "scope.yaml"}
    assay.config.write_text(json.dumps(document))
    period = ("--from", "2026-01-01", "--to", "2026-12-30")
    code, out, _ = assay("controls", "scope", *period)
    assert code == 0
    assert "security, availability" in out
    code, out, _ = assay("controls", "scope", "--to", "2027-01-01", "--format", "json")
    assert code == 1
    (row,) = items(out)
    assert row["uncovered"] == "Cloud: its bridge letter ends on 2026-12-30, before 2027-01-01"
