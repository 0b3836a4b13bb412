"""Access Analyzer; moto has no such service."""

from datetime import UTC, datetime
from typing import Any

from moto_cases import ACCOUNT, REGION, Answers, Canned

_ANALYZER = {
    "arn": f"arn:aws:access-analyzer:{REGION}:{ACCOUNT}:analyzer/outside",
    "name": "outside",
    "type": "ACCOUNT",
    "createdAt": datetime(2026, 1, 1, tzinfo=UTC),
    "status": "ACTIVE",
}
_FINDING = {
    "id": "f-1",
    "status": "ACTIVE",
    "resourceType": "AWS::S3::Bucket",
    "resourceOwnerAccount": ACCOUNT,
    "analyzedAt": datetime(2026, 1, 2, tzinfo=UTC),
    "createdAt": datetime(2026, 1, 2, tzinfo=UTC),
    "updatedAt": datetime(2026, 1, 2, tzinfo=UTC),
}


def _analyzers(*analyzers: dict[str, Any]) -> Answers:
    return {"accessanalyzer:ListAnalyzers": {"analyzers": list(analyzers)}}


def _findings(*findings: dict[str, Any]) -> Answers:
    return {
        **_analyzers(_ANALYZER),
        "accessanalyzer:ListFindingsV2": {"findings": list(findings)},
    }


CASES = (
    Canned(
        "aws-access-analyzer-enabled",
        _analyzers(_ANALYZER),
        _analyzers({**_ANALYZER, "type": "ACCOUNT_UNUSED_ACCESS"}),
    ),
    Canned("aws-access-analyzer-no-active-findings", _findings(), _findings(_FINDING)),
)
