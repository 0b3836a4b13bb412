"""What a period holds, for reports: runs by plan, the spans of a rule, the coming and going.

As `past`, one statement on the driver for each question: a report reads every span once.
"""

from __future__ import annotations

from collections.abc import Iterator

from agent.evidence.store.read import Reading, Row

_PLANS = """
SELECT target, plan, count(*), min(finished), max(finished), max(id) FROM run
WHERE finished >= ? AND finished < ? GROUP BY target, plan ORDER BY min(id)"""
_PLAN_BLOBS = "SELECT p.id, b.digest FROM plan p JOIN blob b ON b.id = p.blob"
_RUN_ENTRIES = """
SELECT r.target, r.finished, e.body FROM run r JOIN entry e ON e.idx = r.entry
WHERE r.finished >= ? AND r.finished < ? ORDER BY r.id"""
_DAYS = """
SELECT DISTINCT finished / 86400000000 FROM run
WHERE target = ? AND finished >= ? AND finished < ? ORDER BY 1"""

_SPANS = """
SELECT s.resource, r.text, s.from_run, s.to_run, s.outcome, coalesce(w.code, '') FROM (
  SELECT resource, from_run, to_run, outcome, reason FROM span
  WHERE target = :target AND rule = :rule AND from_run <= :last AND to_run >= :first
  UNION ALL
  SELECT resource, from_run, NULL, outcome, reason FROM current
  WHERE target = :target AND rule = :rule AND from_run <= :last
) s JOIN resource r ON r.id = s.resource
LEFT JOIN reason w ON w.id = s.reason AND s.outcome IN (1, 2)"""

# A resource is there when its newest sighting is not one of its going (which has no digest).
_THERE = """
SELECT s.check_, count(*) FROM (
  SELECT "check" AS check_, resource, max(seq) AS seq FROM sighting
  WHERE run <= :run GROUP BY "check", resource
) s JOIN sighting n ON n.seq = s.seq JOIN resource r ON r.id = s.resource
WHERE n.digest IS NOT NULL AND r.target IN ({targets}) GROUP BY s.check_"""
_MOVED = """
SELECT check_, sum(digest IS NOT NULL AND before IS NULL), sum(digest IS NULL) FROM (
  SELECT "check" AS check_, s.resource, s.run, s.digest,
    lag(s.digest) OVER (PARTITION BY s."check", s.resource ORDER BY s.seq) AS before
  FROM sighting s JOIN resource r ON r.id = s.resource WHERE r.target IN ({targets})
) WHERE run > :start AND run <= :end GROUP BY check_"""


def plans(view: Reading, start: int, end: int) -> Iterator[Row]:
    """Give the plans of the runs that finished from `start` to before `end`, target by target.

    (target, plan, runs, first finished, last finished, last run)
    """
    yield from view.hot(_PLANS, (start, end))


def plan_digests(view: Reading) -> dict[int, bytes]:
    """Give the digest of the document of every plan."""
    return {int(row[0]): bytes(row[1]) for row in view.hot(_PLAN_BLOBS, ())}


def run_entries(view: Reading, start: int, end: int) -> Iterator[Row]:
    """Give (target, finished, entry's bytes) of the runs of a period, oldest first."""
    yield from view.hot(_RUN_ENTRIES, (start, end))


def run_days(view: Reading, target: int, start: int, end: int) -> list[int]:
    """Give the days (counted from 1970, UTC) on which runs of a target finished."""
    return [int(row[0]) for row in view.hot(_DAYS, (target, start, end))]


def spans(view: Reading, target: int, rule: int, first: int, last: int) -> Iterator[Row]:
    """Give the spans of a rule on a target that stood before `first`, after `last` or between.

    (resource, text, from_run, to_run or None, outcome, code); the code of errors and waivers only.
    """
    values = {"target": target, "rule": rule, "first": first, "last": last}
    yield from view.hot(_SPANS, values)


def there(view: Reading, targets: list[int], run: int) -> dict[int, int]:
    """Count the resources of each check that were there after `run`."""
    sql = _THERE.replace("{targets}", ", ".join(map(str, targets)))
    return {int(check): int(count) for check, count in view.hot(sql, {"run": run})}


def moved(view: Reading, targets: list[int], start: int, end: int) -> dict[int, tuple[int, int]]:
    """Count what appeared and went after run `start`, up to run `end`: check -> (joined, left)."""
    sql = _MOVED.replace("{targets}", ", ".join(map(str, targets)))
    found = view.hot(sql, {"start": start, "end": end})
    return {int(check): (int(joined), int(left)) for check, joined, left in found}
