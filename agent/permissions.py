"""The exact read-only policy that the rules in force need, as the cloud takes it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

SESSION = ("ec2:DescribeRegions",)
"""What the AWS session itself asks, whatever the rules: which regions the account has switched on.
Who we are (`sts:GetCallerIdentity`) needs no permission."""


def aws_policy(permissions: Iterable[str]) -> dict[str, Any]:
    """Give the IAM policy document that allows just `permissions` (`s3:GetBucketPolicy`).

    Sorted, and so grouped by service: the same permissions are the same document. One statement,
    because a managed policy holds at most 6,144 characters besides white space (IAM quotas).
    The resource is `*`: listings take no narrower one, and ids are not known before.
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AssayReads",
                "Effect": "Allow",
                "Action": sorted({*permissions, *SESSION}),
                "Resource": "*",
            }
        ],
    }
