"""Reach into moto's memory for what no call of the AWS API can say or set.

Runs in the cloud's process only. moto is imported late: it is an optional dependency.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec


class Age(msgspec.Struct, frozen=True, kw_only=True):
    """How many days ago things happened to an IAM user, or to a role."""

    user: str = ""
    role: str = ""
    days: int
    """Since it was made."""
    used: int | None = None
    """Since the last use: of a user's password, of a role."""
    keys: dict[str, tuple[int, int | None]] = {}
    """Access key id -> days since it was made, since it was last used."""


def make_old(account: str, age: Age, now: datetime) -> None:
    """Make a user with their keys, or a role, older than it is; `KeyError`: there is none."""
    from moto.iam.models import AccessKeyLastUsed, iam_backends  # noqa: PLC0415 - optional

    iam: Any = iam_backends[account]["aws"]
    now = now.replace(tzinfo=None)  # moto keeps naive UTC
    if age.role:
        role = next(role for role in iam.roles.values() if role.name == age.role)
        role.create_date = now - timedelta(days=age.days)
        return
    user = iam.users[age.user]
    user.create_date = now - timedelta(days=age.days)
    if age.used is not None:
        user.password_last_used = now - timedelta(days=age.used)
    for key in user.access_keys:
        created, used = age.keys.get(key.access_key_id, (0, None))
        key.create_date = now - timedelta(days=created)
        if used is not None:
            key.last_used = AccessKeyLastUsed(now - timedelta(days=used), "s3", "us-east-1")


def public_snapshots(account: str, region: str) -> frozenset[str]:
    """Ids of the EBS snapshots that everybody may restore."""
    from moto.ec2.models import ec2_backends  # noqa: PLC0415 - optional

    ec2: Any = ec2_backends[account][region]
    return frozenset(
        snapshot.id
        for snapshot in list(ec2.snapshots.values())
        if "all" in snapshot.create_volume_permission_groups
    )
