"""Policies of IAM: what they allow, and who has those that allow much."""

import json
from typing import Any

from moto_cases import ACCOUNT, Case, ClientOf, Make

AWS_OWN = {"iam": {"load_aws_managed_policies": True}}
"""moto's setting by which it has AWS's own policies, beside those that are made."""


def document(
    action: str | list[str] = "*",
    resource: str = "*",
    principal: Any = None,
    effect: str = "Allow",
    condition: Any = None,
) -> str:
    """A policy of one statement, as text."""
    statement = {"Effect": effect, "Action": action}
    if principal is None or resource != "*":
        statement["Resource"] = resource
    if principal is not None:
        statement["Principal"] = principal
    if condition is not None:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _policy(*given: Any, **options: Any) -> Make:
    def make(client: ClientOf) -> str:
        text = document(*given, **options)
        client("iam").create_policy(PolicyName="team", PolicyDocument=text)
        return "policy/team"

    return make


def _in_use(*given: Any, **options: Any) -> Make:
    """A policy that a group has."""

    def make(client: ClientOf) -> str:
        found, iam = _policy(*given, **options)(client), client("iam")
        iam.create_group(GroupName="team")
        arn = f"arn:aws:iam::{ACCOUNT}:policy/team"
        iam.attach_group_policy(GroupName="team", PolicyArn=arn)
        return found

    return make


def _member(policy: str) -> Make:
    """A user in a group that has this policy of AWS's own."""

    def make(client: ClientOf) -> str:
        iam = client("iam")
        iam.create_group(GroupName="team")
        iam.attach_group_policy(GroupName="team", PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
        iam.create_user(UserName="ana")
        iam.add_user_to_group(GroupName="team", UserName="ana")
        return "user/ana"

    return make


def _attached(policy: str) -> Make:
    def make(client: ClientOf) -> str:
        _member(policy)(client)
        return f"aws:policy/{policy}"

    return make


def _supporter(*policies: str) -> Make:
    """A role for the people on call that has these policies of AWS's own."""

    def make(client: ClientOf) -> str:
        iam = client("iam")
        trust = document("sts:AssumeRole", principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
        iam.create_role(RoleName="on-call", AssumeRolePolicyDocument=trust)
        for policy in policies:
            iam.attach_role_policy(
                RoleName="on-call", PolicyArn=f"arn:aws:iam::aws:policy/{policy}"
            )
        return "root"

    return make


CASES = (
    Case("aws-iam-policy-no-admin", _policy("s3:GetObject"), _policy("*")),
    Case("aws-iam-policy-no-escalation", _policy("s3:GetObject"), _policy("iam:Pass*")),
    Case("aws-iam-policy-no-service-wildcard", _in_use("s3:Get*"), _in_use("s3:*")),
    Case(
        "aws-iam-policy-no-blocked-kms-decrypt",
        _policy("kms:Decrypt", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234"),
        _policy("kms:*"),
    ),
    Case(
        "aws-iam-admin-policy-limited",
        _member("ReadOnlyAccess"),
        _member("AdministratorAccess"),
        moto=AWS_OWN,
    ),
    Case(
        "aws-iam-cloudshell-full-access-restricted",
        _attached("ReadOnlyAccess"),
        _attached("AWSCloudShellFullAccess"),
        moto=AWS_OWN,
    ),
    Case(
        "aws-iam-support-role",
        _supporter("AWSSupportAccess"),
        _supporter("ReadOnlyAccess"),
        moto=AWS_OWN,
    ),
)
