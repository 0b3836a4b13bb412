"""Adding rows in one transaction: dictionaries give numbers, hot tables are written in batches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select

from agent.evidence.store import tables as t
from agent.evidence.store.frames import checksum, is_base, pack
from agent.evidence.store.read import Reading
from agent.evidence.store.sqlite import guards

_KEPT = "SELECT b.id FROM blob b JOIN content c ON c.blob = b.id WHERE b.digest = ?"
BATCH = 200
"""Rows that wait in memory before they are written."""


class Writing(Reading):
    """One transaction of the log's writer."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._next: dict[Table, int] = {}
        self._known: dict[tuple[object, ...], int] = {}
        self._waiting: dict[Table, list[tuple[Any, ...]]] = {}

    def put_meta(self, values: Mapping[str, str]) -> None:
        """Add facts about the store itself."""
        rows = [{"key": key, "value": value} for key, value in values.items()]
        self._connection.execute(insert(t.meta), rows)

    def put_entry(self, index: int, kind: str, at: int, leaf: bytes, body: bytes) -> None:
        """Add an entry of the log."""
        self._insert(t.entry, [(index, kind, at, leaf, body)])

    def put_checkpoint(self, size: int, root: bytes, note: bytes) -> None:
        """Add the log's head after an entry."""
        self._insert(t.checkpoint, [(size, root, note)])

    def put_run(self, row: tuple[Any, ...]) -> int:
        """Add a run (entry, target, slot, started, finished, plan); gives its number."""
        number = self._number(t.run)
        self._insert(t.run, [(number, *row)])
        return number

    def add(self, table: Table, row: tuple[Any, ...]) -> None:
        """Add a row to a table in its turn; numbered when the table is."""
        if table in t.DENSE:
            row = (self._number(table), *row)
        rows = self._waiting.setdefault(table, [])
        rows.append(row)
        if len(rows) >= BATCH:
            self._insert(table, rows)
            rows.clear()

    def flush(self) -> None:
        """Write all rows that wait."""
        for table, rows in self._waiting.items():
            if rows:
                self._insert(table, rows)
                rows.clear()

    def name_id(self, text: str) -> int:
        """Give the number of a target, rule or check."""
        return self._word(t.name, (text,))

    def resource_id(self, target: int, text: str, region: str) -> int:
        """Give the number of a resource of a target."""
        return self._word(t.resource, (target, text, region))

    def reason_id(self, code: str, message: str, needs: str) -> int | None:
        """Give the number of a reason; None for no reason at all."""
        return self._word(t.reason, (code, message, needs)) if code or message or needs else None

    def plan_id(self, blob: int, rules: Sequence[int]) -> int:
        """Give the number of a plan, the set of rules (by number) of a run."""
        found = self._find(t.plan, (blob,))
        if found is None:
            found = self._number(t.plan)
            self._insert(t.plan, [(found, blob)])
            self._insert(t.plan_rule, [(found, rule) for rule in sorted(rules)])
        return found

    def blob_id(self, content: bytes, before: bytes | None = None) -> int:
        """Keep a content, once; gives its number.

        `before` is the digest of a content that it is nearly the same as, if there is one.
        """
        digest = sha256(content).digest()
        found = self.blob_of(digest)
        if found is None:
            found = self._find(t.blob, (digest,))
            if found is None:
                found = self._number(t.blob)
                base, body = self._packed(content, before)
                self.add_raw(t.blob, (found, digest, len(content)))
            else:  # retention deleted it, and it has come again; a base must be older than it
                base, body = None, pack(content)
            self.add_raw(t.content, (found, base, checksum(body, base), body))
            self._remember((t.blob, digest), found)
        return found

    def blob_of(self, digest: bytes) -> int | None:
        """Give the number of a content that is kept already; not of one that was deleted."""
        key = (t.blob, digest)
        if key in self._known:
            return self._known[key]
        row = self.hot(_KEPT, (digest,)).fetchone()
        if row is None:
            return None
        self._remember(key, int(row[0]))
        return int(row[0])

    def drop_contents(self, blobs: Iterable[int]) -> None:
        """Delete contents, for retention alone; their digests stay.

        The guard is lifted inside this transaction only, and put back as it was.
        """
        guard = f"{t.content.name}_no_delete"
        self._known.clear()
        self._connection.exec_driver_sql(f"DROP TRIGGER {guard}")
        self._connection.exec_driver_sql(
            f"DELETE FROM {t.content.name} WHERE blob = ?",  # noqa: S608 - our own name
            [(number,) for number in blobs],
        )
        self._connection.exec_driver_sql(guards()[guard])

    def _packed(self, content: bytes, before: bytes | None) -> tuple[int | None, bytes]:
        """Give the base and the frame of a content; no base when one would not halve the frame."""
        alone = pack(content)
        base = None if before is None else self.base_of(before)
        if base is None:
            return None, alone
        dictionary = self.content(self.blob_digest(base))
        if dictionary is None or not is_base(dictionary):
            return None, alone
        body = pack(content, dictionary)
        return (base, body) if 2 * len(body) <= len(alone) else (None, alone)

    def add_raw(self, table: Table, row: tuple[Any, ...]) -> None:
        """Add a row that has its number already."""
        rows = self._waiting.setdefault(table, [])
        rows.append(row)
        if len(rows) >= BATCH:
            self._insert(table, rows)
            rows.clear()

    def replace(self, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Put rows of a projection in the place of those with the same key."""
        if rows:
            sql = _statement(table).replace("INSERT INTO", "INSERT OR REPLACE INTO", 1)
            self._connection.exec_driver_sql(sql, list(rows))

    def drop(self, table: Table, keys: Sequence[tuple[int, ...]]) -> None:
        """Take rows out of a projection by their whole key."""
        columns = [column.name for column in table.primary_key]
        if keys:
            where = " AND ".join(f'"{column}" = ?' for column in columns)
            sql = f"DELETE FROM {table.name} WHERE {where}"  # noqa: S608 - our own names
            self._connection.exec_driver_sql(sql, list(keys))

    def clear_projections(self) -> None:
        """Empty all projections."""
        for table in t.PROJECTIONS:
            self._connection.execute(delete(table))

    def _word(self, table: Table, words: tuple[Any, ...]) -> int:
        key = (table, *words)
        if key in self._known:
            return self._known[key]
        found = self._find(table, words)
        if found is None:
            found = self._number(table)
            self._insert(table, [(found, *words)])
        self._remember(key, found)
        return found

    def _remember(self, key: tuple[object, ...], number: int) -> None:
        if len(self._known) >= 20 * BATCH:
            self.flush()  # what waits must be found in the tables once it is forgotten here
            self._known.clear()
        self._known[key] = number

    def _find(self, table: Table, words: tuple[Any, ...]) -> int | None:
        found = self.hot(_lookup(table, len(words)), words).fetchone()
        return None if found is None else int(found[0])

    def _number(self, table: Table) -> int:
        if table not in self._next:
            key = table.c[t.DENSE[table]]
            highest = self._connection.execute(select(func.max(key))).scalar()
            self._next[table] = int(highest or 0) + 1
        number = self._next[table]
        self._next[table] = number + 1
        return number

    def _insert(self, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            self._connection.exec_driver_sql(_statement(table), list(rows))


@cache
def _statement(table: Table) -> str:
    """INSERT with positional parameters in the order of the columns."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    marks = ", ".join("?" * len(table.columns))
    return f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608 - our own names


@cache
def _lookup(table: Table, words: int) -> str:
    columns = [column.name for column in table.columns][1 : 1 + words]
    where = " AND ".join(f'"{column}" = ?' for column in columns)
    return f"SELECT id FROM {table.name} WHERE {where}"  # noqa: S608 - our own names
