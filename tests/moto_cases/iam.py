"""Users, roles, policies and what an account says of itself."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from moto_cases import ACCOUNT, Answers, Canned, Case, ClientOf, Make

NOW = datetime.now(UTC)
COLUMNS = (
    *("user", "arn", "user_creation_time", "password_enabled", "password_last_used"),
    *("password_last_changed", "password_next_rotation", "mfa_active", "access_key_1_active"),
    *("access_key_1_last_rotated", "access_key_1_last_used_date", "access_key_1_last_used_region"),
    *("access_key_1_last_used_service", "access_key_2_active", "access_key_2_last_rotated"),
    *("access_key_2_last_used_date", "access_key_2_last_used_region"),
    *("access_key_2_last_used_service", "cert_1_active", "cert_1_last_rotated", "cert_2_active"),
    "cert_2_last_rotated",
)
ROOT = "<root_account>"


def _ago(days: int) -> str:
    return (NOW - timedelta(days=days)).isoformat(timespec="seconds")


def _report(**cells: str) -> Answers:
    """A credential report of one user, idle but for what is given."""
    user = cells.get("user", "ana")
    idle = dict.fromkeys(COLUMNS, "N/A") | {
        "user": user,
        "arn": f"arn:aws:iam::{ACCOUNT}:" + ("root" if user == ROOT else f"user/{user}"),
        "user_creation_time": _ago(900),
        "password_enabled": "false",
        "mfa_active": "false",
        "access_key_1_active": "false",
        "access_key_2_active": "false",
        "cert_1_active": "false",
        "cert_2_active": "false",
    }
    lines = [",".join(COLUMNS), ",".join({**idle, **cells}.values())]
    return {
        "iam:GenerateCredentialReport": {"State": "COMPLETE"},
        "iam:GetCredentialReport": {
            "Content": "\n".join(lines).encode(),
            "ReportFormat": "text/csv",
            "GeneratedTime": NOW,
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
                "CreateDate": NOW,
            },
            "EnableDate": NOW,
        }
        for name in names
    ]
    return {
        **_summary(),
        "iam:ListVirtualMFADevices": {"VirtualMFADevices": devices, "IsTruncated": False},
    }


def _user(client: ClientOf, *, mfa: bool = False, keys: int = 0) -> str:
    iam = client("iam")
    iam.create_user(UserName="ana")
    iam.create_login_profile(UserName="ana", Password="Correct-horse-9")
    if mfa:
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName="ana")["VirtualMFADevice"]
        iam.enable_mfa_device(
            UserName="ana",
            SerialNumber=device["SerialNumber"],
            AuthenticationCode1="123456",
            AuthenticationCode2="654321",
        )
    for _ in range(keys):
        iam.create_access_key(UserName="ana")
    return "user/ana"


def _passwords(**options: Any) -> Make:
    def make(client: ClientOf) -> str:
        client("iam").update_account_password_policy(**options)
        return "root"

    return make


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


def _role(principal: Any, condition: Any = None, name: str = "app", attach: str = "") -> Make:
    def make(client: ClientOf) -> str:
        iam = client("iam")
        text = document("sts:AssumeRole", principal=principal, condition=condition)
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=text)
        if attach:
            made = iam.create_policy(PolicyName=attach, PolicyDocument=document())["Policy"]
            iam.attach_role_policy(RoleName=name, PolicyArn=made["Arn"])
        return f"role/{name}"

    return make


def _direct(client: ClientOf) -> str:
    _user(client)
    text = document("s3:GetObject")
    client("iam").put_user_policy(UserName="ana", PolicyName="own", PolicyDocument=text)
    return "user/ana"


def _roles(**changed: Any) -> Answers:
    role = {
        "Path": "/",
        "RoleName": "app",
        "RoleId": "AROAEXAMPLE",
        "Arn": f"arn:aws:iam::{ACCOUNT}:role/app",
        "CreateDate": NOW - timedelta(days=500),
        "AssumeRolePolicyDocument": document("sts:AssumeRole", principal={"Service": "ec2"}),
        "InstanceProfileList": [],
        "RolePolicyList": [],
        "AttachedManagedPolicies": [],
        "RoleLastUsed": {},
    }
    return {
        "iam:GetAccountAuthorizationDetails": {
            "UserDetailList": [],
            "GroupDetailList": [],
            "RoleDetailList": [{**role, **changed}],
            "Policies": [],
            "IsTruncated": False,
        }
    }


def _certificate(days: int) -> Answers:
    one = {
        "Path": "/",
        "ServerCertificateName": "web",
        "ServerCertificateId": "ASCAEXAMPLE",
        "Arn": f"arn:aws:iam::{ACCOUNT}:server-certificate/web",
        "UploadDate": NOW,
        "Expiration": NOW + timedelta(days=days),
    }
    return {
        "iam:ListServerCertificates": {
            "ServerCertificateMetadataList": [one],
            "IsTruncated": False,
        }
    }


def _supporters(*names: str) -> Answers:
    roles = [{"RoleName": name, "RoleId": "AROAEXAMPLE"} for name in names]
    return {
        "iam:ListEntitiesForPolicy": {
            "PolicyGroups": [],
            "PolicyUsers": [],
            "PolicyRoles": roles,
            "IsTruncated": False,
        }
    }


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


def _group(*users: str) -> Make:
    def make(client: ClientOf) -> str:
        iam = client("iam")
        iam.create_group(GroupName="staff")
        for name in users:
            iam.create_user(UserName=name)
            iam.add_user_to_group(GroupName="staff", UserName=name)
        return "group/staff"

    return make


def _member(*policies: str) -> Make:
    """A user in a group that has policies of these names; moto has none of AWS's own."""

    def make(client: ClientOf) -> str:
        iam = client("iam")
        iam.create_group(GroupName="team")
        for name in policies:
            made = iam.create_policy(PolicyName=name, PolicyDocument=document())["Policy"]
            iam.attach_group_policy(GroupName="team", PolicyArn=made["Arn"])
        iam.create_user(UserName="ana")
        iam.add_user_to_group(GroupName="team", UserName="ana")
        return "user/ana"

    return make


