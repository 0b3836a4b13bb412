"""Exported files as a source of resources: a `checks.model.Session` of its own, or beside another.

What is wrong with a file is an error with its cause, never an empty table: a roster that is
missing, unreadable, malformed, older than it may be, or without a row is not "nobody".
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from checks.canonical import rfc3339
from checks.files.columns import Words, read_rows, read_time
from checks.files.tables import Table, TableError, read_table
from checks.model import Answer, Call, CallError, Cause, Made, Rate, Session, Target

SERVICE = "files"
"""What a call names as its service when a file answers it; its operation is the file's name in
the configuration."""

LARGEST = 32 * 1024 * 1024
"""Bytes that a file may have; a roster of 100,000 people has about ten million."""

AHEAD = timedelta(hours=1)
"""By how much a file's own time may be later than ours: clocks differ."""


class Source(Struct, frozen=True, kw_only=True):
    """One configured file."""

    path: Path
    columns: Mapping[str, str] = field(default_factory=dict)
    """The check's name of a column -> the file's, where they differ."""
    values: Words = field(default_factory=dict)
    """Column -> what the file writes -> the check's word for it."""
    max_age: timedelta = timedelta(days=7)
    """How old the file may be; an older one is an error."""
    observed_at: str = ""
    """Column, or member beside the rows, that says when it was exported; empty: when the file was
    last modified."""


class FilesSession:
    """The configured files. `names`, `regions` and the like say that there is nothing to ask."""

    def __init__(
        self, sources: Mapping[str, Source], now: Callable[[], datetime], *, name: str = ""
    ) -> None:
        """`sources`: name as checks write it (`hr.person`) -> its file. Nothing is read yet."""
        self._sources = sources
        self._now = now
        self._name = name

    @property
    def target(self) -> Target:
        """The files as a whole: one target."""
        return Target(provider=SERVICE, id="files", name=self._name)

    @property
    def identity(self) -> str:
        """The user of the operating system that reads."""
        return f"uid:{os.getuid()}"

    @property
    def not_enabled(self) -> tuple[str, ...]:
        """None: files have no regions."""
        return ()

    @property
    def rates(self) -> Mapping[str, Rate]:
        """None: a disk takes what comes."""
        return {}

    def names(self, region: str) -> Mapping[str, str]:
        """What templates can name."""
        return {"account": "files", "region": region, "partition": SERVICE}

    def regions(self, service: str) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's parameter
        """None, whatever the service."""
        return ()

    def made(self) -> tuple[Made, ...]:
        """None: there is nobody to ask who we are."""
        return ()

    def request(
        self,
        call: Call,
        params: Mapping[str, Any],
        region: str,  # noqa: ARG002 - the protocol's parameter
        after: Any = None,  # noqa: ARG002 - as above
    ) -> Answer:
        """The whole table as one page; its request id is the digest of the file's bytes."""
        source = self._sources.get(call.operation)
        if source is None:
            message = f"no file is configured for {call.operation}; `files` in assay.yaml names it"
            raise CallError(Cause.NOT_ENABLED, "NotConfigured", message)
        data, modified = _read(source.path)
        digest = hashlib.sha256(data).hexdigest()
        try:
            table = read_table(data, source.path.suffix)
            observed = _observed(table, source, modified)
            rows = read_rows(
                table,
                params["columns"],
                params["key"],
                called=source.columns,
                words=source.values,
            )
        except TableError as error:
            raise _wrong("Malformed", f"{source.path.name} {error}", digest) from error
        self._timely(source, observed, digest)
        at = rfc3339(observed)
        file = {"name": source.path.name, "sha256": digest, "observed_at": at}
        data_rows = [{**row, "file": file} for row in rows]
        return Answer(data={"rows": data_rows, "observed_at": at}, request_id=f"sha256:{digest}")

    def _timely(self, source: Source, observed: datetime, digest: str) -> None:
        age = self._now() - observed
        if age > source.max_age:
            days = round(age / timedelta(days=1), 1)
            allowed = round(source.max_age / timedelta(days=1), 1)
            message = f"{source.path.name} is {days} days old; it may be {allowed} (max_age)"
            raise _wrong("Stale", message, digest)
        if age < -AHEAD:
            message = f"{source.path.name} is of {rfc3339(observed)}, which is yet to come"
            raise _wrong("FromTheFuture", message, digest)


class WithFiles:
    """A cloud's session that also answers for files, so that people can be joined to accounts."""

    def __init__(self, cloud: Session, files: FilesSession) -> None:
        """Everything but calls to files is the cloud's."""
        self._cloud = cloud
        self._files = files

    @property
    def target(self) -> Target:
        """The cloud's."""
        return self._cloud.target

    @property
    def identity(self) -> str:
        """The cloud's."""
        return self._cloud.identity

    @property
    def not_enabled(self) -> tuple[str, ...]:
        """The cloud's."""
        return self._cloud.not_enabled

    @property
    def rates(self) -> Mapping[str, Rate]:
        """The cloud's: files have none."""
        return self._cloud.rates

    def names(self, region: str) -> Mapping[str, str]:
        """The cloud's."""
        return self._cloud.names(region)

    def regions(self, service: str) -> tuple[str, ...]:
        """The cloud's."""
        return self._cloud.regions(service)

    def made(self) -> tuple[Made, ...]:
        """The cloud's."""
        return self._cloud.made()

    def request(
        self, call: Call, params: Mapping[str, Any], region: str, after: Any = None
    ) -> Answer:
        """Ask the one that has the call's service."""
        session = self._files if call.service == SERVICE else self._cloud
        return session.request(call, params, region, after)


def _read(path: Path) -> tuple[bytes, datetime]:
    """The bytes of a file and when it was last modified. Raises `CallError`."""
    try:
        # Without waiting: a pipe in the file's place would hold the run for ever.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123 - a descriptor
            before = os.fstat(file.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise _wrong("NotAFile", f"{path} is not a regular file")
            if before.st_size > LARGEST:
                raise _wrong("TooLarge", f"{path} has more than {LARGEST} bytes")
            data = file.read(LARGEST + 1)
            after = os.fstat(file.fileno())
    except OSError as error:
        cause = _CAUSES.get(error.errno or 0, Cause.TRANSIENT)
        code = errno.errorcode.get(error.errno or 0, "EIO")
        raise CallError(cause, code, f"{path}: {error.strerror}") from error
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, len(data)):
        raise CallError(Cause.TRANSIENT, "Changing", f"{path} was written while it was read")
    return data, datetime.fromtimestamp(after.st_mtime, UTC)


def _observed(table: Table, source: Source, modified: datetime) -> datetime:
    """When the table was exported: the oldest time that it says of itself, or of the file."""
    name = source.observed_at
    if not name:
        return modified
    said = [row.cells.get(name) for row in table.rows]
    if name in table.members:
        said = [table.members[name]]
    if not all(said):
        raise TableError(f"does not say in '{name}' when it was exported")
    return min(map(read_time, said), default=modified)


def _wrong(code: str, message: str, digest: str = "") -> CallError:
    return CallError(Cause.INVALID, code, message, request_id=f"sha256:{digest}" if digest else "")


_CAUSES: Mapping[int, Cause] = {
    errno.ENOENT: Cause.NOT_FOUND,
    errno.ENOTDIR: Cause.NOT_FOUND,
    errno.EACCES: Cause.DENIED,
    errno.EPERM: Cause.DENIED,
    errno.EISDIR: Cause.INVALID,
}
"""What the operating system says -> our word; anything else may pass by itself."""
