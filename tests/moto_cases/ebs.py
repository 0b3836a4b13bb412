"""Volumes, snapshots and the region's default."""

from datetime import UTC, datetime, timedelta
from typing import Any

from moto_cases import ACCOUNT, REGION, Canned, Case, ClientOf, Make


def _volume(*, encrypted: bool) -> Make:
    def make(client: ClientOf) -> str:
        made = client("ec2").create_volume(
            AvailabilityZone=f"{REGION}a", Size=8, Encrypted=encrypted
        )
        return str(made["VolumeId"])

    return make


def _snapshot(*, encrypted: bool) -> Make:
    def make(client: ClientOf) -> str:
        volume = _volume(encrypted=encrypted)(client)
        return str(client("ec2").create_snapshot(VolumeId=volume)["SnapshotId"])

    return make


def _default(*, on: bool) -> Make:
    def make(client: ClientOf) -> str:
        ec2 = client("ec2")
        change = (
            ec2.enable_ebs_encryption_by_default if on else ec2.disable_ebs_encryption_by_default
        )
        change()
        return REGION

    return make


def _shared(*groups: str) -> Make:
    """A snapshot from which these groups may create a volume."""

    def make(client: ClientOf) -> str:
        snapshot = _snapshot(encrypted=False)(client)
        for group in groups:
            client("ec2").modify_snapshot_attribute(
                SnapshotId=snapshot,
                Attribute="createVolumePermission",
                OperationType="add",
                GroupNames=[group],
            )
        return ""

    return make


def _restorable(client: ClientOf, **asked: Any) -> dict[str, Any]:
    """moto ignores RestorableByUserIds: those that it lists are asked who may restore them."""
    ec2 = client("ec2")
    answer: dict[str, Any] = ec2.describe_snapshots(**asked)
    answer["Snapshots"] = [
        one
        for one in answer["Snapshots"]
        if {"Group": "all"}
        in ec2.describe_snapshot_attribute(
            SnapshotId=one["SnapshotId"], Attribute="createVolumePermission"
        )["CreateVolumePermissions"]
    ]
    return answer


def _backed_up(days: int) -> dict[str, dict[str, Any]]:
    """A volume that AWS Backup last backed up so many days ago."""
    volume = {"VolumeId": "vol-1", "State": "in-use"}
    row = {
        "ResourceArn": f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/vol-1",
        "ResourceType": "EBS",
        "LastBackupTime": datetime.now(UTC) - timedelta(days=days),
    }
    return {
        "ec2:DescribeVolumes": {"Volumes": [volume]},
        "ec2:DescribeSnapshots": {"Snapshots": []},
        "backup:ListProtectedResources": {"Results": [row]},
    }


CASES: tuple[Case | Canned, ...] = (
    Case("aws-ebs-volume-encrypted", _volume(encrypted=True), _volume(encrypted=False)),
    Case("aws-ebs-snapshot-encrypted", _snapshot(encrypted=True), _snapshot(encrypted=False)),
    Case("aws-ebs-default-encryption", _default(on=True), _default(on=False)),
    # moto has no ListProtectedResources.
    Canned("aws-ebs-volume-backed-up", _backed_up(1), _backed_up(5)),
    Case(
        "aws-ebs-snapshot-not-public",
        _shared(),
        _shared("all"),
        played={"ec2:DescribeSnapshots": _restorable},
    ),
)
