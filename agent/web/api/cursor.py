"""Where a page ended, as text that only this agent reads, and good for one question only."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

import msgspec
from fastapi import HTTPException

from agent.evidence.entry import MAX_INT, from_micros
from agent.evidence.paging import Key
from agent.web.api.parameters import Paged

_PAGES = {"cursor", "limit", "format"}
_NOWHERE = "this cursor leads nowhere: begin without it, and change no other parameter meanwhile"
_CHECK = 8
"""Characters of the digest that tells one question from another."""


def write_cursor(path: str, query: Paged, key: Key) -> str:
    """Write where a page of a question ended."""
    data = msgspec.json.encode([_question(path, query), *key])
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def read_cursor(path: str, query: Paged, kinds: Sequence[type]) -> Key | None:
    """Read where the page before ended; None: this is the first.

    Raises 404 for what is not a cursor of this question; `kinds` are the types of the key.
    """
    if query.cursor is None:
        return None
    try:
        text = query.cursor.encode("ascii")
        raw = base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))
        question, *key = msgspec.json.decode(raw, type=list[str | int])
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise HTTPException(404, _NOWHERE) from None
    if (
        question != _question(path, query)
        or [type(each) for each in key] != list(kinds)
        or any(isinstance(each, int) and abs(each) > MAX_INT for each in key)
    ):
        raise HTTPException(404, _NOWHERE)
    return tuple(key)


def read_pinned(
    path: str, query: Paged, kinds: Sequence[type], moment: datetime
) -> tuple[Key | None, datetime]:
    """Give the key of the page before and the time that all pages of a question have in common.

    `moment`: that time when this is the first page. Raises 404 as `read_cursor` does.
    """
    found = read_cursor(path, query, (int, *kinds))
    if found is None:
        return None, moment
    try:
        return found[1:], from_micros(int(found[0]))
    except OverflowError:
        raise HTTPException(404, _NOWHERE) from None


def _question(path: str, query: Paged) -> str:
    asked = path + query.model_dump_json(exclude=_PAGES)
    return sha256(asked.encode()).hexdigest()[:_CHECK]
