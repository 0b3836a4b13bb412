"""Anchors of an agent that serves, and what the command line says of them afterwards."""

import signal
import time

import pytest
from agent_kit import TARGET, Served, configure
from anchor_kit import make_authority, serve_authority
from aws_kit import client

VERSIONING = {"rule": "aws-s3-bucket-versioning", "target": TARGET}
ANCHORED = "assay_anchor_timestamp_seconds"


@pytest.fixture
def authority(tmp_path):
    with serve_authority(make_authority(tmp_path / "tsa")) as served:
        yield served


@pytest.fixture
def config(cloud, tmp_path, authority):
    """A configuration with two authorities, one of them not there, and a bucket."""
    s3 = client(cloud, "s3")
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    stamps = {"kind": "rfc3161", "roots": "tsa/root.pem"}
    yield configure(
        tmp_path,
        cloud.url,
        every="1h",
        anchors=[
            {**stamps, "url": authority.url},
            {**stamps, "url": "http://127.0.0.1:9/tsr"},
            {"kind": "s3", "bucket": "locked", "endpoint_url": cloud.url},
        ],
    )
    cloud.reset()


def until(holds, seconds=60):
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.1)


def test_an_agent_has_its_log_anchored_and_one_that_fails_stops_nothing(assay, config, authority):
    agent = Served(config)
    try:
        agent.until(1.0, "assay_rule_status", status="fail", **VERSIONING)
        for kind in ("rfc3161", "s3"):
            until(lambda kind=kind: agent.metric(ANCHORED, kind=kind))
        assert agent.metric("assay_anchor_failures_total", kind="rfc3161") >= 1
        assert agent.metric("assay_anchor_failures_total", kind="s3") == 0
    finally:
        agent.end(signal.SIGTERM)
    code, out, _ = assay("evidence", "verify", config=config)
    assert code == 0, out
    assert "; anchored until size " in out
    assert "by rfc3161" in out
    assert "by s3" in out
    _, out, _ = assay("evidence", "log", "--kind", "anchor", config=config)
    assert f"{authority.url} has the checkpoint of size " in " ".join(out.split())