def _administrator(*, key: bool) -> Make:
    """A user with a password and every right, whose second factor is a key or an app."""

    def make(client: ClientOf) -> str:
        user, iam = _user(client, mfa=not key), client("iam")
        made = iam.create_policy(PolicyName="AdministratorAccess", PolicyDocument=document())
        iam.attach_user_policy(UserName="ana", PolicyArn=made["Policy"]["Arn"])
        if key:
            iam.enable_mfa_device(
                UserName="ana",
                SerialNumber=f"arn:aws:iam::{ACCOUNT}:u2f/user/ana/key-1",
                AuthenticationCode1="123456",
                AuthenticationCode2="654321",
            )
        return user

    return make


def _attached(name: str) -> Answers:
    """One attached policy of AWS's own."""
    one = {
        "PolicyName": name,
        "PolicyId": "ANPAEXAMPLE",
        "Arn": f"arn:aws:iam::aws:policy/{name}",
        "Path": "/",
        "DefaultVersionId": "v1",
        "AttachmentCount": 1,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "CreateDate": NOW,
        "UpdateDate": NOW,
    }
    return {"iam:ListPolicies": {"Policies": [one], "IsTruncated": False}}


def _in_use(*given: Any, **options: Any) -> Make:
    """A policy that a group has."""

    def make(client: ClientOf) -> str:
        found, iam = _policy(*given, **options)(client), client("iam")
        iam.create_group(GroupName="team")
        arn = f"arn:aws:iam::{ACCOUNT}:policy/team"
        iam.attach_group_policy(GroupName="team", PolicyArn=arn)
        return found

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

_ROSTER = {
    "hr.person": f"""email,status,terminated_at,users
ana@example.com,active,,ana
bob@example.com,terminated,{_ago(30)},Bob
"""
}

