"""Keys."""

from collections.abc import Callable
from typing import Any

from moto_cases import ACCOUNT, Case, ClientOf, Make
from moto_cases.iam_policies import document

_OWNER = {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def _key(change: Callable[[Any, str], Any] = lambda _kms, _key: None, **options: Any) -> Make:
    def make(client: ClientOf) -> str:
        kms = client("kms")
        made = str(kms.create_key(**options)["KeyMetadata"]["KeyId"])
        change(kms, made)
        return made

    return make


def _rotated(kms: Any, key: str) -> None:
    kms.enable_key_rotation(KeyId=key)


def _ended(kms: Any, key: str) -> None:
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)


CASES = (
    Case("aws-kms-key-rotation", _key(_rotated), _key()),
    Case("aws-kms-key-not-pending-deletion", _key(), _key(_ended)),
    Case(
        "aws-kms-key-policy-not-public",
        _key(Policy=document("kms:*", principal=_OWNER)),
        _key(Policy=document("kms:*", principal="*")),
    ),
)
