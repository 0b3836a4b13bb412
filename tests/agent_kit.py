"""A small account on a pretended AWS, and a folder with a configuration for the whole agent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from aws_kit import ENVIRONMENT, client
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).parents[1]
ACCOUNT = "123456789012"
TARGET = f"aws:{ACCOUNT}"
RULES = [
    "s3/aws-s3-bucket-versioning.yaml",
    "s3/aws-s3-bucket-tls-only.yaml",
    "ec2/aws-ec2-security-group-ssh.yaml",
]


def make_account(endpoint):
    """One bucket with versions and one without, and a group that is open to the world."""
    endpoint.reset()  # moto keeps one world a process, whatever ran in it before
    s3 = client(endpoint, "s3")
    for name in ("good", "bad"):
        s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket="good", VersioningConfiguration={"Status": "Enabled"})
    ec2 = client(endpoint, "ec2")
    group = ec2.create_security_group(GroupName="open", Description="open")["GroupId"]
    world = [{"CidrIp": "0.0.0.0/0"}]
    permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": world}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    return group


def configure(folder, url, rules=RULES, **more):
    """Write an `assay.yaml` (JSON is YAML) and give its path."""
    document = {
        "targets": [
            {
                "provider": "aws",
                "account": ACCOUNT,
                "regions": ["us-east-1"],
                "endpoint_url": url,
            }
        ],
        "store": "evidence",
        "origin": "assay.test/agent",
        "shipped_rules": False,
        "rules_paths": [str(ROOT / "rules/aws" / rule) for rule in rules],
        "run": {"max_attempts": 2},
        "http": {"listen": "127.0.0.1:0"},
        **more,
    }
    path = folder / "assay.yaml"
    path.write_text(json.dumps(document))
    return path


def items(out):
    """What a listing command printed as JSON."""
    return json.loads(out)["items"]


class Served:
    """`assay serve` in a process of its own."""

    def __init__(self, config, **environment):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "agent", "-c", str(config), "serve"],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **ENVIRONMENT, **environment},
        )
        self.lines = []
        self.url = self.wait_for("listening on ").rsplit(" ", 1)[1].strip()

    def wait_for(self, text, seconds=60):
        """Read the agent's log until a line has `text`."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            line = self.process.stderr.readline()
            self.lines.append(line)
            if text in line:
                return line
            if not line and self.process.poll() is not None:
                break
        raise AssertionError(f"no {text!r} in {self.lines}")

    def get(self, path, **headers):
        request = urllib.request.Request(self.url + path, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()

    def metric(self, name, **labels):
        """The value of the one series with these labels among its own, or None."""
        families = text_string_to_metric_families(self.get("/metrics"))
        values = [
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        assert len(values) <= 1, (name, labels)
        return values[0] if values else None

    def until(self, value, name, seconds=60, **labels):
        """Wait for a series to have a value."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if self.metric(name, **labels) == value:
                return
            time.sleep(0.1)
        raise AssertionError(f"{name}{labels} is {self.metric(name, **labels)}, not {value}")

    def end(self, number=signal.SIGTERM):
        """Send a signal; gives the exit code."""
        self.process.send_signal(number)
        code = self.process.wait(timeout=60)
        self.process.stderr.close()
        return code
