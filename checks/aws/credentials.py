"""Whose credentials sign a call: clients are shared by all accounts, and each call names its own.

A client costs 5 to 160 ms and half a megabyte, and its connections 5 ms of TLS each (study
`aws.md`, section 6). A thousand accounts with clients of their own would be a million clients.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError


class Credentials(Protocol):
    """What the SDK takes for credentials; it may renew them when they are asked for."""

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Keys that belong together."""
        ...


class Signing:
    """Stands in every client for the credentials of who is acting; nobody is, unless it is said.

    A call is signed in the thread that makes it, so who acts is kept for each thread.
    """

    method = "assay"

    def __init__(self) -> None:
        """Nobody is acting."""
        self._acting: ContextVar[Credentials | None] = ContextVar("acting", default=None)

    @contextmanager
    def acting(self, credentials: Credentials) -> Iterator[None]:
        """Sign with `credentials` for as long as the block lasts, in this thread."""
        before = self._acting.set(credentials)
        try:
            yield
        finally:
            self._acting.reset(before)

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """As the SDK asks for them. Raises `NoCredentialsError`."""
        credentials = self._acting.get()
        if credentials is None:
            raise NoCredentialsError
        return credentials.get_frozen_credentials()

    def get_deferred_property(self, _name: str) -> Callable[[], None]:
        """As the SDK asks for what endpoints of an account's own would need: nothing."""
        return lambda: None

    def load_credentials(self) -> Signing:
        """As the SDK asks what gives credentials to a client."""
        return self


class Kept:
    """Credentials by who they are of, made once: a role is not assumed for every run."""

    def __init__(self) -> None:
        """None yet."""
        self._lock = threading.Lock()
        self._made: dict[Any, Credentials] = {}

    def of(self, who: Any, make: Callable[[], Credentials | None]) -> Credentials:
        """Give those of `who`. Raises `NoCredentialsError`, and what `make` raises."""
        with self._lock:
            if who not in self._made:
                made = make()
                if made is None:
                    raise NoCredentialsError
                self._made[who] = made
            return self._made[who]
