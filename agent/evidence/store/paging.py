"""Rows a page at a time: each question begins after the last row of the page before.

No page is found by counting from the start: what came before it is not read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from agent.evidence.store.read import Reading, Row

_FINDINGS = """
SELECT s.target, s.rule, r.text, r.region, s.outcome, coalesce(w.code, ''),
  coalesce(w.message, ''), coalesce(w.needs, ''), s.from_run, b.digest, s.resource
FROM (
  SELECT target, rule, resource, from_run, outcome, reason, blob FROM current
  WHERE target = :target AND rule = :rule AND resource > :after AND from_run <= :run{only}
  UNION ALL
  SELECT target, rule, resource, from_run, outcome, reason, blob FROM span
  WHERE target = :target AND rule = :rule AND resource > :after AND from_run <= :run
    AND to_run > :run{only}
  ORDER BY resource LIMIT :most
) s JOIN resource r ON r.id = s.resource
LEFT JOIN reason w ON w.id = s.reason LEFT JOIN blob b ON b.id = s.blob
ORDER BY s.resource"""
_ENTRIES = "SELECT idx, body, hash FROM entry WHERE idx >= ?{only} ORDER BY idx LIMIT ?"
_ENTRIES_BEFORE = "SELECT idx, body FROM entry WHERE idx < ?{only} ORDER BY idx DESC LIMIT ?"
_RUNS = """
SELECT id, entry FROM run
WHERE id > :after AND finished >= :start AND finished < :end{only} ORDER BY id LIMIT :most"""
_CHECKPOINTS = "SELECT size, note FROM checkpoint WHERE size > ? ORDER BY size LIMIT ?"
_HASHES = "SELECT hash FROM entry WHERE idx >= ? AND idx < ? ORDER BY idx"


def findings_of(
    view: Reading,
    *,
    target: int,
    rule: int,
    run: int,
    after: int,
    most: int,
    outcomes: Sequence[int] = (),
) -> Iterator[Row]:
    """Give what a rule said of a target's resources as it stood after `run`, by resource number.

    (target, rule, text, region, outcome, code, message, needs, from_run, digest, resource);
    `after`: only resources of a greater number.
    """
    only = f" AND outcome IN ({', '.join(map(str, map(int, outcomes)))})" if outcomes else ""
    values = {"target": target, "rule": rule, "run": run, "after": after, "most": most}
    yield from view.hot(_FINDINGS.replace("{only}", only), values)


def entries(view: Reading, start: int, most: int, kind: str | None = None) -> Iterator[Row]:
    """Give the entries from `start` on, of one kind when named: (index, bytes, leaf hash)."""
    only, words = _of_kind(kind)
    yield from view.hot(_ENTRIES.replace("{only}", only), [start, *words, most])


def entries_before(view: Reading, before: int, most: int, kind: str | None = None) -> Iterator[Row]:
    """Give the entries before an index, of one kind when named, newest first: (index, bytes)."""
    only, words = _of_kind(kind)
    yield from view.hot(_ENTRIES_BEFORE.replace("{only}", only), [before, *words, most])


def runs(
    view: Reading, start: int, end: int, *, target: int | None, after: int, most: int
) -> Iterator[Row]:
    """Give (number, entry) of the runs that finished in [start, end), of a greater number."""
    only = "" if target is None else " AND target = :target"
    values = {"start": start, "end": end, "target": target, "after": after, "most": most}
    yield from view.hot(_RUNS.replace("{only}", only), values)


def checkpoints(view: Reading, after: int, most: int) -> Iterator[Row]:
    """Give (size, signed note) of the checkpoints of a greater size."""
    yield from view.hot(_CHECKPOINTS, (after, most))


def hashes(view: Reading, low: int, high: int) -> list[bytes]:
    """Give the hashes of the leaves [low, high), in order."""
    return [bytes(row[0]) for row in view.hot(_HASHES, (low, high))]


def _of_kind(kind: str | None) -> tuple[str, list[Any]]:
    if kind is None:
        return "", []
    # so that the index of the other kinds is used
    return " AND kind = ?" + ("" if kind == "run" else " AND kind <> 'run'"), [kind]
