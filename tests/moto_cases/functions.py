"""Lambda functions."""

from moto_cases import ACCOUNT, Case, ClientOf, Make
from moto_cases.iam import document
from moto_cases.secretsmanager import archive


def _function(runtime: str = "python3.13", principal: str = "", source: str = "") -> Make:
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


CASES = (
    Case(
        "aws-lambda-function-not-public",
        _function(principal="s3.amazonaws.com", source="arn:aws:s3:::shop-data"),
        _function(principal="*"),
    ),
    Case("aws-lambda-function-runtime", _function(), _function("python3.7")),
)
