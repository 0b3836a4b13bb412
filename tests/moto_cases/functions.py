"""Lambda functions."""

from typing import Any

from moto_cases import ACCOUNT, REGION, Canned, Case, ClientOf, Make
from moto_cases.iam_policies import document
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


def _addressed(kind: str) -> dict[str, dict[str, Any]]:
    url = {"FunctionUrl": "https://a.example/", "AuthType": kind}
    return _listed() | {"lambda:ListFunctionUrlConfigs": {"FunctionUrlConfigs": [url]}}


def _between(*letters: str) -> Make:
    """A function in subnets of these availability zones."""

    def make(client: ClientOf) -> str:
        ec2 = client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.4.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(
                VpcId=vpc, CidrBlock=f"10.4.{number}.0/24", AvailabilityZone=f"{REGION}{letter}"
            )["Subnet"]["SubnetId"]
            for number, letter in enumerate(letters)
        ]
        group = ec2.create_security_group(GroupName="fn", Description="fn", VpcId=vpc)["GroupId"]
        network = {"SubnetIds": subnets, "SecurityGroupIds": [group]}
        return _function(VpcConfig=network)(client)

    return make


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
    Case("aws-lambda-vpc-multi-az", _between("a", "b"), _between("a", "a")),
    Case(
        "aws-lambda-tracing",
        _function(TracingConfig={"Mode": "Active"}),
        _function(TracingConfig={"Mode": "PassThrough"}),
    ),
    # moto has no ListFunctionUrlConfigs.
    Canned("aws-lambda-url-authenticated", _addressed("AWS_IAM"), _addressed("NONE")),
    # moto's ListFunctions leaves DeadLetterConfig out.
    Canned(
        "aws-lambda-dead-letter",
        _listed(DeadLetterConfig={"TargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:failed"}),
        _listed(),
    ),
)
