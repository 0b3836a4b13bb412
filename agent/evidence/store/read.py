"""Reading rows from one consistent view; plain tuples, in the order that each question needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import zstandard
from sqlalchemy import Connection, Select, Table, and_, func, select, text, union_all

from agent.evidence.store import tables as t

Row = Any
FAIL = 0
"""The number of the outcome `fail` in the tables: the order of `agent.model.Outcome`."""


class Reading:
    """One view of a store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._expand = zstandard.ZstdDecompressor().decompress

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

    # --- content and words
    def blob_digest(self, number: int | None) -> bytes:
        """Give the digest of a blob; empty for None."""
        if number is None:
            return b""
        row = self._one(select(t.blob.c.digest).where(t.blob.c.id == number))
        return b"" if row is None else bytes(row[0])

    def content(self, digest: bytes) -> bytes | None:
        """Give the content of a digest; None when it is unknown or was deleted by retention."""
        joined = t.blob.join(t.content, t.content.c.blob == t.blob.c.id)
        row = self._one(
            select(t.content.c.body).select_from(joined).where(t.blob.c.digest == digest)
        )
        return None if row is None else bytes(self._expand(row[0]))

    def number_of(self, name: str) -> int | None:
        """Give the number of a target, rule or check; None when it never occurred."""
        row = self._one(select(t.name.c.id).where(t.name.c.text == name))
        return None if row is None else int(row[0])

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

    def last_run(self, target: int, by: int | None = None) -> Row | None:
        """Give the newest run row of a target, of those that had finished at `by`."""
        query = select(t.run).where(t.run.c.target == target).order_by(t.run.c.id.desc()).limit(1)
        return self._one(query if by is None else query.where(t.run.c.finished <= by))

    def slots(self, target: int, start: int, end: int) -> list[int]:
        """Give the slots from `start` to before `end` that have a run."""
        where = and_(t.run.c.target == target, t.run.c.slot >= start, t.run.c.slot < end)
        return [
            int(row[0]) for row in self._rows(select(t.run.c.slot).where(where).order_by("slot"))
        ]

    # --- the state that the next run is compared with
    def standing(self, target: int, rule: int) -> Iterator[tuple[Any, ...]]:
        """Give the open findings of a rule by resource.

        (text, region, leaf, resource, from_run, outcome, reason, blob).
        """
        c, r = t.current.c, t.resource.c
        joined = t.current.join(t.resource, c.resource == r.id)
        where = and_(c.target == target, c.rule == rule)
        columns = (r.text, r.region, c.leaf, c.resource, c.from_run, c.outcome, c.reason, c.blob)
        for row in self._rows(select(*columns).select_from(joined).where(where).order_by(r.text)):
            yield tuple(row)

    def known(self, target: int, check: int) -> Iterator[tuple[Any, ...]]:
        """Give the known resources of a check by id: (text, region, digest, resource)."""
        c, r = t.inventory.c, t.resource.c
        joined = t.inventory.join(t.resource, c.resource == r.id)
        where = and_(c.target == target, c.check == check)
        columns = (r.text, r.region, c.digest, c.resource)
        for row in self._rows(select(*columns).select_from(joined).where(where).order_by(r.text)):
            yield tuple(row)

    # --- findings now and in the past
    def targets(self) -> list[int]:
        """Give the targets that ever had a run."""
        return [int(row[0]) for row in self._rows(select(t.run.c.target).distinct())]

    def findings(
        self,
        *,
        target: int | None = None,
        rule: int | None = None,
        run: int | None = None,
        outcomes: Sequence[int] = (),
    ) -> Iterator[Row]:
        """Give the findings that stand now, or that stood after `run`.

        (target, rule, resource, region, outcome, code, message, needs, from_run, finished, digest)
        where target and rule are numbers and `finished` is when `from_run` did.
        """
        parts = [_stood(t.current, target, rule, run, outcomes)]
        if run is not None:
            parts.append(_stood(t.span, target, rule, run, outcomes))
        stood = union_all(*parts).subquery() if len(parts) > 1 else parts[0].subquery()
        s, r, w = stood.c, t.resource.c, t.reason.c
        joined = (
            stood.join(t.resource, s.resource == r.id)
            .join(t.run, s.from_run == t.run.c.id)
            .outerjoin(t.reason, s.reason == w.id)
            .outerjoin(t.blob, s.blob == t.blob.c.id)
        )
        yield from self._rows(
            select(
                s.target,
                s.rule,
                r.text,
                r.region,
                s.outcome,
                func.coalesce(w.code, ""),
                func.coalesce(w.message, ""),
                func.coalesce(w.needs, ""),
                s.from_run,
                t.run.c.finished,
                t.blob.c.digest,
            )
            .select_from(joined)
            .order_by(s.target, s.rule, r.text)
        )

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

    def _rows(self, query: Any) -> Iterator[Row]:
        yield from self._connection.execution_options(stream_results=True).execute(query)

    def _one(self, query: Select[Any]) -> Row | None:
        return self._connection.execute(query).first()


def _stood(
    table: Table, target: int | None, rule: int | None, run: int | None, outcomes: Sequence[int]
) -> Select[Any]:
    c = table.c
    query = select(c.target, c.rule, c.resource, c.from_run, c.outcome, c.reason, c.blob)
    if target is not None:
        query = query.where(c.target == target)
    if rule is not None:
        query = query.where(c.rule == rule)
    if outcomes:
        query = query.where(c.outcome.in_(outcomes))
    if run is not None:
        query = query.where(c.from_run <= run)
        if table is t.span:
            query = query.where(c.to_run > run)
    return query
