"""Secrets."""

import io
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

from moto_cases import ACCOUNT, REGION, Canned, Case, ClientOf, Make
from moto_cases.iam import document


def archive() -> bytes:
    """A function's code, as Lambda wants it."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as files:
        files.writestr("app.py", "def run(event, context): ...")
    return body.getvalue()


def _policy(principal: str | dict[str, str]) -> Make:
    def make(client: ClientOf) -> str:
        secrets = client("secretsmanager")
        secrets.create_secret(Name="database", SecretString="not-a-secret")
        text = document("secretsmanager:GetSecretValue", principal=principal)
        secrets.put_resource_policy(SecretId="database", ResourcePolicy=text)
        return "secret:database"

    return make


def _listed(**members: Any) -> dict[str, dict[str, Any]]:
    secret = {
        "ARN": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:database-abcdef",
        "Name": "database",
        "CreatedDate": datetime.now(UTC) - timedelta(days=700),
    }
    return {"secretsmanager:ListSecrets": {"SecretList": [{**secret, **members}]}}


CASES: tuple[Case | Canned, ...] = (
    # moto would run the rotating function in a container.
    Canned(
        "aws-secretsmanager-rotation",
        _listed(RotationEnabled=True, LastRotatedDate=datetime.now(UTC) - timedelta(days=20)),
        _listed(),
    ),
    # moto's secrets are as old as the test.
    Canned(
        "aws-secretsmanager-changed",
        _listed(LastChangedDate=datetime.now(UTC) - timedelta(days=20)),
        _listed(LastChangedDate=datetime.now(UTC) - timedelta(days=200)),
    ),
    Canned(
        "aws-secretsmanager-used",
        _listed(LastAccessedDate=datetime.now(UTC) - timedelta(days=2)),
        _listed(),
    ),
    Case(
        "aws-secretsmanager-not-public",
        _policy({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
        _policy("*"),
    ),
)
