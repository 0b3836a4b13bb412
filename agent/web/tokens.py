"""Bearer tokens: shown once when made, kept as SHA-256 with their name, scopes and end.

In a file beside the store, not in it: the log is only ever added to and handed to auditors, while a
token is taken back, and even its digest is nobody else's business. A token is 256 random bits, so
that a plain digest is enough (there is nothing to guess). Once the file exists, a token is asked
for, even when none is left in it.

TokenError    the file cannot be used, or the token cannot be made; one line
"""

from __future__ import annotations

import fcntl
import hmac
import os
import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

NAME = "tokens.json"
PREFIX = "assay_"
"""So that a secret that leaked is recognised."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class TokenError(Exception):
    """The tokens cannot be used; the message says why."""


class Scope(StrEnum):
    """What a token is good for."""

    METRICS = "metrics"
    """`/metrics`, and nothing else."""
    EVIDENCE = "evidence:read"
    """Pages and API."""


class Token(Struct, frozen=True, kw_only=True):
    """What is kept of a token."""

    name: str
    sha256: str
    """Of the token, in hexadecimal."""
    scopes: tuple[Scope, ...]
    created: datetime
    expires: datetime | None = None
    """None: it does not end."""

    def holds_at(self, now: datetime) -> bool:
        """Whether it has not ended."""
        return self.expires is None or now < self.expires


class _File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: int = 1
    tokens: tuple[Token, ...] = ()


class Tokens:
    """The tokens of a file, read again when it changes; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._known: tuple[Token, ...] = ()

    def asked_for(self) -> bool:
        """Whether there is a file: then nobody gets in without a token."""
        return self._path.exists()

    def listed(self) -> tuple[Token, ...]:
        """Give all tokens, ended ones too. Raises `TokenError`."""
        try:
            stat = self._path.stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if seen != self._seen:
                self._known = _read(self._path)
                self._seen = seen
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise TokenError(f"{self._path}: cannot be read: {error.strerror}") from None
        return self._known

    def find(self, secret: str, now: datetime) -> Token | None:
        """Give the token that `secret` is, unless it has ended. Raises `TokenError`.

        All digests are compared, each in constant time.
        """
        digest = sha256(secret.encode()).hexdigest()
        found = [each for each in self.listed() if hmac.compare_digest(each.sha256, digest)]
        return found[0] if found and found[0].holds_at(now) else None

    def create(
        self,
        name: str,
        scopes: Collection[Scope],
        *,
        now: datetime,
        expires: datetime | None,
        random: str,
    ) -> str:
        """Add a token made of `random` (256 bits as text); gives it. Raises `TokenError`."""
        if not _NAME.fullmatch(name):
            raise TokenError(f"{name!r}: a name of a-z, 0-9, dot, dash and underscore is expected")
        secret = PREFIX + random
        token = Token(
            name=name,
            sha256=sha256(secret.encode()).hexdigest(),
            scopes=tuple(sorted(set(scopes))),
            created=now,
            expires=expires,
        )
        with self._changing() as known:
            if any(each.name == name for each in known):
                raise TokenError(
                    f"{name}: there is a token of this name; revoke it, or name another"
                )
            self._write((*known, token))
        return secret

    def revoke(self, name: str) -> None:
        """Take a token out. Raises `TokenError` when there is none of this name."""
        with self._changing() as known:
            left = tuple(each for each in known if each.name != name)
            if len(left) == len(known):
                raise TokenError(f"{name}: there is no token of this name")
            self._write(left)

    @contextmanager
    def _changing(self) -> Iterator[tuple[Token, ...]]:
        """Give what there is, and keep others from changing it meanwhile."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise TokenError(f"{self._path}: cannot be written: {error.strerror}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self.listed()
        finally:
            os.close(lock)

    def _write(self, tokens: tuple[Token, ...]) -> None:
        """Replace the file whole; only its owner may read it."""
        data = msgspec.json.format(msgspec.json.encode(_File(tokens=tokens)))
        part = self._path.with_name(f"{self._path.name}.part")
        try:
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(data + b"\n")
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
        except OSError as error:
            raise TokenError(f"{self._path}: cannot be written: {error.strerror}") from None


def _read(path: Path) -> tuple[Token, ...]:
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except msgspec.MsgspecError as error:
        raise TokenError(f"{path}: not a file of tokens: {error}") from None
    if file.version != 1:
        raise TokenError(f"{path}: made by a newer Assay")
    return file.tokens
