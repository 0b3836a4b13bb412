"""Reading rows from one consistent view; plain tuples, in the order that each question needs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, func, select, text, union

from agent.evidence.store import sqlite
from agent.evidence.store import tables as t
from agent.evidence.store.errors import StoreCorrupt
from agent.evidence.store.frames import FrameInvalid, unpack

Row = Any
FAIL = 0
"""The number of the outcome `fail` in the tables: the order of `agent.model.Outcome`."""

# What is asked for every rule of a run or for every finding shown is written out: building these
# statements anew would cost more than running them.
_NUMBER_OF = "SELECT id FROM name WHERE text = ?"
_CONTENT = """
SELECT b.size, c.body, bb.size, bc.body FROM blob b JOIN content c ON c.blob = b.id
LEFT JOIN blob bb ON bb.id = c.base LEFT JOIN content bc ON bc.blob = c.base WHERE b.digest = ?"""
_BASE = """
SELECT coalesce(c.base, b.id) FROM blob b JOIN content c ON c.blob = b.id WHERE b.digest = ?"""
_LAST_RUN = "SELECT * FROM run WHERE target = ? AND finished <= ? ORDER BY id DESC LIMIT 1"
_RUN_TIMES = "SELECT started, finished FROM run WHERE id = ?"
_RUN_PLACE = "SELECT entry, slot FROM run WHERE id = ?"
_RUN_BOUNDS = """
SELECT coalesce((SELECT min(id) FROM run WHERE finished >= ?), 0),
  coalesce((SELECT max(id) FROM run WHERE finished < ?), 0)"""
_STANDING = """
SELECT r.text, r.region, c.leaf, c.resource, c.from_run, c.outcome, c.reason, c.blob
FROM current c JOIN resource r ON r.id = c.resource
WHERE c.target = ? AND c.rule = ? ORDER BY r.text"""
_KNOWN = """
SELECT r.text, r.region, i.digest, i.resource
FROM inventory i JOIN resource r ON r.id = i.resource
WHERE i.target = ? AND i."check" = ? ORDER BY r.text"""
_SPAN = """
SELECT to_run, outcome, reason, blob FROM span
WHERE target = ? AND rule = ? AND resource = ? AND from_run = ?"""

_OUTLIVED = """
SELECT b.id, b.digest, b.size FROM blob b JOIN content c ON c.blob = b.id
WHERE b.id IN (SELECT blob FROM span WHERE to_run <= :last)
  AND b.id NOT IN (SELECT blob FROM span WHERE to_run > :last AND blob IS NOT NULL)
  AND b.id NOT IN (SELECT blob FROM current WHERE blob IS NOT NULL)
  AND b.id NOT IN (SELECT base FROM content WHERE base IS NOT NULL)
