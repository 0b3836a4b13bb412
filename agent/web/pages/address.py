"""Addresses of pages: one id everywhere, whatever is in it. Pure.

What a page is asked for is in its address alone, so that a page can be kept, sent and cited.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode


def address(path: str, /, *ids: str, **query: Any) -> str:
    """Give `/rules/aws-s3-tls?target=aws:1`; what is empty in the query is left out.

    An id is one part of the path, with whatever it holds; times are written as RFC 3339.
    """
    whole = path + "".join(f"/{quote(each, safe=':@')}" for each in ids)
    asked = {key: _text(value) for key, value in query.items() if value not in (None, "", 0, ())}
    return f"{whole}?{urlencode(asked)}" if asked else whole


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return str(value)


def read_moment(text: str) -> datetime | None:
    """Read a time as people and forms write it: a date, or RFC 3339; UTC where none is said.

    Empty: None. Raises `ValueError`.
    """
    if not text:
        return None
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
