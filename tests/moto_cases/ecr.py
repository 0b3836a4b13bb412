"""Image repositories."""

from typing import Any

from moto_cases import ACCOUNT, Case, ClientOf, Make
from moto_cases.iam import document


def _repository(principal: Any = None, **options: Any) -> Make:
    def make(client: ClientOf) -> str:
        ecr = client("ecr")
        ecr.create_repository(repositoryName="shop", **options)
        if principal is not None:
            text = document("ecr:BatchGetImage", principal=principal)
            ecr.set_repository_policy(repositoryName="shop", policyText=text)
        return "repository/shop"

    return make


CASES = (
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
