"""Listings on the screen: as a table, JSON or CSV.

A table shows no control characters, so that nothing observed can move the cursor or colour the
screen.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from agent.listing import Listing, rfc3339, to_cell, to_csv, to_json

__all__ = [
    "Format",
    "Listing",
    "printable",
    "rfc3339",
    "show",
    "to_cell",
    "to_csv",
    "to_json",
    "unless_unread",
]


class Format(StrEnum):
    """How a listing is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


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


def printable(text: str) -> str:
    """Replace control and direction characters, which a terminal would obey, by `?`."""
    return "".join(c if c.isprintable() or c == " " else "?" for c in text)


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
