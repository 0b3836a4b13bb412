"""Listings as a table, JSON or CSV; text from clouds is made harmless in each.

JSON carries its schema's name and version. A CSV cell that a spreadsheet would run as a formula
starts with an apostrophe. A table shows no control characters, so that nothing observed can move
the cursor or colour the screen.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from agent.escape import defused


class Format(StrEnum):
    """How a listing is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class Listing(Struct, frozen=True, kw_only=True):
    """Rows to show: every row has every column."""

    schema: str
    """Name and version of the JSON form: `assay.rules.v1`."""
    columns: tuple[str, ...]
    rows: Sequence[Mapping[str, Any]]
    empty: str = "nothing to show"
    """What a table says when there is no row."""


def show(listing: Listing, form: Format) -> None:
    """Print the listing to standard output."""
    sys.stdout.write(
        {Format.JSON: to_json, Format.CSV: to_csv, Format.TABLE: _table}[form](listing)
    )


@contextmanager
def unless_unread() -> Iterator[None]:
    """Print as far as somebody reads: whoever has enough of it does not change the exit code."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still held back must not fail again when the interpreter ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def to_json(listing: Listing) -> str:
    """Write `{"schema": ..., "items": [...]}` with every field of every row."""
    document = {"schema": listing.schema, "items": [dict(row) for row in listing.rows]}
    return json.dumps(document, indent=2, ensure_ascii=True, default=_plain) + "\n"


def to_csv(listing: Listing) -> str:
    """Write a header and the columns of each row, RFC 4180, formulas defused."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(listing.columns)
    for row in listing.rows:
        writer.writerow([defused(to_cell(row.get(column))) for column in listing.columns])
    return buffer.getvalue()


def printable(text: str) -> str:
    """Replace control and direction characters, which a terminal would obey, by `?`."""
    return "".join(c if c.isprintable() or c == " " else "?" for c in text)


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


def _table(listing: Listing) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not listing.rows:
        return listing.empty + "\n"
    buffer = io.StringIO()
    color = sys.stdout.isatty()
    width = None if color else 1_000
    console = Console(file=buffer, width=width, force_terminal=color, highlight=False)
    table = Table(box=None, pad_edge=False, show_edge=False)
    for column in listing.columns:
        whole = column in WHOLE
        table.add_column(column.upper().replace("_", " "), overflow="fold", no_wrap=whole)
    for row in listing.rows:
        cells = (printable(to_cell(row.get(column))) for column in listing.columns)
        table.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in cells))
    console.print(table)
    lines = buffer.getvalue().splitlines()
    return "\n".join(line.rstrip() for line in lines) + "\n"


WHOLE = frozenset({"rule", "outcome", "severity", "state"})
"""Columns that a narrow terminal may not break; the others give way."""
STYLES = {"fail": "bold red", "error": "bold yellow", "pass": "green", "waived": "magenta"}
