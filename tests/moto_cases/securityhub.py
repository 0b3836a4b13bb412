"""Findings of Security Hub."""

from datetime import UTC, datetime, timedelta

from moto_cases import ACCOUNT, REGION, Case, ClientOf, Make


def _finding(*, days: int) -> Make:
    def make(client: ClientOf) -> str:
        made = (datetime.now(UTC) - timedelta(days=days)).isoformat().replace("+00:00", "Z")
        finding = {
            "SchemaVersion": "2018-10-08",
            "Id": "shop/public-bucket",
            "ProductArn": f"arn:aws:securityhub:{REGION}:{ACCOUNT}:product/{ACCOUNT}/default",
            "GeneratorId": "tests",
            "AwsAccountId": ACCOUNT,
            "Types": ["Software and Configuration Checks"],
            "CreatedAt": made,
            "UpdatedAt": made,
            "Severity": {"Label": "CRITICAL"},
            "Title": "A bucket is public",
            "Description": "Everybody can read it",
            "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::shop"}],
        }
        hub = client("securityhub")
        hub.enable_security_hub()
        hub.batch_import_findings(Findings=[finding])
        return "shop/public-bucket"

    return make


CASES = (Case("aws-securityhub-critical-findings-sla", _finding(days=2), _finding(days=10)),)
