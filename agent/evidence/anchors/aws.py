"""Copies of checkpoints in an S3 bucket with Object Lock, in compliance mode.

In governance mode whoever has `s3:BypassGovernanceRetention` takes a copy away, so a bucket or an
object in that mode is refused by name. Objects are made only where there is none, and are named by
size and root: a log that went another way cannot stand in the place of the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from agent.duration import parse_duration
from agent.evidence.anchors.model import AnchorError, Given
from agent.evidence.anchors.names import copy_name, folder, size_in
from agent.evidence.anchors.receipt import proof_of_copy
from agent.evidence.anchors.settings import S3Settings
from agent.evidence.aws import open_client, told

_MODE = "COMPLIANCE"
_MOST = 1 << 16
"""Bytes of a checkpoint that is read back."""


class S3Copies:
    """One bucket: an `Anchor`, and its `Copies`."""

    kind = "s3"

    def __init__(self, settings: S3Settings, now: Callable[[], datetime]) -> None:
        """Nothing is asked yet."""
        self._settings, self._now = settings, now
        self.every = parse_duration(settings.every)
        self.place = f"s3://{settings.bucket}/{settings.prefix}"

    def put(self, note: bytes, size: int) -> Given:
        """Keep a copy that nobody can take away, and read back that it is so."""
        key = copy_name(self._settings.prefix, note, size)
        s3 = self._client()
        until = self._now() + parse_duration(self._settings.retain)
        try:
            s3.put_object(
                Bucket=self._settings.bucket,
                Key=key,
                Body=note,
                ContentType="text/plain; charset=utf-8",
                IfNoneMatch="*",
                ObjectLockMode=_MODE,
                ObjectLockRetainUntilDate=until,
            )
        except ClientError as error:
            if _status(error) != 412:  # noqa: PLR2004 - Precondition Failed: it is there already
                raise AnchorError(told(error)) from error
        except BotoCoreError as error:
            raise AnchorError(told(error)) from error
        return self._kept(s3, key, note)

    def check(self) -> str:
        """See that the lock is live and lets nobody past. Raises `AnchorError`."""
        bucket = self._settings.bucket
        try:
            answer = self._client().get_object_lock_configuration(Bucket=bucket)
        except (BotoCoreError, ClientError) as error:
            raise AnchorError(told(error)) from error
        lock = answer["ObjectLockConfiguration"]
        if lock.get("ObjectLockEnabled") != "Enabled":
            raise AnchorError(
                f"{bucket} has no Object Lock: whoever may write can take copies away"
            )
        mode = lock.get("Rule", {}).get("DefaultRetention", {}).get("Mode", "")
        if mode not in {"", _MODE}:
            raise AnchorError(
                f"{bucket} is locked in {mode.lower()} mode, which whoever has"
                " s3:BypassGovernanceRetention gets past; set its default to compliance, or to none"
            )
        return f"Object Lock is enabled; copies are kept for {self._settings.retain} in compliance"

    def copies(self, after: int) -> Iterator[bytes]:
        """Give the checkpoints of logs longer than `after`, the longest first."""
        # Versions, because a delete marker hides an object from plain lists, locked or not.
        bucket, prefix, s3 = self._settings.bucket, self._settings.prefix, self._client()
        found = []
        try:
            lister = s3.get_paginator("list_object_versions")
            for page in lister.paginate(Bucket=bucket, Prefix=folder(prefix)):
                for each in page.get("Versions", ()):
                    size = size_in(prefix, each["Key"])
                    if size > after:
                        found.append((size, each["Key"], each["VersionId"]))
            for _, key, version in sorted(found, reverse=True):
                copy = s3.get_object(Bucket=bucket, Key=key, VersionId=version)
                yield copy["Body"].read(_MOST)
        except (BotoCoreError, ClientError) as error:
            raise AnchorError(told(error)) from error

    def _kept(self, s3: Any, key: str, note: bytes) -> Given:
        bucket = self._settings.bucket
        try:
            found = s3.get_object(Bucket=bucket, Key=key)
            content = found["Body"].read(_MOST)
        except (BotoCoreError, ClientError) as error:
            raise AnchorError(told(error)) from error
        if content != note:
            raise AnchorError(f"s3://{bucket}/{key} holds something else: nothing was overwritten")
        mode, until = found.get("ObjectLockMode", "none"), found.get("ObjectLockRetainUntilDate")
        if mode != _MODE or until is None:
            raise AnchorError(
                f"s3://{bucket}/{key} is locked in mode {mode.lower()}: not compliance"
            )
        where = {
            "bucket": bucket,
            "key": key,
            "version": str(found.get("VersionId", "")),
            "mode": mode,
            "retain_until": until.astimezone(UTC).isoformat(),
        }
        return Given(time=found["LastModified"].astimezone(UTC), proof=proof_of_copy(note, where))

    def _client(self) -> Any:
        """Make a client; a role's credentials would run out between two. Raises `AnchorError`."""
        try:
            return open_client("s3", self._settings)
        except (BotoCoreError, ClientError) as error:
            raise AnchorError(told(error)) from error


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
