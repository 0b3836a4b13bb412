"""Cognito user pools."""

from typing import Any

from moto_cases import Case, ClientOf, Make


def _pool(**options: Any) -> Make:
    def make(client: ClientOf) -> str:
        made = client("cognito-idp").create_user_pool(PoolName="shop", **options)
        return str(made["UserPool"]["Id"])

    return make


def _passwords(length: int) -> Make:
    return _pool(
        Policies={
            "PasswordPolicy": {
                "MinimumLength": length,
                "RequireNumbers": True,
                "RequireSymbols": True,
                "RequireUppercase": True,
                "RequireLowercase": True,
            }
        }
    )


CASES = (
    Case("aws-cognito-user-pool-mfa", _pool(MfaConfiguration="ON"), _pool(MfaConfiguration="OFF")),
    Case("aws-cognito-user-pool-password-policy", _passwords(14), _passwords(8)),
)
