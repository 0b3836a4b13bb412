"""The role that Assay takes in an observed account, as a CloudFormation template. Pure.

One template for a stack of one account and for a StackSet over an organisation: nothing in it
depends on the account, and IAM is global, so one region is deployed to.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

from agent.permissions.aws import OBSERVED, Policy

_HEAD = """\
# Written by `assay permissions aws --format cloudformation`: what the rules in force read, and no
# more. For many accounts deploy it as a StackSet, to one region: IAM is the same in all.
"""

_PARAMETERS = {
    "AgentAccount": {
        "Type": "String",
        "Description": "The account that the agent runs in.",
        "AllowedPattern": "[0-9]{12}",
        "ConstraintDescription": "An account's id is twelve digits.",
    },
    "ExternalId": {
        "Type": "String",
        "Description": "What the agent must say to be let in (external_id in assay.yaml).",
        "AllowedPattern": "[A-Za-z0-9_+=,.@:/-]{2,1224}",
        "ConstraintDescription": "2 to 1,224 letters, digits or _+=,.@:/-",
    },
    "RoleName": {
        "Type": "String",
        "Description": "What the role is called (the end of role_arn in assay.yaml).",
        "Default": "assay-read",
        "AllowedPattern": "[A-Za-z0-9_+=,.@-]{1,64}",
    },
}

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {
                "AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AgentAccount}:root"},
            },
            "Condition": {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}},
        }
    ],
}


def to_cloudformation(policies: Iterable[Policy]) -> str:
    """Write the template; what is not for the role is made in its own account alone."""
    policies = list(policies)
    named = {_logical(policy.name): policy for policy in policies if policy.whom == OBSERVED}
    beside = {_logical(policy.name): policy for policy in policies if policy.whom != OBSERVED}
    template: dict[str, Any] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The role that Assay takes to read what its rules are about",
        "Parameters": _PARAMETERS,
        "Conditions": {f"Has{name}": _here(policy) for name, policy in beside.items()},
        "Resources": {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": {"Ref": "RoleName"},
                    "Description": "Taken by Assay to read what its rules are about.",
                    "AssumeRolePolicyDocument": _TRUST,
                    "ManagedPolicyArns": [{"Ref": name} for name in named],
                },
            },
            **{name: _policy(policy) for name, policy in named.items()},
            **{name: {"Condition": f"Has{name}", **_policy(one)} for name, one in beside.items()},
        },
        "Outputs": {
            "RoleArn": {
                "Description": "What to write as role_arn of the target in assay.yaml",
                "Value": {"Fn::GetAtt": ["Role", "Arn"]},
            },
            **{f"{name}Arn": _to_attach(name, policy) for name, policy in beside.items()},
        },
    }
    written = {key: part for key, part in template.items() if part}
    return _HEAD + yaml.dump(written, Dumper=_Plain, sort_keys=False, width=100)


def _here(policy: Policy) -> dict[str, Any]:
    """Whether this is the account that the policy is for."""
    account = policy.account or {"Ref": "AgentAccount"}
    return {"Fn::Equals": [{"Ref": "AWS::AccountId"}, account]}


def _to_attach(name: str, policy: Policy) -> dict[str, Any]:
    return {
        "Condition": f"Has{name}",
        "Description": f"The policy to attach to {policy.whom}",
        "Value": {"Ref": name},
    }


def _policy(policy: Policy) -> dict[str, Any]:
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "Description": f"What Assay needs of {policy.whom}.",
            "PolicyDocument": policy.document,
        },
    }


def _logical(name: str) -> str:
    """`reads-1` as the id of a resource, which takes letters and digits only."""
    return "".join(part.capitalize() for part in name.split("-"))


class _Plain(yaml.SafeDumper):
    """Writes a value in full each time: CloudFormation reads no aliases."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True
