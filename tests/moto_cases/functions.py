"""Lambda functions."""

from typing import Any

from moto_cases import ACCOUNT, REGION, Canned, Case, ClientOf, Make
from moto_cases.iam import document
from moto_cases.secretsmanager import archive


def _function(
    runtime: str = "python3.13", principal: str = "", source: str = "", **options: Any
) -> Make:
    def make(client: ClientOf) -> str:
        client("iam").create_role(
            RoleName="run",
            AssumeRolePolicyDocument=document(
                "sts:AssumeRole", principal={"Service": "lambda.amazonaws.com"}
            ),
        )
        functions = client("lambda")
        functions.create_function(
            FunctionName="resize",
            Runtime=runtime,
            Role=f"arn:aws:iam::{ACCOUNT}:role/run",
            Handler="app.run",
            Code={"ZipFile": archive()},
            **options,
        )
        if principal:
            functions.add_permission(
                FunctionName="resize",
                StatementId="call",
                Action="lambda:InvokeFunction",
                Principal=principal,
                **({"SourceArn": source} if source else {}),
            )
        return "function:resize"

    return make


def _listed(**members: Any) -> dict[str, dict[str, Any]]:
    function = {
        "FunctionName": "resize",
        "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:resize",
        "PackageType": "Zip",
        "Runtime": "python3.13",
    }
    return {"lambda:ListFunctions": {"Functions": [{**function, **members}]}}


CASES: tuple[Case | Canned, ...] = (
    Case(
        "aws-lambda-function-not-public",
        _function(principal="s3.amazonaws.com", source="arn:aws:s3:::shop-data"),
        _function(principal="*"),
    ),
    Case("aws-lambda-function-runtime", _function(), _function("python3.7")),
    Case(
        "aws-lambda-environment-no-secrets",
        _function(Environment={"Variables": {"STAGE": "prod"}}),
        _function(Environment={"Variables": {"DATABASE_PASSWORD": "hunter2"}}),
    ),
    # moto's ListFunctions leaves DeadLetterConfig out.
    Canned(
        "aws-lambda-dead-letter",
        _listed(DeadLetterConfig={"TargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:failed"}),
        _listed(),
    ),
)
