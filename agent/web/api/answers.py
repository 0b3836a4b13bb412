"""How rows are sent: as JSON or CSV, whole or a page at a time, with a validator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import msgspec
from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from msgspec import Struct

from agent.evidence.paging import Key
from agent.listing import csv_header, csv_rows
from agent.web.api.cursor import write_cursor
from agent.web.api.parameters import Paged

JSON, CSV, JSONL = "application/json", "text/csv; charset=utf-8", "application/jsonl"
CHANGING = "private, no-cache"
"""May be kept, and is asked for again each time: usually 304."""
FOREVER = "private, max-age=31536000, immutable"
"""For what never changes: it is named by its place in the log."""
BATCH = 1000
"""Rows of an export that are in memory at a time."""

Rows = tuple[list[Mapping[str, Any]], Key | None]
Fetch = Callable[[Key | None, int], Rows]
"""Gives the rows after a key, so many at most, and the key of the next."""


class Form(Struct, frozen=True, kw_only=True):
    """What a listing is called, and what a table shows of a row."""

    schema: str
    columns: Sequence[str]
    key: tuple[type, ...]
    """The types of the key where a page ends."""


def page_answer(
    request: Request,
    query: Paged,
    form: Form,
    rows: Rows,
    *,
    pinned: Sequence[int] = (),
    about: Mapping[str, Any] | None = None,
) -> Response:
    """Send one page, and how to get the next.

    `pinned`: what all pages of the question have in common, such as its time, in microseconds;
    `about`: members beside the rows, in JSON.
    """
    found, following = rows
    path = request.url.path
    cursor = None if following is None else write_cursor(path, query, (*pinned, *following))
    headers = {"Vary": "Accept"}
    if cursor is not None:
        asked = [each for each in request.query_params.multi_items() if each[0] != "cursor"]
        headers["Link"] = f'<{path}?{urlencode([*asked, ("cursor", cursor)])}>; rel="next"'
    if wants_csv(request, query.format):
        text = csv_header(form.columns) + csv_rows(form.columns, found)
        return answer(request, text.encode(), CSV, headers=headers)
    body = {"schema": form.schema, **(about or {}), "items": found, "next": cursor}
    tag = _ENCODER.encode([found, following])  # the time of the question is not a change
    return answer(request, _ENCODER.encode(body), JSON, headers=headers, tag=tag)


def answer(
    request: Request,
    body: bytes,
    media: str,
    *,
    headers: Mapping[str, str] | None = None,
    tag: bytes | None = None,
    keep: str = CHANGING,
) -> Response:
    """Send bytes, or 304 when the caller has them (RFC 9110 section 13.1.2)."""
    # weak: compressed or not, it is the same
    etag = f'W/"{sha256(body if tag is None else tag).hexdigest()[:32]}"'
    sent = {"ETag": etag, "Cache-Control": keep, **(headers or {})}
    if _has(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=sent)
    return Response(body, headers=sent, media_type=media)


def json_answer(request: Request, body: Mapping[str, Any], *, keep: str = CHANGING) -> Response:
    """Send one thing as JSON."""
    return answer(request, _ENCODER.encode(body), JSON, keep=keep)


def export_answer(
    request: Request, name: str, form: Form, fetch: Fetch, wanted: str | None
) -> Response:
    """Stream all rows; no more than `BATCH` of them are in memory at a time."""
    as_csv = wanted == "csv" or (wanted != "jsonl" and _prefers_csv(request))
    ending, media = ("csv", CSV) if as_csv else ("jsonl", JSONL)
    headers = {
        "Cache-Control": CHANGING,
        "Content-Disposition": f'attachment; filename="assay-{name}.{ending}"',
        "Vary": "Accept",
    }
    lines = _csv(form, fetch) if as_csv else _jsonl(fetch)
    return StreamingResponse(lines, headers=headers, media_type=media)


def wants_csv(request: Request, wanted: str | None) -> bool:
    """Whether CSV is asked for, or preferred when nothing is."""
    return _prefers_csv(request) if wanted is None else wanted == "csv"


def _csv(form: Form, fetch: Fetch) -> Iterator[bytes]:
    yield csv_header(form.columns).encode()
    for rows in _batches(fetch):
        yield csv_rows(form.columns, rows).encode()


def _jsonl(fetch: Fetch) -> Iterator[bytes]:
    for rows in _batches(fetch):
        yield _ENCODER.encode_lines(rows)


def _batches(fetch: Fetch) -> Iterator[list[Mapping[str, Any]]]:
    rows, following = fetch(None, BATCH)
    yield rows
    while following is not None:
        rows, following = fetch(following, BATCH)
        yield rows


def _prefers_csv(request: Request) -> bool:
    """Whether `Accept` names CSV above JSON (RFC 9110 section 12.5.1)."""
    weights = {"text/csv": 0.0, "application/json": 0.0}
    for part in request.headers.get("accept", "").split(","):
        media, *options = [each.strip().lower() for each in part.split(";")]
        if media in weights:
            weights[media] = _weight(options)
    return weights["text/csv"] > weights["application/json"]


def _weight(options: Sequence[str]) -> float:
    for option in options:
        if option.startswith("q="):
            try:
                return float(option[2:])
            except ValueError:
                return 0.0
    return 1.0


def _has(header: str, etag: str) -> bool:
    known = {each.strip().removeprefix("W/") for each in header.split(",")}
    return "*" in known or etag.removeprefix("W/") in known


def _plain(value: Any) -> Any:
    """Give what YAML read, text and mappings that know their place in a file, as JSON has it."""
    if isinstance(value, Mapping):
        return dict(value)
    return str(value) if isinstance(value, str) else list(value)


_ENCODER = msgspec.json.Encoder(enc_hook=_plain)
