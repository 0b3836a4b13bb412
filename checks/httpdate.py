"""Reads the `Date` header of HTTP, by which the skew of clocks is measured."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from functools import lru_cache

from checks.canonical import rfc3339


@lru_cache(maxsize=64)  # many answers come in the same second
def from_http_date(header: str) -> str:
    """The header as RFC 3339 in UTC; empty when it is not a date."""
    try:
        return rfc3339(parsedate_to_datetime(header))
    except ValueError:
        return ""
