"""The organization, its policies and its accounts."""

import json
from typing import Any

from moto_cases import ACCOUNT, Answers, Canned, Case, ClientOf, Make


def _organization(client: ClientOf) -> str:
    client("organizations").create_organization(FeatureSet="ALL")
    return ":organization/"


def _denying(*actions: str, attached: bool = True) -> Make:
    statement = {"Effect": "Deny", "Action": actions, "Resource": "*"}

    def make(client: ClientOf) -> str:
        named = _organization(client)
        organizations = client("organizations")
        root = organizations.list_roots()["Roots"][0]["Id"]
        made = organizations.create_policy(
            Type="SERVICE_CONTROL_POLICY",
            Name="guardrails",
            Description="What no account may do",
            Content=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        )
        if attached:
            policy = made["Policy"]["PolicySummary"]["Id"]
            organizations.attach_policy(PolicyId=policy, TargetId=root)
        return named

    return make


_FOUND = {
    "Id": "o-1",
    "Arn": f"arn:aws:organizations::{ACCOUNT}:organization/o-1",
    "MasterAccountId": ACCOUNT,
}


def _delegated(*services: str) -> Make:
    """An organization with an account that administers these services."""

    def make(client: ClientOf) -> str:
        named, organizations = _organization(client), client("organizations")
        made = organizations.create_account(AccountName="security", Email="s@example.com")
        for service in services:
            organizations.register_delegated_administrator(
                AccountId=made["CreateAccountStatus"]["AccountId"], ServicePrincipal=service
            )
        return named

    return make


def _administrators(client: ClientOf, **asked: Any) -> dict[str, Any]:
    """moto knows neither Security Hub nor Config as services that can be delegated, and refuses."""
    if asked["ServicePrincipal"] in {"securityhub.amazonaws.com", "config.amazonaws.com"}:
        return {"DelegatedAdministrators": []}
    answer: dict[str, Any] = client("organizations").list_delegated_administrators(**asked)
    return answer


def _features(*names: str) -> Answers:
    """moto does not know ListOrganizationsFeatures."""
    return {
        "organizations:DescribeOrganization": {"Organization": _FOUND},
        "iam:ListOrganizationsFeatures": {"OrganizationId": "o-1", "EnabledFeatures": list(names)},
    }


def _known(client: ClientOf) -> str:
    _organization(client)
    return f"/{ACCOUNT}"


def _unknown(client: ClientOf) -> str:
    _organization(client)
    made = client("organizations").create_account(AccountName="prod", Email="prod@example.com")
    return f"/{made['CreateAccountStatus']['AccountId']}"


_TRAILS = ("cloudtrail:StopLogging", "cloudtrail:DeleteTrail")

CASES = (
    Case("aws-org-scp-guardrails", _denying("ec2:*"), _denying("ec2:*", attached=False)),
    Case("aws-org-scp-protects-audit-logs", _denying(*_TRAILS), _denying(_TRAILS[0])),
    Case(
        "aws-org-delegated-security-admin",
        _delegated("guardduty.amazonaws.com"),
        _delegated("ssm.amazonaws.com"),
        played={"organizations:ListDelegatedAdministrators": _administrators},
    ),
    Canned(
        "aws-org-root-credentials-managed",
        _features("RootCredentialsManagement"),
        _features("RootSessions"),
    ),
    Case("aws-org-accounts-known", _known, _unknown, params={"inventory": [ACCOUNT]}),
)
