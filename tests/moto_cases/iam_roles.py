"""Roles of IAM: whom they trust, what they may, and when they were last used."""

from datetime import timedelta
from typing import Any

from moto_cases import ACCOUNT, Case, ClientOf, Make
from moto_cases.iam_policies import AWS_OWN, document


def _role(principal: Any, condition: Any = None, name: str = "app", attach: str = "") -> Make:
    def make(client: ClientOf) -> str:
        iam = client("iam")
        text = document("sts:AssumeRole", principal=principal, condition=condition)
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=text)
        if attach:
            iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::aws:policy/{attach}")
        return f"role/{name}"

    return make


def _inline(client: ClientOf) -> str:
    found = _role(_MACHINES)(client)
    client("iam").put_role_policy(
        RoleName="app", PolicyName="own", PolicyDocument=document("s3:GetObject")
    )
    return found


_RECORDER = {"Service": "config.amazonaws.com"}
_PROVIDER = {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.example.org"}
_AUDIENCE = {"token.example.org:aud": "sts.amazonaws.com"}
_SUBJECT = {"token.example.org:sub": "repo:example/shop:ref:refs/heads/main"}
_MACHINES = {"Service": "ec2.amazonaws.com"}
_PARTNER = {"AWS": "arn:aws:iam::444455556666:root"}

CASES = (
    Case("aws-iam-role-trust-not-public", _role(_MACHINES), _role({"AWS": "*"})),
    Case(
        "aws-iam-role-oidc-subject",
        _role(_PROVIDER, {"StringEquals": {**_AUDIENCE, **_SUBJECT}}),
        _role(_PROVIDER, {"StringEquals": _AUDIENCE}),
    ),
    Case(
        "aws-iam-role-trusts-known-accounts",
        _role(_PARTNER, {"StringEquals": {"sts:ExternalId": "c0ffee"}}),
        _role(_PARTNER),
    ),
    Case(
        "aws-iam-role-confused-deputy",
        _role(_RECORDER, {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}),
        _role(_RECORDER),
    ),
    Case(
        "aws-iam-role-admin-limited",
        _role(_MACHINES, name="OrganizationAccountAccessRole", attach="AdministratorAccess"),
        _role(_MACHINES, attach="AdministratorAccess"),
        moto=AWS_OWN,
    ),
    Case("aws-iam-role-no-inline-policies", _role(_MACHINES), _inline),
    # moto remembers no use of a role: each counts from its making.
    Case("aws-iam-role-unused", _role(_MACHINES), _role(_MACHINES), later=timedelta(days=120)),
)
