"""SQLite as the store: how it is opened, what guards its rows, what its errors mean.

WAL and `synchronous=FULL`: what is committed survives a power cut. Triggers refuse UPDATE, DELETE
and holes in the numbering of truth; they stop mistakes, not an owner of the file (the log does).
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from agent.evidence.store.errors import (
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreReadOnly,
)
from agent.evidence.store.tables import DENSE, TRUTH

Connect = Callable[..., sqlite3.Connection]
"""Same as `sqlite3.connect`: where a test breaks writes."""

_PRAGMAS = (
    "PRAGMA page_size=8192",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA cache_size=-4000",
    "PRAGMA journal_size_limit=67108864",
)
_MEANING: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_FULL: (StoreFull, "the disk is full; free space and start again"),
    sqlite3.SQLITE_READONLY: (StoreReadOnly, "it may not be written; check its owner and mode"),
    sqlite3.SQLITE_PERM: (StoreReadOnly, "it may not be written; check its owner and mode"),
    sqlite3.SQLITE_CANTOPEN: (StoreReadOnly, "it cannot be opened; check the folder's mode"),
    sqlite3.SQLITE_CORRUPT: (StoreCorrupt, "the file is damaged; restore a copy and verify it"),
    sqlite3.SQLITE_NOTADB: (StoreCorrupt, "this is not a store of Assay, or it is damaged"),
    sqlite3.SQLITE_BUSY: (StoreLocked, "another process holds it"),
    sqlite3.SQLITE_LOCKED: (StoreLocked, "another process holds it"),
}


def open_engine(path: Path, connect: Connect, *, read_only: bool) -> Engine:
    """Prepare connections to the file; none is made yet."""
    uri = f"file:{quote(str(path))}"
    if read_only:
        uri += "?mode=ro" + ("&immutable=1" if _is_still(path) else "")

    def creator() -> sqlite3.Connection:
        made = connect(uri, uri=True, check_same_thread=False, timeout=5, isolation_level=None)
        for pragma in ("PRAGMA query_only=ON",) if read_only else _PRAGMAS:
            made.execute(pragma)
        return made

    engine = create_engine("sqlite://", creator=creator, poolclass=QueuePool, pool_size=4)
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def as_store_errors(path: Path) -> Iterator[None]:
    """Turn the database's errors into one-line `StoreError`s that name the file."""
    try:
        yield
    except DBAPIError as error:
        raise _translate(error.orig, path) from error
    except sqlite3.Error as error:
        raise _translate(error, path) from error
    except UnicodeDecodeError as error:  # SQLite's message quotes a name that is damaged
        kind, remedy = _MEANING[sqlite3.SQLITE_CORRUPT]
        raise kind(f"{path}: {remedy}") from error


def guards() -> dict[str, str]:
    """Give the triggers by name: truth is never updated or deleted, and numbered without holes."""
    found = {}
    for table in TRUTH:
        for verb in ("update", "delete"):
            found[f"{table.name}_no_{verb}"] = (
                f"CREATE TRIGGER {table.name}_no_{verb} BEFORE {verb.upper()} ON {table.name} "
                f"BEGIN SELECT RAISE(ABORT, '{table.name} is only ever added to'); END"
            )
    for table, key in DENSE.items():
        first = 0 if table.name == "entry" else 1
        highest = f"SELECT coalesce(max({key}) + 1, {first}) FROM {table.name}"  # noqa: S608 - ours
        found[f"{table.name}_dense"] = (
            f"CREATE TRIGGER {table.name}_dense BEFORE INSERT ON {table.name} "
            f"WHEN NEW.{key} <> ({highest}) "
            f"BEGIN SELECT RAISE(ABORT, '{table.name} is numbered without holes'); END"
        )
    return found


def create_guards(connection: Connection) -> None:
    """Install the triggers."""
    for statement in guards().values():
        connection.execute(text(statement))


def damage(connection: Connection) -> list[str]:
    """Run SQLite's own check of pages and indexes; gives what it finds."""
    lines = [str(row[0]) for row in connection.execute(text("PRAGMA integrity_check(3)"))]
    return [line for line in lines if line != "ok"]


def missing_guards(connection: Connection) -> list[str]:
    """Names of triggers that were dropped or changed, and of those that were added."""
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    found = {str(row[0]): str(row[1]) for row in rows}
    expected = guards()
    return sorted(name for name in found.keys() | expected if found.get(name) != expected.get(name))


def schema_digest(connection: Connection) -> str:
    """Give the hex SHA-256 of all definitions of tables, indexes and triggers."""
    query = (
        "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%' ORDER BY 2"
    )
    rows = [[str(part) for part in row] for row in connection.execute(text(query))]
    return sha256(json.dumps(rows).encode()).hexdigest()


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _is_still(path: Path) -> bool:
    """Whether nobody can be writing: a folder that may not be written, and no journal to replay."""
    journal = path.with_name(path.name + "-wal")
    return not os.access(path.parent, os.W_OK) and not (journal.exists() and journal.stat().st_size)


def _translate(error: Any, path: Path) -> StoreError:
    code = getattr(error, "sqlite_errorcode", None)
    kind, advice = _MEANING.get((code or 0) & 0xFF, (StoreError, f"it failed: {error}"))
    return kind(f"{path}: {advice}")
