"""CodeBuild projects."""

from typing import Any

from moto_cases import ACCOUNT, Case, ClientOf, Make


def _project(
    *,
    variable: tuple[str, str, str] = ("STAGE", "prod", "PLAINTEXT"),
    privileged: bool = False,
    logs: str = "ENABLED",
    location: str = "https://github.com/example/shop.git",
) -> Make:
    name, value, kind = variable
    settings: dict[str, Any] = {
        "source": {"type": "GITHUB", "location": location},
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
            "privilegedMode": privileged,
            "environmentVariables": [{"name": name, "value": value, "type": kind}],
        },
        "serviceRole": f"arn:aws:iam::{ACCOUNT}:role/service-role/build",
        "logsConfig": {"cloudWatchLogs": {"status": logs}, "s3Logs": {"status": "DISABLED"}},
    }

    def make(client: ClientOf) -> str:
        client("codebuild").create_project(name="shop", **settings)
        return "project/shop"

    return make


CASES = (
    Case(
        "aws-codebuild-no-plaintext-secrets",
        _project(variable=("DB_PASSWORD", "shop/db", "SECRETS_MANAGER")),
        _project(variable=("DB_PASSWORD", "hunter2", "PLAINTEXT")),
    ),
    Case("aws-codebuild-not-privileged", _project(privileged=False), _project(privileged=True)),
    Case("aws-codebuild-logging", _project(logs="ENABLED"), _project(logs="DISABLED")),
    Case(
        "aws-codebuild-source-no-credentials",
        _project(location="https://github.com/example/shop.git"),
        _project(location="https://build:hunter2@github.com/example/shop.git"),
    ),
)
