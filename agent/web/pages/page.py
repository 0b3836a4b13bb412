"""A page before it has a form: what it is called, where it is, what it was asked, what it says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from starlette.requests import Request

from agent.web.pages.address import read_moment

DIGITS = 16
"""Of a number in an address: fewer than that."""


class NotHereError(Exception):
    """There is no such page; the message says what is not there and what to do."""


class AskedWronglyError(ValueError):
    """The address asks for what cannot be; the message says what."""


class Page(Struct, frozen=True, kw_only=True):
    """One page for people."""

    template: str
    title: str
    here: str
    """The part of the navigation that it belongs to."""
    query: str
    """By which question it was made, in words: an auditor asks this of any page."""
    values: Mapping[str, Any]
    crumbs: tuple[tuple[str, str], ...] = ()
    """(words, address) of the pages above it."""
    at: datetime | None = None
    """Of when it tells; None: of what the log has, whenever."""
    asked: datetime | None = None
    """The instant that was asked for; None: now."""
    completeness: str = ""


class Asked(Struct, frozen=True):
    """What the address of a page asks for."""

    request: Request

    def id(self, name: str) -> str:
        """Give a part of the path."""
        return str(self.request.path_params[name])

    def number_of(self, name: str) -> int:
        """Give a number of the path. Raises `NotHereError`."""
        text = self.id(name)
        if not (text.isascii() and text.isdecimal() and len(text) < DIGITS):
            raise NotHereError(f"{text[:40]} is not the number of an entry.")
        return int(text)

    def text(self, name: str) -> str:
        """Give a part of the query; empty when it is not there."""
        return self.request.query_params.get(name, "").strip()

    def number(self, name: str) -> int:
        """Give a count of the query; 0 when it is not there. Raises `AskedWronglyError`."""
        text = self.text(name)
        if text and not (text.isascii() and text.isdecimal() and len(text) < DIGITS):
            raise AskedWronglyError(f"{name} must be a whole number, not {text[:40]!r}")
        return int(text or 0)

    def moment(self, name: str) -> datetime | None:
        """Give a time of the query, UTC; None when it is not there. `AskedWronglyError`."""
        try:
            return read_moment(self.text(name))
        except ValueError:
            wrong = self.text(name)[:40]
            message = f"{name} must be a date or a time (2026-10-01T12:00Z), not {wrong!r}"
            raise AskedWronglyError(message) from None
