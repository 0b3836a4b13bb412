"""Users and groups of IAM, and the users' credentials."""

from datetime import UTC, datetime, timedelta

from moto_cases import ACCOUNT, Case, ClientOf, Make
from moto_cases.iam_policies import AWS_OWN, document

_LEFT = (datetime.now(UTC) - timedelta(days=30)).isoformat(timespec="seconds")
_ROSTER = {
    "hr.person": f"""email,status,terminated_at,users
ana@example.com,active,,ana
bob@example.com,terminated,{_LEFT},Bob
"""
}


def _bare(name: str = "ana", *, password: bool = False, keys: int = 0) -> Make:
    """A user without a second factor."""

    def make(client: ClientOf) -> str:
        iam = client("iam")
        iam.create_user(UserName=name)
        if password:
            iam.create_login_profile(UserName=name, Password="Correct-horse-9")
        for _ in range(keys):
            iam.create_access_key(UserName=name)
        return f"user/{name}"

    return make


def _user(client: ClientOf, *, mfa: bool = False) -> str:
    user, iam = _bare(password=True)(client), client("iam")
    if mfa:
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName="ana")["VirtualMFADevice"]
        iam.enable_mfa_device(
            UserName="ana",
            SerialNumber=device["SerialNumber"],
            AuthenticationCode1="123456",
            AuthenticationCode2="654321",
        )
    return user


def _direct(client: ClientOf) -> str:
    _user(client)
    text = document("s3:GetObject")
    client("iam").put_user_policy(UserName="ana", PolicyName="own", PolicyDocument=text)
    return "user/ana"


def _administrator(*, key: bool) -> Make:
    """A user with a password and every right, whose second factor is a key or an app."""

    def make(client: ClientOf) -> str:
        user, iam = _user(client, mfa=not key), client("iam")
        iam.attach_user_policy(
            UserName="ana", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        )
        if key:
            iam.enable_mfa_device(
                UserName="ana",
                SerialNumber=f"arn:aws:iam::{ACCOUNT}:u2f/user/ana/key-1",
                AuthenticationCode1="123456",
                AuthenticationCode2="654321",
            )
        return user

    return make


def _group(*users: str) -> Make:
    def make(client: ClientOf) -> str:
        iam = client("iam")
        iam.create_group(GroupName="staff")
        for name in users:
            iam.create_user(UserName=name)
            iam.add_user_to_group(GroupName="staff", UserName=name)
        return "group/staff"

    return make


def _in_group(client: ClientOf) -> str:
    _group("ana")(client)
    return "user/ana"


CASES = (
    Case("aws-iam-user-mfa", lambda client: _user(client, mfa=True), _user),
    Case(
        "aws-iam-user-hardware-mfa",
        _administrator(key=True),
        _administrator(key=False),
        moto=AWS_OWN,
    ),
    Case("aws-iam-user-no-direct-policies", _user, _direct),
    Case("aws-iam-user-in-group", _in_group, _user),
    Case("aws-iam-group-has-members", _group("ana"), _group()),
    Case("aws-iam-user-one-active-key", _bare(keys=1), _bare(keys=2)),
    Case("aws-iam-access-key-age", _bare(keys=1), _bare(keys=1), later=timedelta(days=200)),
    # Never used, in moto: the password and the keys count from their making.
    Case(
        "aws-iam-credentials-unused",
        _bare(password=True, keys=1),
        _bare(password=True, keys=1),
        later=timedelta(days=100),
    ),
    Case("aws-iam-user-no-credentials-inactive", _bare(keys=1), _bare(), later=timedelta(days=120)),
    Case(
        "aws-iam-user-in-hr-roster",
        _bare("ana", password=True),
        _bare("zoe", password=True),
        files=_ROSTER,
    ),
    Case("aws-iam-user-terminated-removed", _bare("bob"), _bare("bob", keys=1), files=_ROSTER),
)
