"""What an entry of `anchors` can say: an authority that stamps, or a bucket that keeps."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlsplit

from msgspec import Struct

from agent.duration import parse_duration
from agent.evidence.anchors.model import LAG
from checks.aws.settings import verify_role

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""docs.aws.amazon.com/AmazonS3, bucketnamingrules."""
_GCS_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
"""cloud.google.com/storage/docs/buckets, naming."""
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_CONTAINER = re.compile(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
"""learn.microsoft.com/rest/api/storageservices, Naming and referencing containers."""
_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()/-]{0,200}")
_SHORTEST = timedelta(minutes=1)


class Rfc3161Settings(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="rfc3161"
):
    """A time-stamping authority (RFC 3161) over HTTP."""

    url: str
    roots: str
    """A PEM file with the root certificates that its timestamps must lead to."""
    every: str = "1h"

    def __post_init__(self) -> None:
        """Refuse what cannot be asked."""
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            raise ValueError(f"url: {self.url!r} is not the http(s) address of an authority")
        if not self.roots:
            raise ValueError("roots: a PEM file with the authority's root certificates is expected")
        _check_every(self.every)


class S3Settings(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="s3"
):
    """A bucket with Object Lock, best in an account whose administrators are others."""

    bucket: str
    prefix: str = "checkpoints"
    retain: str = "400d"
    """How long nobody can take a copy away, in compliance mode."""
    every: str = "1h"
    region: str = ""
    profile: str = ""
    role_arn: str = ""
    external_id: str = ""
    endpoint_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what S3 cannot know."""
        if not _BUCKET.fullmatch(self.bucket):
            raise ValueError(f"bucket: {self.bucket!r} is not the name of a bucket")
        verify_role(self.role_arn, self.external_id)
        _check_copies(self)


class GcsSettings(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="gcs"
):
    """A bucket of Cloud Storage whose retention policy is locked, best in another organization."""

    bucket: str
    prefix: str = "checkpoints"
    retain: str = "400d"
    """How long the bucket's policy must keep objects, at least."""
    every: str = "1h"
    credentials_file: str = ""
    """Of a service account; empty: the environment's own."""
    endpoint_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what Cloud Storage cannot know."""
        if not _GCS_BUCKET.fullmatch(self.bucket):
            raise ValueError(f"bucket: {self.bucket!r} is not the name of a bucket")
        _check_copies(self)


class AzureSettings(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="azure"
):
    """A container of Blob Storage with immutable versions, best in another tenant."""

    account: str
    container: str
    prefix: str = "checkpoints"
    retain: str = "400d"
    """How long nobody can take a copy away."""
    every: str = "1h"
    endpoint_url: str = ""

    def __post_init__(self) -> None:
        """Refuse what Blob Storage cannot know."""
        if not _ACCOUNT.fullmatch(self.account):
            raise ValueError(f"account: {self.account!r} is not the name of a storage account")
        if not _CONTAINER.fullmatch(self.container):
            raise ValueError(f"container: {self.container!r} is not the name of a container")
        _check_copies(self)


AnchorSettings = Rfc3161Settings | S3Settings | GcsSettings | AzureSettings
KINDS = ("rfc3161", "s3", "gcs", "azure")
"""What `kind` can be."""


def _check_copies(settings: S3Settings | GcsSettings | AzureSettings) -> None:
    """Refuse what no place for copies can have."""
    prefix = settings.prefix
    if not _PREFIX.fullmatch(prefix) or prefix.endswith("/"):
        raise ValueError(f"prefix: {prefix!r} is not a plain prefix without / at its end")
    _parse("retain", settings.retain)
    _check_every(settings.every)


def _check_every(text: str) -> None:
    every = _parse("every", text)
    if not _SHORTEST <= every < LAG:
        raise ValueError(f"every: {text} is not between 1m and 25h: an entry waits at most 26 h")


def _parse(key: str, text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
