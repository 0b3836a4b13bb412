"""What the people of the pretended firm decided in the half-year: configuration, scope, waivers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from agent.config import Settings, load_settings
from agent.demo.process import Cloud
from agent.demo.roster import NAME as ROSTER
from agent.demo.roster import configure_roster
from agent.demo.run import BEYOND
from agent.evidence.entry import to_rfc3339

STRICTER = "aws-iam-access-key-age"
"""The rule whose limit was lowered in the period."""
LATER = "aws-dynamodb-pitr"
"""The rule that was switched on in the period."""
OWN = "harbour-bucket-versions"
"""A rule of the firm's own, whose text was changed in the period."""
_TEXT = """\
id: {id}
title: Buckets of the harbour keep former versions
check: aws.s3.bucket
severity: low
every: 1d
criteria: {{soc2: [A1.2]}}
require: {require}
message: "{{{{resource.Name}}}} does not keep former versions"
rationale: A file that somebody overwrites must be there the next morning.
remediation: Switch versioning on in the console of S3.
examples:
  - {{expect: pass, resource: {{Name: a, Versioning: {{Status: Enabled}}}}}}
  - {{expect: fail, resource: {{Name: a, Versioning: {{Status: Suspended}}}}}}
  - {{expect: error, resource: {{Name: a}}}}
"""
_BEFORE = "resource.Versioning.?Status.orValue('') == 'Enabled'"
_AFTER = _BEFORE + " || resource.Name.startsWith('scratch-')"


def decide(folder: Path, cloud: Cloud, every: str, *, changed: bool) -> Settings:
    """Write the configuration and the firm's own rule, before or after the change of rules."""
    (folder / "rules").mkdir(exist_ok=True)
    text = _TEXT.format(id=OWN, require=json.dumps(_AFTER if changed else _BEFORE))
    (folder / f"rules/{OWN}.yaml").write_text(text)
    off = BEYOND if changed else (*BEYOND, LATER)
    document = {
        "targets": [
            {
                "provider": "aws",
                "account": cloud.account,
                "name": "harbour",
                "regions": ["us-east-1", "eu-west-1"],
                "endpoint_url": cloud.endpoint,
            }
        ],
        "store": "evidence",
        "origin": "assay.demo/harbour",
        "every": every,
        "rules_paths": ["rules"],
        "rules": {
            **{rule: {"enabled": False} for rule in off},
            **({STRICTER: {"params": {"days": 60}}} if changed else {}),
        },
        "files": configure_roster(folder / ROSTER),
        "scope": "scope.yaml",
        "waivers": ["waivers.yaml"],
    }
    path = folder / "assay.yaml"
    path.write_text(json.dumps(document, indent=2) + "\n")  # JSON is YAML (YAML 1.2, section 1.3)
    return load_settings(path, {})


def decide_scope(folder: Path, start: datetime, *, wider: bool) -> None:
    """Write what reports are about, before or after availability came into scope."""
    document = {
        "organization": "Harbour Example Ltd",
        "system": "Harbour",
        "description": "The shop of a harbour, and what operates it",
        "categories": ["security", "availability"] if wider else ["security"],
        "people": {"system_owner": "Ana Lopez"},
        "subservices": [
            {
                "name": "Cloud provider",
                "services": "Hosting",
                "method": "carve-out",
                "report": "SOC 2 Type II",
                "report_from": f"{start - timedelta(days=200):%Y-%m-%d}",
                "report_to": f"{start + timedelta(days=165):%Y-%m-%d}",
                "bridge_until": f"{start + timedelta(days=250):%Y-%m-%d}",
                "cuecs": ["multi-factor", "access-requests"],
            }
        ],
    }
    _write(folder / "scope.yaml", document)


def decide_waivers(folder: Path, waivers: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the waivers that are decided now."""
    _write(folder / "waivers.yaml", waivers)


def waiver(
    rule: str, resource: str, reason: str, since: datetime, until: datetime
) -> dict[str, Any]:
    """Accept a failure for a time."""
    return {
        "rule": rule,
        "resources": [resource],
        "reason": reason,
        "requested_by": "Ana Lopez",
        "approved_by": "Bob Ito",
        "from": to_rfc3339(since),
        "until": to_rfc3339(until),
        "ticket": "HARBOUR-17",
    }


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(document, indent=2) + "\n")
