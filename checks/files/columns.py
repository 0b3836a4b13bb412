"""Says what the columns of a table mean, and turns what is written into values of their kind.

A check declares its columns among the parameters of its listing:

    columns:
      email: {kind: email, required: true}
      status: {kind: word, values: [active, terminated], required: true}
      users: {kind: list, else: email}

`required`: every row must have it. `else: email`: where the file has no such column, the e-mail
address and its part before the @ stand for it. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from checks.canonical import rfc3339
from checks.files.tables import Row, Table, TableError

Columns = Mapping[str, Mapping[str, Any]]
"""Name -> {kind, values?, required?, else?}, as a check writes them."""

Words = Mapping[str, Mapping[str, str]]
"""Column -> what the file writes -> what it stands for (`{status: {Leaver: terminated}}`)."""


def read_rows(
    table: Table, columns: Columns, key: str, *, called: Mapping[str, str], words: Words
) -> list[dict[str, Any]]:
    """Every row with the values of `columns`; other columns of the file are not kept.

    `called`: our name of a column -> the file's, where they differ. Raises `TableError` when a
    column or value is missing or wrong, and when two rows have the same `key`.
    """
    if not table.rows:
        raise TableError("has no rows, which is suspicious: nobody and nothing at all")
    names = {name: _column(table, name, called) for name in columns}
    for name, spec in columns.items():
        if names[name] is None and (spec.get("required") or name in called):
            wanted = called.get(name, name)
            raise TableError(f"has no column '{wanted}'; it has {', '.join(table.columns)}")
    rows: list[dict[str, Any]] = []
    seen: dict[Any, str] = {}
    for row in table.rows:
        values = _values(row, columns, names, words)
        identity = values[key]
        if identity in seen:
            raise TableError(f"{row.place} has the same {key} as {seen[identity]}: {identity}")
        seen[identity] = row.place
        rows.append(values)
    return rows


def read_time(value: Any) -> datetime:
    """An ISO 8601 date or time. A date is its first instant; a time without a zone is in UTC."""
    try:
        found = datetime.fromisoformat(_text(value))
    except ValueError as error:
        raise TableError(f"'{value}' is not a date like 2026-01-31") from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _column(table: Table, name: str, called: Mapping[str, str]) -> str | None:
    """What the file calls a column; its own spelling when only the case differs."""
    wanted = called.get(name, name).strip()
    if wanted in table.columns:
        return wanted
    alike = [one for one in table.columns if one.casefold() == wanted.casefold()]
    return alike[0] if len(alike) == 1 else None


def _values(
    row: Row, columns: Columns, names: Mapping[str, str | None], words: Words
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, spec in columns.items():
        written = row.cells.get(names[name] or "")
        if written is None or written in ("", []):
            if spec.get("required"):
                raise TableError(f"{row.place} has no {names[name]}")
            if names[name] is None and "else" in spec:
                values[name] = _names_of(values[spec["else"]])
            continue
        try:
            values[name] = _KINDS[spec["kind"]](written, spec, words.get(name, {}))
        except TableError as error:
            raise TableError(f"{row.place}, {names[name]}: {error}") from error
    return values


def _names_of(address: str) -> list[str]:
    return list(dict.fromkeys([address, address.partition("@")[0]]))


def _text(value: Any, *_: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TableError(f"a {type(value).__name__} where text was expected")
    return str(value).strip()


def _email(value: Any, *_: Any) -> str:
    text = _text(value).lower()
    if not _EMAIL.fullmatch(text):
        raise TableError(f"'{text}' is not an e-mail address")
    return text


def _word(value: Any, spec: Mapping[str, Any], words: Mapping[str, str]) -> str:
    text = _text(value).casefold()
    meant = {written.strip().casefold(): word for written, word in words.items()}.get(text, text)
    if meant not in spec["values"]:
        raise TableError(f"'{value}' is none of {', '.join(spec['values'])}; `values` can map it")
    return meant


def _flag(value: Any, *_: Any) -> bool:
    text = str(value).strip().casefold() if isinstance(value, str | bool) else ""
    if text not in _FLAGS:
        raise TableError(f"'{value}' is neither yes nor no")
    return _FLAGS[text]


def _time(value: Any, *_: Any) -> str:
    return rfc3339(read_time(value))


def _list(value: Any, *_: Any) -> list[str]:
    """Texts; in one cell they are parted by semicolons, commas or spaces."""
    parts = value if isinstance(value, list) else re.split(r"[;,\s]+", _text(value))
    return [text for text in map(_text, parts) if text]


_FLAGS = {"yes": True, "true": True, "no": False, "false": False}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_KINDS: Mapping[str, Callable[[Any, Mapping[str, Any], Mapping[str, str]], Any]] = {
    "text": _text,
    "email": _email,
    "word": _word,
    "flag": _flag,
    "time": _time,
    "list": _list,
}
KINDS = frozenset(_KINDS)
"""The kinds of columns that there are."""
