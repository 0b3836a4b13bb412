"""How OpenAPI describes each kind of operation: its answers, its errors, its words."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from agent.web.problems import documented

ERRORS = (401, 403, 414, 422, 429, 503)
_TEXT = {"schema": {"type": "string"}}
_BYTES = {"schema": {"type": "string", "format": "binary"}}


def paged(page: type[BaseModel], summary: str, tag: str) -> dict[str, Any]:
    """Describe a listing: a page in JSON or CSV."""
    content = {"text/csv": _TEXT}
    ok = {"model": page, "description": "A page.", "content": content, "headers": _HEADERS}
    return _operation({200: ok, 304: _SAME, **documented(404, *ERRORS)}, summary, tag)


def single(shape: type[BaseModel], summary: str, tag: str) -> dict[str, Any]:
    """Describe one thing in JSON."""
    ok = {"model": shape, "description": "It.", "headers": {"ETag": _ETAG}}
    return _operation({200: ok, 304: _SAME, **documented(404, *ERRORS)}, summary, tag)


def exported(summary: str) -> dict[str, Any]:
    """Describe a stream of all rows."""
    content = {"application/jsonl": _BYTES, "text/csv": _BYTES}
    ok = {"description": "All rows.", "content": content}
    return _operation({200: ok, **documented(*ERRORS)}, summary, "exports")


def raw(media: str, summary: str, tag: str) -> dict[str, Any]:
    """Describe bytes as they were sealed."""
    schema = {"schema": {"type": "object"}} if media == "application/json" else _TEXT
    schema = _BYTES if media == "application/octet-stream" else schema
    ok = {"description": "As sealed.", "content": {media: schema}, "headers": {"ETag": _ETAG}}
    return _operation({200: ok, 304: _SAME, **documented(404, *ERRORS)}, summary, tag)


def _operation(responses: dict[Any, Any], summary: str, tag: str) -> dict[str, Any]:
    # no model of FastAPI's own: what is sent is written by `answers`
    return {
        "responses": responses,
        "response_model": None,
        "summary": summary.rstrip("."),
        "tags": [tag],
    }


_ETAG = {"description": "For If-None-Match.", "schema": {"type": "string"}}
_HEADERS = {
    "ETag": _ETAG,
    "Link": {"description": "The next page (RFC 8288).", "schema": {"type": "string"}},
}
_SAME = {"description": "What you have is still so."}
