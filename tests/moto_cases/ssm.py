"""Parameters, documents and patches of Systems Manager."""

import json
from typing import Any

from moto_cases import ACCOUNT, REGION, Answers, Canned, Case, ClientOf, Make


def _parameter(kind: str) -> Make:
    def make(client: ClientOf) -> str:
        client("ssm").put_parameter(Name="/shop/db_password", Value="not-a-secret", Type=kind)
        return "parameter/shop/db_password"

    return make


def _with_arns(client: ClientOf, **asked: Any) -> dict[str, Any]:
    """moto's DescribeParameters leaves the ARN out."""
    answer: dict[str, Any] = client("ssm").describe_parameters(**asked)
    for one in answer["Parameters"]:
        one["ARN"] = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{one['Name']}"
    return answer


def _document(*shared_with: str) -> Make:
    content = {
        "schemaVersion": "2.2",
        "description": "Say hello",
        "mainSteps": [
            {"action": "aws:runShellScript", "name": "hello", "inputs": {"runCommand": ["true"]}}
        ],
    }

    def make(client: ClientOf) -> str:
        ssm = client("ssm")
        ssm.create_document(Name="hello", Content=json.dumps(content), DocumentType="Command")
        if shared_with:
            ssm.modify_document_permission(
                Name="hello", PermissionType="Share", AccountIdsToAdd=list(shared_with)
            )
        return "document/hello"

    return make


def _patches(status: str, missing: int) -> Answers:
    return {
        "ssm:ListResourceComplianceSummaries": {
            "ResourceComplianceSummaryItems": [
                {
                    "ComplianceType": "Patch",
                    "ResourceType": "ManagedInstance",
                    "ResourceId": "i-0123456789abcdef0",
                    "Status": status,
                    "NonCompliantSummary": {"NonCompliantCount": missing},
                }
            ]
        }
    }


CASES = (
    Case(
        "aws-ssm-parameter-secure",
        _parameter("SecureString"),
        _parameter("String"),
        played={"ssm:DescribeParameters": _with_arns},
    ),
    Case("aws-ssm-documents-not-public", _document("111122223333"), _document("all")),
    # moto does not know ListResourceComplianceSummaries.
    Canned("aws-ssm-patch-compliant", _patches("COMPLIANT", 0), _patches("NON_COMPLIANT", 3)),
)
