"""The root user; moto plays none."""

from datetime import UTC, datetime, timedelta

from moto_cases import ACCOUNT, Answers, Canned

_NOW = datetime.now(UTC)


def _report(days: int) -> Answers:
    """A credential report with the root user's row: its password was used so many days ago."""
    row = {
        "user": "<root_account>",
        "arn": f"arn:aws:iam::{ACCOUNT}:root",
        "user_creation_time": (_NOW - timedelta(days=900)).isoformat(timespec="seconds"),
        "password_enabled": "not_supported",
        "password_last_used": (_NOW - timedelta(days=days)).isoformat(timespec="seconds"),
        "mfa_active": "false",
        "access_key_1_active": "false",
        "access_key_1_last_used_date": "N/A",
        "access_key_2_active": "false",
        "access_key_2_last_used_date": "N/A",
    }
    return {
        "iam:GenerateCredentialReport": {"State": "COMPLETE"},
        "iam:GetCredentialReport": {
            "Content": f"{','.join(row)}\n{','.join(row.values())}".encode(),
            "ReportFormat": "text/csv",
            "GeneratedTime": _NOW,
        },
    }


def _summary(**values: int) -> Answers:
    quiet = {
        "AccountMFAEnabled": 1,
        "AccountAccessKeysPresent": 0,
        "AccountSigningCertificatesPresent": 0,
    }
    return {"iam:GetAccountSummary": {"SummaryMap": {**quiet, **values}}}


def _virtual(*names: str) -> Answers:
    devices = [
        {
            "SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/{name}",
            "User": {
                "Path": "/",
                "UserName": name,
                "UserId": "AIDAEXAMPLE",
                "Arn": f"arn:aws:iam::{ACCOUNT}:root",
                "CreateDate": _NOW,
            },
            "EnableDate": _NOW,
        }
        for name in names
    ]
    return {
        **_summary(),
        "iam:ListVirtualMFADevices": {"VirtualMFADevices": devices, "IsTruncated": False},
    }


CASES = (
    Canned("aws-iam-root-mfa", _summary(), _summary(AccountMFAEnabled=0)),
    Canned("aws-iam-root-hardware-mfa", _virtual(), _virtual("root-account-mfa-device")),
    Canned("aws-iam-root-no-access-keys", _summary(), _summary(AccountAccessKeysPresent=1)),
    Canned("aws-iam-root-unused", _report(200), _report(2)),
)
