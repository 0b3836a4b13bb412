"""What `key` in the configuration can say: a signing key that never leaves a cloud's KMS."""

from __future__ import annotations

import re

from msgspec import Struct

from checks.aws.settings import verify_role

_KEY = re.compile(r"arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:key/[A-Za-z0-9-]+")


class AwsKmsSettings(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="aws-kms"
):
    """A key of AWS KMS with the specification ECC_NIST_EDWARDS25519, for signing."""

    arn: str
    """Of the key itself and not of an alias, which could be moved to another key."""
    profile: str = ""
    role_arn: str = ""
    external_id: str = ""
    endpoint_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what is not a key."""
        if not _KEY.fullmatch(self.arn):
            form = "arn:aws:kms:REGION:ACCOUNT:key/ID"
            raise ValueError(f"arn: {self.arn!r} is not the ARN of a key ({form})")
        verify_role(self.role_arn, self.external_id)

    @property
    def region(self) -> str:
        """Where the key is."""
        return self.arn.split(":")[3]


KeySettings = AwsKmsSettings
"""A union over the kinds of keys."""
