"""Rules, resources and gaps in a few words, for tests of what is made of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from shipped import CHECKS, all_rules

from agent.rules.load import read_rule
from checks.model import Cause, Gap, Observation, Resource, Target
from checks.schema import schema_of

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 6, 1, tzinfo=UTC)
TARGET = Target(provider="aws", id="111122223333")
BUCKET, TRAIL, USER = "aws.s3.bucket", "aws.cloudtrail.trail", "aws.iam.credential_report"
EXAMPLES = [
    {"expect": "pass", "resource": {"Name": "a"}},
    {"expect": "fail", "resource": {"Name": ""}},
    {"expect": "error", "resource": {}},
]


def rule_of(**changes):
    """Make a rule that buckets have names, with `changes`; JSON is YAML."""
    document = {
        "id": "a-rule",
        "title": "Buckets have names",
        "check": BUCKET,
        "severity": "high",
        "every": "1h",
        "criteria": {"soc2": ["CC6.1"]},
        "require": "resource.Name != ''",
        "message": "{{resource.BucketRegion}} has a bucket without a name",
        "examples": EXAMPLES,
        **changes,
    }
    document = {key: value for key, value in document.items() if value is not None}
    text = json.dumps(document).encode()
    return read_rule(text, Path(f"{document['id']}.yaml"), CHECKS, schema_of)


def resource_of(id_="it", /, *, gaps=(), **attributes):
    """Make a bucket."""
    return described(BUCKET, attributes, id_, gaps)


def described(check, attributes, id_="it", gaps=(), region="eu-west-1"):
    """Make a resource of any check."""
    return Resource(
        check=check, id=id_, label=id_, region=region, attributes=attributes, gaps=tuple(gaps)
    )


def gap_of(facet="", region="", cause=Cause.DENIED, resource="", **more):
    """Make a gap: of a facet, or of the listing."""
    return Gap(
        check=BUCKET,
        cause=cause,
        code="AccessDenied",
        message="not authorized",
        call=more.pop("call", "s3:ListBuckets"),
        region=region,
        resource=resource,
        facet=facet,
        **more,
    )


def part_of(*resources, region="eu-west-1", gaps=()):
    """Make a part of an observation."""
    return Observation(check=BUCKET, region=region, resources=resources, gaps=tuple(gaps))


def shipped():
    """Give the rules that come with Assay."""
    return all_rules()
