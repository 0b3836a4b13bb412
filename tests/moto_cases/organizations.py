"""The organization, its policies and its accounts."""

import json

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


def _administrators(*accounts: str) -> Answers:
    """moto takes no SecurityHub for a service that can be delegated."""
    administrators = [{"Id": account} for account in accounts]
    return {
        "organizations:DescribeOrganization": {"Organization": _FOUND},
        "organizations:ListDelegatedAdministrators": {"DelegatedAdministrators": administrators},
    }


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
    Canned("aws-org-delegated-security-admin", _administrators("111122223333"), _administrators()),
    Canned(
        "aws-org-root-credentials-managed",
        _features("RootCredentialsManagement"),
        _features("RootSessions"),
    ),
    Case("aws-org-accounts-known", _known, _unknown, params={"inventory": [ACCOUNT]}),
)
