"""Secrets."""

import io
import zipfile
from datetime import timedelta

from moto_cases import ACCOUNT, Case, ClientOf, Make
from moto_cases.iam_policies import document


def archive() -> bytes:
    """A function's code, as Lambda wants it."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as files:
        files.writestr("app.py", "def run(event, context): ...")
    return body.getvalue()


def _policy(principal: str | dict[str, str]) -> Make:
    def make(client: ClientOf) -> str:
        named = _secret(client)
        text = document("secretsmanager:GetSecretValue", principal=principal)
        client("secretsmanager").put_resource_policy(SecretId="database", ResourcePolicy=text)
        return named

    return make


def _secret(client: ClientOf) -> str:
    client("secretsmanager").create_secret(Name="database", SecretString="not-a-secret")
    return "secret:database"


def _rotated(client: ClientOf) -> str:
    """A secret that a function changes each month, and has changed."""
    named = _secret(client)
    client("iam").create_role(
        RoleName="rotation",
        AssumeRolePolicyDocument=document(
            "sts:AssumeRole", principal={"Service": "lambda.amazonaws.com"}
        ),
    )
    made = client("lambda").create_function(
        FunctionName="rotation",
        Runtime="python3.13",
        Role=f"arn:aws:iam::{ACCOUNT}:role/rotation",
        Handler="app.run",
        Code={"ZipFile": archive()},
    )
    client("secretsmanager").rotate_secret(
        SecretId="database",
        RotationLambdaARN=made["FunctionArn"],
        RotationRules={"AutomaticallyAfterDays": 30},
    )
    return named


CASES = (
    # moto would run the rotating function in a container; so it only says that it ran.
    Case(
        "aws-secretsmanager-rotation",
        _rotated,
        _secret,
        moto={"lambda": {"use_docker": False}},
    ),
    Case("aws-secretsmanager-changed", _secret, _secret, later=timedelta(days=200)),
    # moto remembers no reading: a secret that nobody read counts from its making.
    Case("aws-secretsmanager-used", _secret, _secret, later=timedelta(days=200)),
    Case(
        "aws-secretsmanager-not-public",
        _policy({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
        _policy("*"),
    ),
)