CASES = (
    Case("aws-iam-group-has-members", _group("ana"), _group()),
    Case("aws-iam-user-in-group", _member(), _user),
    Case("aws-iam-admin-policy-limited", _member("ReadOnlyAccess"), _member("AdministratorAccess")),
    Canned(
        "aws-iam-cloudshell-full-access-restricted",
        _attached("ReadOnlyAccess"),
        _attached("AWSCloudShellFullAccess"),
    ),
    Case("aws-iam-user-hardware-mfa", _administrator(key=True), _administrator(key=False)),
    Case("aws-iam-policy-no-service-wildcard", _in_use("s3:Get*"), _in_use("s3:*")),
    Case(
        "aws-iam-policy-no-blocked-kms-decrypt",
        _policy("kms:Decrypt", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234"),
        _policy("kms:*"),
    ),
    Case("aws-iam-role-no-inline-policies", _role(_MACHINES), _inline),
    Case(
        "aws-iam-role-confused-deputy",
        _role(_RECORDER, {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}),
        _role(_RECORDER),
    ),
    Canned(
        "aws-iam-user-no-credentials-inactive",
        _report(access_key_1_active="true"),
        _report(),
    ),
    Canned(
        "aws-iam-user-in-hr-roster",
        _report(user="ana", password_enabled="true"),
        _report(user="zoe", password_enabled="true"),
        files=_ROSTER,
    ),
    Canned(
        "aws-iam-user-terminated-removed",
        _report(user="bob"),
        _report(user="bob", access_key_1_active="true"),
        files=_ROSTER,
    ),
    Canned("aws-iam-root-mfa", _summary(), _summary(AccountMFAEnabled=0)),
    Canned("aws-iam-root-hardware-mfa", _virtual(), _virtual("root-account-mfa-device")),
    Canned("aws-iam-root-no-access-keys", _summary(), _summary(AccountAccessKeysPresent=1)),
    Canned(
        "aws-iam-root-unused",
        _report(user=ROOT, password_enabled="not_supported", password_last_used=_ago(200)),
        _report(user=ROOT, password_enabled="not_supported", password_last_used=_ago(2)),
    ),
    Case("aws-iam-user-mfa", lambda client: _user(client, mfa=True), _user),
    Case(
        "aws-iam-password-length",
        _passwords(MinimumPasswordLength=14),
        _passwords(MinimumPasswordLength=8),
    ),
    Case("aws-iam-password-reuse", _passwords(PasswordReusePrevention=24), _nothing),
    Canned(
        "aws-iam-access-key-age",
        _report(access_key_1_active="true", access_key_1_last_rotated=_ago(20)),
        _report(access_key_1_active="true", access_key_1_last_rotated=_ago(200)),
    ),
    Canned(
        "aws-iam-credentials-unused",
        _report(password_enabled="true", password_last_used=_ago(3)),
        _report(
            password_enabled="true",
            password_last_used="no_information",
            password_last_changed=_ago(100),
        ),
    ),
    Case(
        "aws-iam-user-one-active-key",
        lambda client: _user(client, keys=1),
        lambda client: _user(client, keys=2),
    ),
    Case("aws-iam-policy-no-admin", _policy("s3:GetObject"), _policy("*")),
    Case("aws-iam-policy-no-escalation", _policy("s3:GetObject"), _policy("iam:Pass*")),
    Case("aws-iam-user-no-direct-policies", _user, _direct),
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
        "aws-iam-role-admin-limited",
        _role(_MACHINES, name="OrganizationAccountAccessRole", attach="AdministratorAccess"),
        _role(_MACHINES, attach="AdministratorAccess"),
    ),
    Canned(
        "aws-iam-role-unused",
        _roles(RoleLastUsed={"LastUsedDate": NOW - timedelta(days=2), "Region": "us-east-1"}),
        _roles(),
    ),
    Canned("aws-iam-server-certificate-expiry", _certificate(200), _certificate(10)),
    Canned("aws-iam-support-role", _supporters("on-call"), _supporters()),
    Case("aws-account-security-contact", _contact, _nothing),
)
