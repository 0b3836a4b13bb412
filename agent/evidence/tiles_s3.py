"""A bucket of S3 as a place for tiles: whoever may read it reads the log without asking anybody.

Objects are whole or not there at all. What stood for a tile before it was full stays: nothing is
ever deleted, so the role needs no right to (s3:GetObject, s3:PutObject, s3:ListBucket).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct

from agent.evidence.aws import open_client, told
from agent.evidence.tiles import CHECKPOINT, TilesError

_FOREVER = "public, max-age=31536000, immutable"
"""Of a tile: of one size and place it never changes."""
_AGAIN = "no-cache"


class S3Way(Struct, frozen=True, kw_only=True):
    """How to get in, in the order of the SDK where it is not said: an `agent.evidence.aws.Way`."""

    region: str = ""
    profile: str = ""
    role_arn: str = ""
    external_id: str = ""
    endpoint_url: str = ""


class S3Shelf:
    """A prefix of a bucket as a `Shelf`."""

    def __init__(self, url: str, way: S3Way) -> None:
        """`url` is `s3://bucket/prefix`; nothing is asked yet. Raises `TilesError`."""
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment:
            raise TilesError(f"{url}: is no bucket (s3://bucket or s3://bucket/prefix)")
        self.name, self._bucket, self._way = url.rstrip("/"), parts.netloc, way
        self._prefix = f"{parts.path.strip('/')}/" if parts.path.strip("/") else ""
        self._client: Any = None

    def read(self, path: str) -> bytes | None:
        """Give an object; None: it is not there."""
        try:
            answer = self._open().get_object(Bucket=self._bucket, Key=self._prefix + path)
            return bytes(answer["Body"].read())
        except (BotoCoreError, ClientError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise self._wrong(error) from error

    def write(self, path: str, content: bytes) -> None:
        """Put an object."""
        is_head = path == CHECKPOINT
        try:
            self._open().put_object(
                Bucket=self._bucket,
                Key=self._prefix + path,
                Body=content,
                ContentType="text/plain; charset=utf-8" if is_head else "application/octet-stream",
                CacheControl=_AGAIN if is_head else _FOREVER,
            )
        except (BotoCoreError, ClientError) as error:
            raise self._wrong(error) from error

    def is_empty(self) -> bool:
        """Whether no object is there."""
        try:
            found = self._open().list_objects_v2(
                Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1
            )
        except (BotoCoreError, ClientError) as error:
            raise self._wrong(error) from error
        return not found.get("Contents")

    def drop(self, _folder: str) -> None:
        """Let it be."""

    def _open(self) -> Any:
        if self._client is None:
            self._client = open_client("s3", self._way)
        return self._client

    def _wrong(self, error: BotoCoreError | ClientError) -> TilesError:
        return TilesError(f"{self.name}: {told(error)}")
