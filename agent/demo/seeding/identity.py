"""People, programs and what they may do: IAM and the account itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agent.demo.documents import allow, policy, trust
from agent.demo.ground import Ground, Seeded
from agent.demo.memory import Age
from agent.demo.seeding.storage import BLOCK

_NAMES = (
    "ana", "bruno", "chidi", "dora", "emeka", "farah", "goran", "hana", "ines", "jonas", "kofi",
    "lena", "mira", "noor", "olek", "priya", "quinn", "rosa", "sven", "tara", "umar", "vera",
)  # fmt: skip

_CI = "token.actions.example.com"

_PASSWORD = "correct-Horse-7-battery"  # noqa: S105 - of a fictional user of a fictional account


def account(ground: Ground) -> Iterator[Seeded]:
    """The account's own settings, its root user and its block of public buckets."""
    facts = ("length", "reuse", "root_mfa", "contact")
    good = {name: ground.good("account", name, 0) for name in facts}
    # On in every second account: where it is, it covers for the buckets that lack their own.
    good["s3_block"] = ground.seed % 2 == 0
    ground.cloud.root(mfa=good["root_mfa"], keys=False)
    ground.client("iam").update_account_password_policy(
        MinimumPasswordLength=14 if good["length"] else 8,
        PasswordReusePrevention=24 if good["reuse"] else 3,
        MaxPasswordAge=90,
        AllowUsersToChangePassword=True,
    )
    if good["contact"]:
        ground.client("account").put_alternate_contact(
            AlternateContactType="SECURITY",
            EmailAddress="security@harbour.example",
            Name="Security",
            PhoneNumber="+44 20 7946 0000",
            Title="On call",
        )
    ground.client("s3control").put_public_access_block(
        AccountId=ground.account,
        PublicAccessBlockConfiguration=BLOCK | {"BlockPublicPolicy": good["s3_block"]},
    )
    root = f"arn:aws:iam::{ground.account}:root"
    yield Seeded(kind="aws.account", id=root, region="", facts=good)
    yield Seeded(kind="aws.iam.credential_report", id=root, region="", facts={"root": True})
    yield Seeded(
        kind="aws.s3.account_public_access_block",
        id=f"arn:aws:s3::{ground.account}:public-access-block",
        region="",
        facts={"s3_block": good["s3_block"]},
    )


def user(ground: Ground, i: int) -> Iterator[Seeded]:
    """A person or a program: password, MFA, up to two keys, ages, policies of their own."""
    good = ground.draw("user", i, "mfa", "key_age", "used", "one_key", "no_own_policy", of=5)
    roster = ground.draw("user", i, "known", "stays", of=7)
    person = i % 3 != 2  # noqa: PLR2004 - two people to each program
    name = _NAMES[i % len(_NAMES)] + (str(i) if i >= len(_NAMES) else "")
    name = name if person else f"svc-{name}"
    iam = ground.client("iam")
    iam.create_user(UserName=name)
    if person:
        iam.create_login_profile(UserName=name, Password=_PASSWORD)
        if good["mfa"]:
            give_mfa(ground, name)
    if good["no_own_policy"]:
        iam.add_user_to_group(GroupName="staff", UserName=name)
    else:
        iam.attach_user_policy(
            UserName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"
        )
    used = 3 if good["used"] else 200
    keys = _keys(good, person=person, i=i)
    made = {_make_key(ground, name, key): (key["age"], key["used"]) for key in keys}
    ground.cloud.age(Age(user=name, days=400, used=used if person else None, keys=made))
    facts = {
        "root": False,
        "person": person,
        "mfa": person and good["mfa"],
        "used": used if person else None,
        "keys": keys,
        "own_policy": not good["no_own_policy"],
        **roster,
    }
    arn = f"arn:aws:iam::{ground.account}:user/{name}"
    yield Seeded(kind="aws.iam.credential_report", id=arn, region="", handle=name, facts=facts)
    yield Seeded(kind="aws.iam.user", id=arn, region="", handle=name, facts=facts)
    for key_id, key in zip(made, keys, strict=True):
        yield Seeded(kind="aws.iam.access_key", id=key_id, region="", handle=name, facts=key)


def _keys(good: Mapping[str, bool], *, person: bool, i: int) -> tuple[dict[str, Any], ...]:
    """A first key, active; a second that is active too where it should not be, or long retired."""
    if person and i % 2:
        return ()
    first = {
        "active": True,
        "age": 30 if good["key_age"] else 200,
        "used": 2 if good["used"] else 150,
    }
    if not good["one_key"]:
        return first, {"active": True, "age": 10, "used": 2}
    if i % 4 == 0:
        return first, {"active": False, "age": 300, "used": 250}
    return (first,)