ORDER BY b.id"""
_FREE = """
SELECT b.id, b.size FROM blob b JOIN content c ON c.blob = b.id
WHERE b.digest = ? AND NOT EXISTS (SELECT 1 FROM content d WHERE d.base = b.id)"""


class Reading:
    """One view of a store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._times: dict[int, tuple[int, int]] = {}

    # --- the log
    def meta(self) -> dict[str, str]:
        """Facts about the store: schema_version, origin, vkey."""
        return {str(row[0]): str(row[1]) for row in self._rows(select(t.meta))}

    def size(self) -> int:
        """Count the entries."""
        highest = self._connection.execute(select(func.max(t.entry.c.idx))).scalar()
        return 0 if highest is None else int(highest) + 1

    def hashes(self) -> Iterator[bytes]:
        """Give the hash of every leaf in order."""
        for row in self._rows(select(t.entry.c.hash).order_by(t.entry.c.idx)):
            yield bytes(row[0])

    def entries(self, kind: str | None = None, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Give (index, bytes) of the entries from `start` on, of one kind when named."""
        query = select(t.entry.c.idx, t.entry.c.body).where(t.entry.c.idx >= start)
        if kind is not None:
            query = query.where(t.entry.c.kind == kind)
            if kind != "run":
                query = query.where(t.entry.c.kind != text("'run'"))  # so that the index is used
        for row in self._rows(query.order_by(t.entry.c.idx)):
            yield int(row[0]), bytes(row[1])

    def entry(self, index: int) -> bytes | None:
        """Give the bytes of one entry."""
        row = self._one(select(t.entry.c.body).where(t.entry.c.idx == index))
        return None if row is None else bytes(row[0])

    def checkpoint(self, size: int | None = None) -> bytes | None:
        """Give the signed checkpoint of a size, or the newest."""
        query = select(t.checkpoint.c.note).order_by(t.checkpoint.c.size.desc()).limit(1)
        if size is not None:
            query = query.where(t.checkpoint.c.size == size)
        row = self._one(query)
        return None if row is None else bytes(row[0])

    def notes(self) -> Iterator[tuple[int, bytes]]:
        """Give (size, signed note) of all checkpoints in order."""
        c = t.checkpoint.c
        for row in self._rows(select(c.size, c.note).order_by(c.size)):
            yield int(row[0]), bytes(row[1])

    # --- content and words
    def blob_digest(self, number: int | None) -> bytes:
        """Give the digest of a blob; empty for None."""
        if number is None:
            return b""
        row = self._one(select(t.blob.c.digest).where(t.blob.c.id == number))
        return b"" if row is None else bytes(row[0])

    def content(self, digest: bytes) -> bytes | None:
        """Give the content of a digest; None when it is unknown or was deleted by retention.

        Raises `StoreCorrupt` when its frame cannot be expanded.
        """
        row = self.hot(_CONTENT, (digest,)).fetchone()
        if row is None:
            return None
        size, body, base_size, base_body = row
        try:
            base = None if base_body is None else unpack(base_body, base_size)
            return unpack(body, size, base)
        except FrameInvalid as error:
            raise StoreCorrupt(f"blob {digest.hex()}: cannot be expanded: {error}") from error

    def base_of(self, digest: bytes) -> int | None:
        """Give the blob that a content is based on, or itself; None when it is not there."""
        row = self.hot(_BASE, (digest,)).fetchone()
        return None if row is None else int(row[0])

    def number_of(self, name: str) -> int | None:
        """Give the number of a target, rule or check; None when it never occurred."""
        found = self.hot(_NUMBER_OF, (name,)).fetchone()
        return None if found is None else int(found[0])

    def names(self) -> dict[int, str]:
        """Give all targets, rules and checks by number."""
        return {int(row[0]): str(row[1]) for row in self._rows(select(t.name))}

    # --- runs
    def run_in_slot(self, target: int, slot: int) -> int | None:
        """Give the entry of the run of a slot."""
        row = self._one(
            select(t.run.c.entry).where(and_(t.run.c.target == target, t.run.c.slot == slot))
        )
        return None if row is None else int(row[0])

    def run_at(self, entry: int) -> int | None:
        """Give the number of the run of an entry."""
        row = self._one(select(t.run.c.id).where(t.run.c.entry == entry))
        return None if row is None else int(row[0])

    def last_run(self, target: int, by: int = sys.maxsize) -> Row | None:
        """Give the newest run row of a target, of those that had finished at `by`."""
        return self.hot(_LAST_RUN, (target, by)).fetchone()

    def slots(self, target: int, start: int, end: int) -> list[int]:
        """Give the slots from `start` to before `end` that have a run."""
        where = and_(t.run.c.target == target, t.run.c.slot >= start, t.run.c.slot < end)
        return [
            int(row[0]) for row in self._rows(select(t.run.c.slot).where(where).order_by("slot"))
        ]

    # --- the state that the next run is compared with
    def standing(self, target: int, rule: int) -> Iterator[tuple[Any, ...]]:
        """Give the open findings of a rule by resource.

        (text, region, leaf, resource, from_run, outcome, reason, blob)
        """
        for row in self.hot(_STANDING, (target, rule)):
            yield tuple(row)

    def known(self, target: int, check: int) -> Iterator[tuple[Any, ...]]:
        """Give the known resources of a check by id: (text, region, digest, resource)."""
        for row in self.hot(_KNOWN, (target, check)):
            yield tuple(row)

    # --- findings now and in the past
    def targets(self) -> list[int]:
        """Give the targets that ever had a run."""
        return [int(row[0]) for row in self._rows(select(t.run.c.target).distinct())]

    def latest(self) -> Iterator[Row]:
        """Give the newest run of every rule on every target, with its counts.

        (target, rule, run, fail, error, waived, pass, not_applicable, entry, slot, started,
        finished)
        """
        r = t.run.c
        joined = t.latest.join(t.run, t.latest.c.run == r.id)
        yield from self._rows(
            select(*t.latest.c, r.entry, r.slot, r.started, r.finished).select_from(joined)
        )

    # --- runs in time
    def run_bounds(self, start: int, end: int) -> tuple[int, int]:
        """Give the first run that finished at or after `start`, the last that did before `end`."""
        first, last = self.hot(_RUN_BOUNDS, (start, end)).fetchone()
        return int(first), int(last)

    def run_times(self, number: int) -> tuple[int, int]:
        """Give when a run started and finished."""
        if number not in self._times:
            row = self.hot(_RUN_TIMES, (number,)).fetchone()
            self._times[number] = (0, 0) if row is None else (int(row[0]), int(row[1]))
        return self._times[number]

    def run_place(self, number: int) -> tuple[int, int | None]:
        """Give the entry of a run, and its slot; None: it was of none."""
        entry, slot = self.hot(_RUN_PLACE, (number,)).fetchone()
        return int(entry), None if slot is None else int(slot)

    def bases(self, target: int, by: int) -> dict[int, int]:
        """Give, rule by rule, the newest run on a target that had finished at `by`."""
        c, p = t.run.c, t.plan_rule.c
        where = and_(c.target == target, c.finished <= by)
        newest = select(c.plan, func.max(c.id)).where(where).group_by(c.plan)
        found: dict[int, int] = {}
        for plan, run in sorted(self._rows(newest), key=lambda row: int(row[1])):
            for row in self._rows(select(p.rule).where(p.plan == plan)):
                found[int(row[0])] = int(run)
        return found

    def runs(self, start: int, end: int, target: int | None = None) -> Iterator[Row]:
        """Give the runs that finished from `start` to before `end`, oldest first.

        (id, entry, target, slot, started, finished, plan)
        """
        where = and_(t.run.c.finished >= start, t.run.c.finished < end)
        query = select(t.run).where(where).order_by(t.run.c.id)
        yield from self._rows(query if target is None else query.where(t.run.c.target == target))

    # --- all rows, to verify them or to build the projections again
    def table(self, table: Table) -> Iterator[Row]:
        """Give all rows of a table in the order of its key."""
        yield from self._rows(select(table).order_by(*table.primary_key.columns))

    def count(self, table: Table) -> int:
        """Count the rows of a table."""
        return int(self._connection.execute(select(func.count()).select_from(table)).scalar() or 0)

    def changes(self) -> Iterator[Row]:
        """Give all change rows with their words.

        (seq, run, rule, resource, outcome, reason, blob, code, message, needs, digest, target,
        text, region)
        """
        c, w, r = t.change.c, t.reason.c, t.resource.c
        joined = (
            t.change.outerjoin(t.reason, c.reason == w.id)
            .outerjoin(t.blob, c.blob == t.blob.c.id)
            .outerjoin(t.resource, c.resource == r.id)
        )
        columns = (w.code, w.message, w.needs, t.blob.c.digest, r.target, r.text, r.region)
        yield from self._rows(select(*t.change.c, *columns).select_from(joined).order_by(c.seq))

    def sightings(self) -> Iterator[Row]:
        """Give all sightings: (seq, run, check, resource, digest, target, text, region)."""
        c, r = t.sighting.c, t.resource.c
        joined = t.sighting.outerjoin(t.resource, c.resource == r.id)
        columns = (r.target, r.text, r.region)
        yield from self._rows(select(*t.sighting.c, *columns).select_from(joined).order_by(c.seq))

    def contents(self) -> Iterator[Row]:
        """Give all blobs as they are stored: (id, digest, size, base, crc, body)."""
        joined = t.blob.outerjoin(t.content, t.content.c.blob == t.blob.c.id)
        columns = (*t.blob.c, t.content.c.base, t.content.c.crc, t.content.c.body)
        yield from self._rows(select(*columns).select_from(joined).order_by(t.blob.c.id))

    def bases_of_contents(self) -> set[int]:
        """Give the blobs that contents are based on."""
        bases = select(t.content.c.base).where(t.content.c.base.is_not(None)).distinct()
        return {int(row[0]) for row in self._rows(bases)}

    def outlived(self, before: int) -> Iterator[tuple[int, bytes, int]]:
        """Give (blob, digest, size) of the values that no finding has had since an instant.

        Left out are those that are gone already, and those that others are based on.
        """
        _, last = self.run_bounds(0, before)
        for row in self.hot(_OUTLIVED, {"last": last}):
            yield int(row[0]), bytes(row[1]), int(row[2])

    def kept(self, digest: bytes) -> tuple[int, int] | None:
        """Give (blob, size) of a content that is there and that no other is based on."""
        row = self.hot(_FREE, (digest,)).fetchone()
        return None if row is None else (int(row[0]), int(row[1]))

    def closed_span(self, target: int, rule: int, resource: int, from_run: int) -> Row | None:
        """Give (to_run, outcome, reason, blob) of a span that ended."""
        return self.hot(_SPAN, (target, rule, resource, from_run)).fetchone()

    def uncited(self) -> Iterator[tuple[str, int]]:
        """Give (table, number) of the rows of truth that no other row refers to.

        Blobs are left out: entries refer to some of them by digest.
        """
        uses = {
            t.resource: (t.change.c.resource, t.sighting.c.resource),
            t.reason: (t.change.c.reason,),
            t.plan: (t.run.c.plan,),
        }
        for table, columns in uses.items():
            used = union(*(select(column).where(column.is_not(None)) for column in columns))
            key = table.c.id
            for row in self._rows(select(key).where(key.not_in(used)).order_by(key)):
                yield table.name, int(row[0])
        orphans = select(t.content.c.blob).where(t.content.c.blob.not_in(select(t.blob.c.id)))
        for row in self._rows(orphans):
            yield t.content.name, int(row[0])

    def uncited_blobs(self) -> Iterator[bytes]:
        """Give the digests of the blobs that no change and no plan refers to."""
        used = union(
            select(t.change.c.blob).where(t.change.c.blob.is_not(None)), select(t.plan.c.blob)
        )
        query = select(t.blob.c.digest).where(t.blob.c.id.not_in(used)).order_by(t.blob.c.id)
        for row in self._rows(query):
            yield bytes(row[0])

    def damage(self) -> list[str]:
        """Give what the database's own check of its file finds, and guards that are not there."""
        guards = sqlite.missing_guards(self._connection)
        return [*sqlite.damage(self._connection), *(f"the guard {name}" for name in guards)]

    def schema_digest(self) -> str:
        """Give the hex SHA-256 of the definitions of all tables, indexes and guards."""
        return sqlite.schema_digest(self._connection)

    def hot(self, sql: str, values: Any) -> Any:
        """Run a statement of this room on the driver itself: a tenth of the time for one row."""
        cursor = self._connection.connection.cursor()
        cursor.execute(sql, values)
        return cursor

    def _rows(self, query: Any) -> Iterator[Row]:
        yield from self._connection.execution_options(stream_results=True).execute(query)

    def _one(self, query: Select[Any]) -> Row | None:
        return self._connection.execute(query).first()
