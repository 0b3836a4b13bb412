"""Settings of an account: its passwords, its directory, its contact, its organization."""

from typing import Any

from moto_cases import ACCOUNT, Answers, Canned, Case, ClientOf, Make


def _demanding(*, symbols: bool = True, days: int = 90) -> Make:
    def make(client: ClientOf) -> str:
        client("iam").update_account_password_policy(
            RequireUppercaseCharacters=True,
            RequireLowercaseCharacters=True,
            RequireNumbers=True,
            RequireSymbols=symbols,
            MaxPasswordAge=days,
        )
        return "root"

    return make


def _passwords(**options: Any) -> Make:
    def make(client: ClientOf) -> str:
        client("iam").update_account_password_policy(**options)
        return "root"

    return make


def _directories(*names: str) -> Answers:
    """moto always has an Identity Center."""
    providers = [{"Arn": f"arn:aws:iam::{ACCOUNT}:saml-provider/{name}"} for name in names]
    return {
        "iam:ListSAMLProviders": {"SAMLProviderList": providers},
        "sso-admin:ListInstances": {"Instances": []},
    }


def _organized(client: ClientOf) -> str:
    client("organizations").create_organization(FeatureSet="ALL")
    return "root"


def _contact(client: ClientOf) -> str:
    client("account").put_alternate_contact(
        AlternateContactType="SECURITY",
        Name="Security",
        Title="Security",
        EmailAddress="security@example.com",
        PhoneNumber="+1 555 0100",
    )
    return "root"


def _nothing(_client: ClientOf) -> str:
    return "root"


CASES = (
    Case(
        "aws-iam-password-length",
        _passwords(MinimumPasswordLength=14),
        _passwords(MinimumPasswordLength=8),
    ),
    Case("aws-iam-password-reuse", _passwords(PasswordReusePrevention=24), _nothing),
    Case("aws-iam-password-complexity", _demanding(), _demanding(symbols=False)),
    Case("aws-iam-password-expiry", _demanding(), _demanding(days=365)),
    Canned("aws-iam-federated-access", _directories("corp"), _directories()),
    Case("aws-org-member", _organized, _nothing),
    Case("aws-account-security-contact", _contact, _nothing),
)