def _make_key(ground: Ground, user: str, key: Mapping[str, Any]) -> str:
    iam = ground.client("iam")
    made = str(iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"])
    if not key["active"]:
        iam.update_access_key(UserName=user, AccessKeyId=made, Status="Inactive")
    return made


def give_mfa(ground: Ground, name: str) -> None:
    """Give the user a virtual MFA device."""
    iam = ground.client("iam")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    iam.enable_mfa_device(
        UserName=name,
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1="123456",
        AuthenticationCode2="654321",
    )


def groups(ground: Ground) -> Iterator[Seeded]:
    """Groups through which people get what they may do, and the report that is kept of all."""
    iam = ground.client("iam")
    for name in ("staff", "operators"):
        iam.create_group(GroupName=name)
        iam.attach_group_policy(
            GroupName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
        )
        iam.attach_group_policy(
            GroupName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess"
        )
        arn = f"arn:aws:iam::{ground.account}:group/{name}"
        facts = {"staff": name == "staff"}
        yield Seeded(kind="aws.iam.group", id=arn, region="", handle=name, facts=facts)
    for name in ("AmazonS3ReadOnlyAccess", "AmazonEC2ReadOnlyAccess"):
        yield _attached(name)
    # An account that is watched has a report; the first one takes AWS seconds to make.
    iam.generate_credential_report()


def _attached(name: str) -> Seeded:
    """A policy of AWS's own that somebody has."""
    arn = f"arn:aws:iam::aws:policy/{name}"
    return Seeded(kind="aws.iam.aws_managed_attached", id=arn, region="", handle=arn)


def managed_policy(ground: Ground, i: int) -> Iterator[Seeded]:
    """A policy of the customer's own."""
    good = ground.draw("policy", i, "no_admin", "no_escalation", "no_decrypt")
    good["no_escalation"] |= i % 2 == 0
    statements = [allow(["s3:GetObject", "s3:ListBucket"], f"arn:aws:s3:::harbour-{i}/*")]
    if not good["no_admin"]:
        statements.append(allow("*", "*"))
    if not good["no_escalation"]:
        statements.append(allow("iam:PassRole", "*"))
    if not good["no_decrypt"]:
        statements.append(allow("kms:Decrypt", "*"))
    name = f"harbour-{('reports', 'deploy', 'billing', 'support')[i % 4]}-{i}"
    made = ground.client("iam").create_policy(PolicyName=name, PolicyDocument=policy(*statements))[
        "Policy"
    ]
    yield Seeded(kind="aws.iam.policy", id=made["Arn"], region="", handle=made["Arn"], facts=good)


def role(ground: Ground, i: int) -> Iterator[Seeded]:
    """A role: who may assume it differs."""
    bad = i // 3 % 2 == 0
    service = {"Service": "ec2.amazonaws.com"}
    partner = {"AWS": "arn:aws:iam::999999999999:root"}
    builds = {"Federated": f"arn:aws:iam::{ground.account}:oidc-provider/{_CI}"}
    known = {"StringEquals": {"sts:ExternalId": "harbour-4711"}}
    pinned = {"StringLike": {f"{_CI}:sub": "repo:harbour/*"}}
    document, fact = {
        (0, True): (trust({"AWS": "*"}), "public"),
        (1, True): (trust(partner), "partner"),
        (1, False): (trust(partner, known), "partner_with_id"),
        (2, True): (trust(builds, None), "ci"),
        (2, False): (trust(builds, pinned), "ci_pinned"),
    }.get((i % 3, bad), (trust(service), "service"))
    name = f"{('web', 'partner', 'deploy')[i % 3]}-{i}"
    iam = ground.client("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    inline = not ground.good("role", "no_inline", i)
    if inline:
        iam.put_role_policy(
            RoleName=name,
            PolicyName="own",
            PolicyDocument=policy(allow("s3:GetObject", "arn:aws:s3:::harbour-1/*")),
        )
    arn = f"arn:aws:iam::{ground.account}:role/{name}"
    limited = ground.good("role", "limited", i, of=5)
    if not limited:
        iam.attach_role_policy(
            RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        )
    days = 20 if ground.good("role", "used", i, of=5) else 200
    ground.cloud.age(Age(role=name, days=days))
    facts = {"trust": fact, "inline": inline, "unused": days, "admin": not limited, "named": False}
    yield Seeded(kind="aws.iam.role", id=arn, region="", handle=name, facts=facts)


def known_roles(ground: Ground) -> Iterator[Seeded]:
    """The roles for cases with the provider and for administration, which services use here."""
    iam = ground.client("iam")
    for name, attached in (
        ("support", "AWSSupportAccess"),
        ("OrganizationAccountAccessRole", "AdministratorAccess"),
    ):
        iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"})
        )
        policy_of_aws = _attached(attached)
        iam.attach_role_policy(RoleName=name, PolicyArn=policy_of_aws.id)
        arn = f"arn:aws:iam::{ground.account}:role/{name}"
        admin = attached == "AdministratorAccess"
        facts = {"trust": "service", "inline": False, "unused": 0, "admin": admin, "named": True}
        yield Seeded(kind="aws.iam.role", id=arn, region="", handle=name, facts=facts)
        yield policy_of_aws
