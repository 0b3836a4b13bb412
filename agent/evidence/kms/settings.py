"""What `key` in the configuration can say: a signing key that never leaves a cloud's KMS."""

from __future__ import annotations

import re

from msgspec import Struct

from checks.aws.settings import verify_role

_AWS = re.compile(r"arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:key/[A-Za-z0-9-]+")
_GCP = re.compile(
    r"projects/[a-z0-9:.-]+/locations/[a-z0-9-]+/keyRings/[A-Za-z0-9_-]+"
    r"/cryptoKeys/[A-Za-z0-9_-]+/cryptoKeyVersions/[0-9]+"
)
_AZURE = re.compile(
    r"(https://[A-Za-z0-9.-]+|http://127\.0\.0\.1:\d+)/keys/[A-Za-z0-9-]+/[0-9a-f]{32}"
)


class AwsKmsSettings(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="aws-kms"
):
    """A key of AWS KMS for signing: ECC_NIST_EDWARDS25519 or ECC_NIST_P256."""

    arn: str
    """Of the key itself and not of an alias, which could be moved to another key."""
    profile: str = ""
    role_arn: str = ""
    external_id: str = ""
    endpoint_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what is not a key."""
        if not _AWS.fullmatch(self.arn):
            form = "arn:aws:kms:REGION:ACCOUNT:key/ID"
            raise ValueError(f"arn: {self.arn!r} is not the ARN of a key ({form})")
        verify_role(self.role_arn, self.external_id)

    @property
    def region(self) -> str:
        """Where the key is."""
        return self.arn.split(":")[3]


class GcpKmsSettings(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="gcp-kms"
):
    """A version of a key of Cloud KMS: EC_SIGN_ED25519 or EC_SIGN_P256_SHA256."""

    version: str
    """`projects/.../cryptoKeyVersions/1`: a version is a key of its own."""
    credentials_file: str = ""
    endpoint_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what is not a version of a key."""
        if not _GCP.fullmatch(self.version):
            form = "projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/1"
            raise ValueError(f"version: {self.version!r} is not a version of a key ({form})")


class AzureKeySettings(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="azure-key-vault",
):
    """A version of a key of Azure Key Vault: EC or EC-HSM on P-256; it has no Ed25519."""

    id: str
    """`https://VAULT.vault.azure.net/keys/NAME/VERSION`."""

    def __post_init__(self) -> None:
        """Refuse what is not a version of a key."""
        if not _AZURE.fullmatch(self.id):
            form = "https://VAULT.vault.azure.net/keys/NAME/VERSION"
            raise ValueError(f"id: {self.id!r} is not a version of a key ({form})")


KeySettings = AwsKmsSettings | GcpKmsSettings | AzureKeySettings
"""A union over the kinds of keys."""
KINDS = ("aws-kms", "gcp-kms", "azure-key-vault")
