"""CloudFormation stacks."""

import json
from datetime import UTC, datetime
from typing import Any

from moto_cases import ACCOUNT, REGION, Canned, Case, ClientOf, Make


def _stack(*, protected: bool = False, output: tuple[str, str] = ("Stage", "prod")) -> Make:
    name, value = output
    template = {
        "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
        "Outputs": {name: {"Value": value}},
    }

    def make(client: ClientOf) -> str:
        client("cloudformation").create_stack(
            StackName="shop",
            TemplateBody=json.dumps(template),
            EnableTerminationProtection=protected,
        )
        return "stack/shop"

    return make


def _drift(status: str) -> dict[str, dict[str, Any]]:
    return {
        "cloudformation:DescribeStacks": {
            "Stacks": [
                {
                    "StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/shop/1",
                    "StackName": "shop",
                    "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
                    "StackStatus": "CREATE_COMPLETE",
                    "DriftInformation": {
                        "StackDriftStatus": status,
                        "LastCheckTimestamp": datetime(2026, 2, 1, tzinfo=UTC),
                    },
                }
            ]
        }
    }


CASES: tuple[Case | Canned, ...] = (
    Case("aws-cloudformation-termination-protection", _stack(protected=True), _stack()),
    Case(
        "aws-cloudformation-outputs-no-secrets",
        _stack(),
        _stack(output=("DatabasePassword", "hunter2")),
    ),
    # moto's DescribeStacks knows nothing of drift.
    Canned("aws-cloudformation-no-drift", _drift("IN_SYNC"), _drift("DRIFTED")),
)
