"""Reads the rows of an exported table: CSV, JSON or YAML text in, rows with their places out.

Pure. A table is believed as a whole or not at all: one line that does not fit refuses the file,
because a row that was skipped would be a person whom nobody looks for.

    TableError      the text is not a table; the message says in which line or row
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from checks.yaml import YamlError, parse_yaml, plain


class TableError(ValueError):
    """The text is not a table, or a cell is not what its column says."""


class Row(Struct, frozen=True, kw_only=True):
    """One row as it is written."""

    place: str
    """`line 3` of a CSV file, `row 2` of another: where a person finds it."""
    cells: Mapping[str, Any]


class Table(Struct, frozen=True, kw_only=True):
    """What a file holds."""

    columns: tuple[str, ...]
    """Of CSV the header; of JSON and YAML every member that some row has."""
    rows: tuple[Row, ...]
    members: Mapping[str, Any]
    """What stands beside the rows in JSON and YAML: when they were exported, for example."""


def read_table(data: bytes, suffix: str) -> Table:
    """The table in the bytes of a file whose name ends in `suffix`. Raises `TableError`."""
    read = _READERS.get(suffix.lower())
    if read is None:
        raise TableError(f"'{suffix}' is none of {', '.join(_READERS)}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(f"is not UTF-8 text (byte {error.start})") from error
    return read(text)


def _from_csv(text: str) -> Table:
    """CSV with a header. Commas, semicolons or tabs: whichever the header has most of."""
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    rows: list[Row] = []
    header: list[str] = []
    try:
        for line in reader:
            cells = [cell.strip() for cell in line]
            if not any(cells):
                continue
            if not header:
                header = _header(cells)
            elif len(cells) == len(header):
                given = dict(zip(header, cells, strict=True))
                rows.append(Row(place=f"line {reader.line_num}", cells=given))
            else:
                raise TableError(
                    f"line {reader.line_num} has {len(cells)} fields, the header {len(header)}"
                )
    except csv.Error as error:
        raise TableError(f"line {reader.line_num}: {error}") from error
    return Table(columns=tuple(header), rows=tuple(rows), members={})


def _header(cells: list[str]) -> list[str]:
    for name in cells:
        if cells.count(name) > 1:
            raise TableError(f"two columns are called '{name}'")
    return cells


def _from_json(text: str) -> Table:
    try:
        document = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise TableError(f"is not JSON: {error}") from error
    return _from_document(document)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError(f"a member of {', '.join(members)} is given twice")
    return members


def _from_yaml(text: str) -> Table:
    try:
        document = plain(parse_yaml(text, "line"))
    except YamlError as error:
        raise TableError(f"is not YAML: {error}") from error
    return _from_document(document)


def _from_document(document: Any) -> Table:
    """A list of objects; or an object whose member `rows` is one."""
    members = document if isinstance(document, dict) else {}
    listed = members.get("rows") if members else document
    if not isinstance(listed, list):
        raise TableError("neither a list of rows, nor an object with a member `rows`")
    rows = []
    for number, cells in enumerate(listed, start=1):
        if not isinstance(cells, dict):
            raise TableError(f"row {number} is not an object")
        rows.append(Row(place=f"row {number}", cells=cells))
    columns = tuple(dict.fromkeys(name for row in rows for name in row.cells))
    beside = {name: value for name, value in members.items() if name != "rows"}
    return Table(columns=columns, rows=tuple(rows), members=beside)


_DELIMITERS = (",", ";", "\t")
_READERS: Mapping[str, Callable[[str], Table]] = {
    ".csv": _from_csv,
    ".json": _from_json,
    ".yaml": _from_yaml,
    ".yml": _from_yaml,
}
