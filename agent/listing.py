"""Listings as JSON and CSV, for commands and for the API; text from clouds is made harmless.

JSON carries its schema's name and version. A CSV cell that a spreadsheet would run as a formula
starts with an apostrophe.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from agent.escape import defused


class Listing(Struct, frozen=True, kw_only=True):
    """Rows to show: every row has every column."""

    schema: str
    """Name and version of the JSON form: `assay.rules.v1`."""
    columns: tuple[str, ...]
    rows: Sequence[Mapping[str, Any]]
    empty: str = "nothing to show"
    """What a table says when there is no row."""


def to_json(listing: Listing) -> str:
    """Write `{"schema": ..., "items": [...]}` with every field of every row."""
    document = {"schema": listing.schema, "items": [dict(row) for row in listing.rows]}
    return json.dumps(document, indent=2, ensure_ascii=True, default=_plain) + "\n"


def to_csv(listing: Listing) -> str:
    """Write a header and the columns of each row, RFC 4180, formulas defused."""
    return csv_header(listing.columns) + csv_rows(listing.columns, listing.rows)


def csv_header(columns: Sequence[str]) -> str:
    """Write the first line."""
    return _csv_lines([columns])


def csv_rows(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Write the lines of some rows, formulas defused."""
    return _csv_lines([defused(to_cell(row.get(column))) for column in columns] for row in rows)


def to_cell(value: Any) -> str:
    """Write one value for a person: times RFC 3339 UTC, lists with commas, None as nothing."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(to_cell(item) for item in value)
    return str(value)


def rfc3339(moment: datetime) -> str:
    """Write `2026-11-24T08:00:00Z`; fractions of a second only when there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)


def _csv_lines(lines: Iterable[Sequence[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows(lines)
    return buffer.getvalue()
