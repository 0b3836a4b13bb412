"""What somebody breaks, and how somebody mends it: one entry each, through the API as people do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from agent.demo.ground import Ground, Seeded
from agent.demo.seeding.identity import give_mfa
from agent.demo.seeding.network import opening
from agent.demo.seeding.storage import encrypt_bucket

_Act = Callable[[Ground, Seeded], None]


class Mischief(Struct, frozen=True, kw_only=True):
    """A way to break a resource of one kind, and the way back."""

    kind: str
    """The check that observes it."""
    rule: str
    """The rule that must find it."""
    fits: Callable[[Mapping[str, Any]], bool]
    """Whether a resource with these facts is in order and can be broken."""
    breaks: _Act
    mends: _Act
    broken: str
    """For people, with `{name}` and `{region}`."""
    mended: str


def _open_ssh(ground: Ground, group: Seeded) -> None:
    ground.client("ec2", group.region).authorize_security_group_ingress(
        GroupId=group.handle, IpPermissions=opening("ssh")
    )


def _close_ssh(ground: Ground, group: Seeded) -> None:
    ground.client("ec2", group.region).revoke_security_group_ingress(
        GroupId=group.handle, IpPermissions=opening("ssh")
    )


def _drop_encryption(ground: Ground, bucket: Seeded) -> None:
    ground.client("s3", bucket.region).delete_bucket_encryption(Bucket=bucket.handle)


def _put_encryption(ground: Ground, bucket: Seeded) -> None:
    encrypt_bucket(ground, bucket.region, bucket.handle, bucket.facts["encryption"])


def _version(status: str) -> _Act:
    def act(ground: Ground, bucket: Seeded) -> None:
        ground.client("s3", bucket.region).put_bucket_versioning(
            Bucket=bucket.handle, VersioningConfiguration={"Status": status}
        )

    return act


def _stop_trail(ground: Ground, trail: Seeded) -> None:
    ground.client("cloudtrail", trail.region).stop_logging(Name=trail.handle)


def _start_trail(ground: Ground, trail: Seeded) -> None:
    ground.client("cloudtrail", trail.region).start_logging(Name=trail.handle)


def _take_mfa(ground: Ground, user: Seeded) -> None:
    iam = ground.client("iam")
    serial = f"arn:aws:iam::{ground.account}:mfa/{user.handle}"
    iam.deactivate_mfa_device(UserName=user.handle, SerialNumber=serial)
    iam.delete_virtual_mfa_device(SerialNumber=serial)


def _give_mfa(ground: Ground, user: Seeded) -> None:
    give_mfa(ground, user.handle)


def _publish(public: bool) -> _Act:
    def act(ground: Ground, database: Seeded) -> None:
        ground.client("rds", database.region).modify_db_instance(
            DBInstanceIdentifier=database.handle, PubliclyAccessible=public, ApplyImmediately=True
        )

    return act


def _stop_rotation(ground: Ground, key: Seeded) -> None:
    ground.client("kms", key.region).disable_key_rotation(KeyId=key.handle)


def _start_rotation(ground: Ground, key: Seeded) -> None:
    ground.client("kms", key.region).enable_key_rotation(KeyId=key.handle)


def _recovery(on: bool) -> _Act:
    def act(ground: Ground, table: Seeded) -> None:
        ground.client("dynamodb", table.region).update_continuous_backups(
            TableName=table.handle,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": on},
        )

    return act


def _detect(on: bool) -> _Act:
    def act(ground: Ground, detector: Seeded) -> None:
        ground.client("guardduty", detector.region).update_detector(
            DetectorId=detector.handle, Enable=on
        )

    return act


MISCHIEFS: tuple[Mischief, ...] = (
    Mischief(
        kind="aws.ec2.security_group",
        rule="aws-ec2-security-group-ssh",
        fits=lambda facts: not facts["default"] and facts["open"] == "",
        breaks=_open_ssh,
        mends=_close_ssh,
        broken="somebody opens SSH to the whole world on {name} in {region}",
        mended="somebody closes SSH on {name} in {region}",
    ),
    Mischief(
        kind="aws.s3.bucket",
        rule="aws-s3-bucket-encryption",
        fits=lambda facts: bool(facts["encryption"]),
        breaks=_drop_encryption,
        mends=_put_encryption,
        broken="somebody switches the default encryption of bucket {name} off",
        mended="somebody encrypts bucket {name} again",
    ),
    Mischief(
        kind="aws.iam.credential_report",
        rule="aws-iam-user-mfa",
        fits=lambda facts: not facts["root"] and facts["mfa"],
        breaks=_take_mfa,
        mends=_give_mfa,
        broken="somebody deletes the MFA device of {name}",
        mended="{name} gets a new MFA device",
    ),
    Mischief(
        kind="aws.cloudtrail.trail",
        rule="aws-cloudtrail-multi-region",
        fits=lambda facts: facts["multi"] and facts["logging"],
        breaks=_stop_trail,
        mends=_start_trail,
        broken="somebody stops trail {name}",
        mended="somebody starts trail {name} again",
    ),
    Mischief(
        kind="aws.rds.db_instance",
        rule="aws-rds-instance-not-public",
        fits=lambda facts: facts["private"],
        breaks=_publish(True),
        mends=_publish(False),
        broken="somebody gives database {name} in {region} a public address",
        mended="somebody takes the public address of database {name} away",
    ),
    Mischief(
        kind="aws.kms.key",
        rule="aws-kms-key-rotation",
        fits=lambda facts: facts["rotated"] and facts["enabled"] and not facts["deleting"],
        breaks=_stop_rotation,
        mends=_start_rotation,
        broken="somebody stops the rotation of key {name} in {region}",
        mended="somebody lets key {name} rotate again",
    ),
    Mischief(
        kind="aws.dynamodb.table",
        rule="aws-dynamodb-pitr",
        fits=lambda facts: facts["recovery"],
        breaks=_recovery(False),
        mends=_recovery(True),
        broken="somebody switches point-in-time recovery of table {name} in {region} off",
        mended="somebody switches point-in-time recovery of table {name} on again",
    ),
    Mischief(
        kind="aws.s3.bucket",
        rule="aws-s3-bucket-versioning",
        fits=lambda facts: facts["versioned"],
        breaks=_version("Suspended"),
        mends=_version("Enabled"),
        broken="somebody suspends the versioning of bucket {name}",
        mended="somebody enables the versioning of bucket {name} again",
    ),
    Mischief(
        kind="aws.guardduty.detector",
        rule="aws-guardduty-enabled",
        fits=lambda facts: facts["on"],
        breaks=_detect(False),
        mends=_detect(True),
        broken="somebody suspends GuardDuty in {region}",
        mended="somebody switches GuardDuty in {region} on again",
    ),
)
"""The first one opens every demo."""
