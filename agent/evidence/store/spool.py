"""The spool of one run: its findings and resources on disk until they are sealed.

A SQLite file beside the store, unlinked as soon as it is open: it takes no memory by its size, and
goes when the process dies.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.evidence.store.sqlite import as_store_errors

BATCH = 200
"""Rows that wait in memory before they are written."""
_SCHEMA = """
PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE;
PRAGMA cache_size=-2000;
CREATE TABLE finding(rule TEXT, resource TEXT, region TEXT, leaf BLOB, outcome INT, code TEXT,
    message TEXT, needs TEXT, digest BLOB, PRIMARY KEY(rule, resource)) WITHOUT ROWID;
CREATE TABLE content(digest BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID;
CREATE TABLE seen(kind TEXT, resource TEXT, region TEXT, digest BLOB,
    PRIMARY KEY(kind, resource)) WITHOUT ROWID;
BEGIN;
"""
_ADD = {
    "finding": "INSERT INTO finding VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET "
    "region=excluded.region, leaf=excluded.leaf, outcome=excluded.outcome, code=excluded.code, "
    "message=excluded.message, needs=excluded.needs, digest=excluded.digest "
    "WHERE excluded.outcome < outcome",
    "content": "INSERT OR IGNORE INTO content VALUES (?,?)",
    "seen": "INSERT OR REPLACE INTO seen VALUES (?,?,?,?)",
}


class Spool:
    """Rows of one run, read back in the order of their keys.

    A finding that comes twice (a listing may show a resource on two pages) is kept once, with the
    worst of its outcomes.
    """

    def __init__(self, store: Path) -> None:
        """Open an empty spool beside a store. Raises `StoreError`."""
        self._store = store
        self._rows: dict[str, list[tuple[Any, ...]]] = {table: [] for table in _ADD}
        self._recent: set[bytes] = set()
        with as_store_errors(store):
            self._connection = _open(store)

    def add_finding(self, row: tuple[Any, ...], content: bytes) -> None:
        """Keep a finding, and the content of its digest.

        (rule, resource, region, leaf, outcome, code, message, needs, digest)
        """
        digest = row[8]
        if digest and digest not in self._recent:
            if len(self._recent) >= 20 * BATCH:
                self._recent.clear()
            self._recent.add(digest)
            self._add("content", (digest, content))
        self._add("finding", row)

    def add_seen(self, check: str, resource: str, region: str, digest: bytes) -> None:
        """Keep a resource that was seen."""
        self._add("seen", (check, resource, region, digest))

    def findings(self, rule: str) -> Iterator[tuple[Any, ...]]:
        """Give the findings of a rule by resource: (resource, region, leaf, outcome, code, ...)."""
        return self._read(
            "SELECT resource, region, leaf, outcome, code, message, needs, digest "
            "FROM finding WHERE rule = ? ORDER BY resource",
            rule,
        )

    def seen(self, check: str) -> Iterator[tuple[Any, ...]]:
        """Give what was seen of a check by resource: (resource, region, digest)."""
        return self._read(
            "SELECT resource, region, digest FROM seen WHERE kind = ? ORDER BY resource", check
        )

    def checks(self) -> list[str]:
        """Give the checks of which something was seen."""
        return [row[0] for row in self._read("SELECT DISTINCT kind FROM seen ORDER BY kind")]

    def rules(self) -> list[str]:
        """Give the rules that have findings."""
        return [row[0] for row in self._read("SELECT DISTINCT rule FROM finding ORDER BY rule")]

    def reason(self, rule: str, resource: str, outcome: int) -> tuple[str, str, str] | None:
        """Give code, message and needs of a finding if it has that outcome."""
        sql = "SELECT code, message, needs FROM finding WHERE rule=? AND resource=? AND outcome=?"
        return next(self._read(sql, rule, resource, outcome), None)

    def content(self, digest: bytes) -> bytes:
        """Give the content of a digest that came with a finding."""
        (row,) = self._read("SELECT body FROM content WHERE digest = ?", digest)
        return bytes(row[0])

    def flush(self) -> None:
        """Write all rows that wait."""
        for table, rows in self._rows.items():
            self._write(table, rows)

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()

    def _add(self, table: str, row: tuple[Any, ...]) -> None:
        rows = self._rows[table]
        rows.append(row)
        if len(rows) >= BATCH:
            self._write(table, rows)

    def _write(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            with as_store_errors(self._store):
                self._connection.executemany(_ADD[table], rows)
            rows.clear()

    def _read(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """Give rows; `yield from` would close the cursor of a spool that is closed already."""
        with as_store_errors(self._store):
            for row in self._connection.execute(sql, values):  # noqa: UP028 - see the docstring
                yield row


def merge(
    new: Iterator[tuple[Any, ...]], old: Iterator[tuple[Any, ...]]
) -> Iterator[tuple[tuple[Any, ...] | None, tuple[Any, ...] | None]]:
    """Pair the rows of two sorted streams by their first column; None where a stream has none."""
    ours, theirs = next(new, None), next(old, None)
    while ours is not None or theirs is not None:
        if theirs is None or (ours is not None and ours[0] < theirs[0]):
            yield ours, None
            ours = next(new, None)
        elif ours is None or theirs[0] < ours[0]:
            yield None, theirs
            theirs = next(old, None)
        else:
            yield ours, theirs
            ours, theirs = next(new, None), next(old, None)


def clear_spools(store: Path) -> None:
    """Remove what a process that was killed while it opened a spool has left."""
    for left in store.parent.glob(f".{store.name}-spool-*"):
        left.unlink(missing_ok=True)


def _open(store: Path) -> sqlite3.Connection:
    with tempfile.NamedTemporaryFile(dir=store.parent, prefix=f".{store.name}-spool-") as file:
        connection = sqlite3.connect(file.name, check_same_thread=False, isolation_level=None)
        connection.executescript(_SCHEMA)
    return connection


__all__ = ["Spool", "clear_spools", "merge"]
