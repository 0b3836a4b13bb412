"""CodePipeline pipelines."""

import json
from typing import Any

from moto_cases import ACCOUNT, Case, ClientOf, Make


def _action(name: str, category: str, owner: str, provider: str) -> dict[str, Any]:
    kind = {"category": category, "owner": owner, "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": kind}


_SOURCE = {
    **_action("Checkout", "Source", "AWS", "S3"),
    "configuration": {"S3Bucket": "source", "S3ObjectKey": "shop.zip"},
    "outputArtifacts": [{"name": "source"}],
}
_BUILD = {
    **_action("Release", "Build", "AWS", "CodeBuild"),
    "configuration": {"ProjectName": "shop"},
    "inputArtifacts": [{"name": "source"}],
}


def _pipeline(second: dict[str, Any]) -> Make:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "codepipeline.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }

    def make(client: ClientOf) -> str:
        client("iam").create_role(RoleName="pipeline", AssumeRolePolicyDocument=json.dumps(trust))
        client("codepipeline").create_pipeline(
            pipeline={
                "name": "shop",
                "roleArn": f"arn:aws:iam::{ACCOUNT}:role/pipeline",
                "artifactStore": {"type": "S3", "location": "artifacts"},
                "stages": [
                    {"name": "Source", "actions": [_SOURCE]},
                    {"name": "Release", "actions": [second]},
                ],
            }
        )
        return ":shop"

    return make


CASES = (
    Case(
        "aws-codepipeline-manual-approval",
        _pipeline(_action("Approve", "Approval", "AWS", "Manual")),
        _pipeline(_BUILD),
    ),
)
