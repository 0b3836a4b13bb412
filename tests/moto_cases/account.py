"""Settings of an account: its passwords, its directory, its organization."""

from moto_cases import ACCOUNT, Answers, Canned, Case, ClientOf, Make


def _passwords(*, symbols: bool = True, days: int = 90) -> Make:
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


def _directories(*names: str) -> Answers:
    """moto always has an Identity Center."""
    providers = [{"Arn": f"arn:aws:iam::{ACCOUNT}:saml-provider/{name}"} for name in names]
    return {
        "iam:ListSAMLProviders": {"SAMLProviderList": providers},
        "sso-admin:ListInstances": {"Instances": []},
    }


def _member(client: ClientOf) -> str:
    client("organizations").create_organization(FeatureSet="ALL")
    return "root"


def _nothing(_client: ClientOf) -> str:
    return "root"


CASES = (
    Case("aws-iam-password-complexity", _passwords(), _passwords(symbols=False)),
    Case("aws-iam-password-expiry", _passwords(), _passwords(days=365)),
    Canned("aws-iam-federated-access", _directories("corp"), _directories()),
    Case("aws-org-member", _member, _nothing),
)
