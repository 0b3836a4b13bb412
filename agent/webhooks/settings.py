"""What an entry of `webhooks` can say: where to, signed with what, and of which events."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from msgspec import Struct

from agent.duration import parse_duration
from agent.webhooks.model import Type

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MOST = 16
"""Receivers of an agent."""
_TIMEOUT_MOST = 60


class WebhookSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One receiver of events (docs/webhooks.md)."""

    name: str
    """Its name in metrics, commands and its own state; another name is another receiver."""
    url: str
    """An https address; http only on this machine."""
    secret_file: str = ""
    """A file with its secrets, one a line, the newest first; relative to the configuration."""
    secret_env: str = ""
    """Or the environment variable that has them, with spaces between."""
    events: tuple[Type, ...] = ()
    """The types that it gets; empty: all."""
    give_up: str = "3d"
    """An event older than this, which still cannot be delivered, is laid aside."""
    timeout: str = "10s"
    """For one delivery, from the connection to the answer."""

    def __post_init__(self) -> None:
        """Refuse what could not be delivered, or should not be."""
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"name: {self.name!r} is not of a-z, 0-9 and - (at most 40)")
        _check_url(self.url)
        if bool(self.secret_file) == bool(self.secret_env):
            raise ValueError("secret_file: give a file, or in its place `secret_env`")
        if self.secret_env and not _VARIABLE.fullmatch(self.secret_env):
            raise ValueError(f"secret_env: {self.secret_env!r} is not the name of a variable")
        for key in ("give_up", "timeout"):
            try:
                duration = parse_duration(getattr(self, key))
            except ValueError as error:
                raise ValueError(f"{key}: {error}") from None
            if key == "timeout" and duration.total_seconds() > _TIMEOUT_MOST:
                raise ValueError(f"timeout: at most {_TIMEOUT_MOST}s; answer first, then work")

    @property
    def wanted(self) -> frozenset[Type]:
        """The types that it gets."""
        return frozenset(self.events or Type)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # ValueError when it is none
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    if (
        parts.scheme not in {"http", "https"}
        or not parts.hostname
        or not url.isascii()
        or not url.isprintable()
        or " " in url
    ):
        raise ValueError(f"url: {url!r} is not an https address")
    if parts.username is not None or parts.password is not None:
        raise ValueError("url: a password in it would be shown; the signature says who sends")
    if parts.fragment:
        raise ValueError("url: what follows # is never sent; leave it out")
    if parts.scheme == "http" and not _is_local(parts.hostname):
        raise ValueError(f"url: {url!r} is not encrypted; use https (http only on this machine)")


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
