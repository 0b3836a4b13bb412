"""Tables as CSV (RFC 4180): what every table says of itself first, then a header and the rows.

The first lines are `name,text`, then comes an empty line, then the header; there are `PREFACE` of
them in every file. No cell is a formula for a spreadsheet.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from agent.escape import defused, visible
from agent.reports.tables import Cell, Table

PREFACE = 8
"""Lines before the header: the preface, what a row is, an empty one."""


def write_csv(table: Table, preface: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Give the lines of a file."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    head = [*preface, ("Table", f"{table.name}: {table.says}"), ()]
    rows = (tuple(map(to_text, row)) for row in (*head, table.columns))
    for row in rows:
        writer.writerow(row)
    yield buffer.getvalue()
    for cells in table.rows:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([to_text(cell) for cell in cells])
        yield buffer.getvalue()


def to_text(cell: Cell) -> str:
    """Write a cell: times RFC 3339 in UTC, lengths in hours, nothing for None."""
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case str():
            return defused(visible(cell))
        case datetime():
            return f"{cell:%Y-%m-%dT%H:%M:%SZ}"
        case timedelta():
            return str(hours(cell))
        case _:
            return str(cell)


def hours(length: timedelta) -> float:
    """Give a length in hours, to a third of a second."""
    return round(length.total_seconds() / 3600, 4)
