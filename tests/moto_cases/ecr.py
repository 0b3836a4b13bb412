"""Image repositories."""

import json
from typing import Any

from moto_cases import ACCOUNT, Case, ClientOf, Make
from moto_cases.iam_policies import document


def _repository(principal: Any = None, **options: Any) -> Make:
    def make(client: ClientOf) -> str:
        ecr = client("ecr")
        ecr.create_repository(repositoryName="shop", **options)
        if principal is not None:
            text = document("ecr:BatchGetImage", principal=principal)
            ecr.set_repository_policy(repositoryName="shop", policyText=text)
        return "repository/shop"

    return make


def _expiring(action: str) -> Make:
    """A repository whose only lifecycle rule does this to images."""

    def make(client: ClientOf) -> str:
        found = _repository()(client)
        rule = {
            "rulePriority": 1,
            "selection": {
                "tagStatus": "untagged",
                "countType": "imageCountMoreThan",
                "countNumber": 10,
            },
            "action": {"type": action},
        }
        client("ecr").put_lifecycle_policy(
            repositoryName="shop", lifecyclePolicyText=json.dumps({"rules": [rule]})
        )
        return found

    return make


CASES = (
    Case("aws-ecr-lifecycle-policy", _expiring("expire"), _repository()),
    Case(
        "aws-ecr-repository-scanned",
        _repository(imageScanningConfiguration={"scanOnPush": True}),
        _repository(),
    ),
    Case(
        "aws-ecr-repository-not-public",
        _repository({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
        _repository("*"),
    ),
    Case(
        "aws-ecr-repository-tags-immutable",
        _repository(imageTagMutability="IMMUTABLE"),
        _repository(imageTagMutability="MUTABLE"),
    ),
)
