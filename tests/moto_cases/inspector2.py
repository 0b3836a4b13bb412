"""Findings of Inspector; moto has no way to make one."""

from datetime import UTC, datetime, timedelta

from moto_cases import ACCOUNT, REGION, Answers, Canned


def _finding(days: int) -> Answers:
    seen = datetime.now(UTC) - timedelta(days=days)
    finding = {
        "findingArn": f"arn:aws:inspector2:{REGION}:{ACCOUNT}:finding/f",
        "awsAccountId": ACCOUNT,
        "type": "PACKAGE_VULNERABILITY",
        "description": "A library can be made to run code.",
        "title": "CVE-2026-0001 - shop",
        "remediation": {},
        "severity": "CRITICAL",
        "firstObservedAt": seen,
        "lastObservedAt": seen,
        "status": "ACTIVE",
        "resources": [{"type": "AWS_EC2_INSTANCE", "id": "i-1"}],
    }
    return {"inspector2:ListFindings": {"findings": [finding]}}


CASES = (Canned("aws-inspector-critical-findings-sla", _finding(3), _finding(60)),)
