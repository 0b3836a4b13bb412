"""The findings that stand, stood and failed: one statement on the driver for each question.

What is asked for thousands of rows at a time is written out and not built: SQLAlchemy would take
as long for a row as the database does.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any

from agent.evidence.store.read import Reading, Row

_STOOD = """
SELECT s.target, s.rule, r.text, r.region, s.outcome, coalesce(w.code, ''),
  coalesce(w.message, ''), coalesce(w.needs, ''), s.from_run, b.digest
FROM ({stood}) s JOIN resource r ON r.id = s.resource
LEFT JOIN reason w ON w.id = s.reason LEFT JOIN blob b ON b.id = s.blob
ORDER BY s.target, s.rule, r.text"""
_OUTCOMES = """
SELECT r.text, s.outcome FROM ({stood}) s JOIN resource r ON r.id = s.resource"""
_COUNTS = "SELECT rule, outcome, count(*) FROM ({stood}) GROUP BY rule, outcome ORDER BY rule"
_HISTORY = """
SELECT s.target, s.from_run, s.to_run, s.outcome, w.code, w.message, w.needs, b.digest FROM (
  SELECT target, from_run, to_run, outcome, reason, blob FROM span
  WHERE target = ? AND rule = ? AND resource IN (
    SELECT id FROM resource WHERE target = span.target AND text = ?)
  UNION ALL
  SELECT target, from_run, NULL, outcome, reason, blob FROM current
  WHERE target = ? AND rule = ? AND resource IN (
    SELECT id FROM resource WHERE target = current.target AND text = ?)
) s LEFT JOIN reason w ON w.id = s.reason LEFT JOIN blob b ON b.id = s.blob
ORDER BY s.from_run"""

_RULES_OF = """
SELECT p.rule FROM (SELECT DISTINCT rule FROM plan_rule) p WHERE EXISTS (
  SELECT 1 FROM ({named}) r CROSS JOIN current c
  WHERE c.target = r.target AND c.rule = p.rule AND c.resource = r.id
) OR EXISTS (
  SELECT 1 FROM ({named}) r CROSS JOIN span s
  WHERE s.target = r.target AND s.rule = p.rule AND s.resource = r.id
) ORDER BY p.rule"""
_NAMED = """
SELECT id, target FROM resource
WHERE text = :text AND target IN (SELECT DISTINCT target FROM run)"""
_RUN_ENTRIES = """
SELECT entry FROM run WHERE {where} AND entry < :before ORDER BY id DESC LIMIT :most"""
_CHANGED = """
SELECT c.rule, r.text, r.region, c.outcome, coalesce(w.code, ''), coalesce(w.message, '')
FROM change c JOIN resource r ON r.id = c.resource LEFT JOIN reason w ON w.id = c.reason
WHERE c.run = ? ORDER BY c.seq"""

# A stretch of failures and errors (outcomes 0 and 1) begins after the last span of another kind
# that began before the period, and is over at the first such span that begins after it.
_FAILING = """
WITH failed AS (
  SELECT target, rule, resource FROM span
  WHERE outcome = 0 AND to_run >= :first AND from_run <= :last{only}
  UNION
  SELECT target, rule, resource FROM current WHERE outcome = 0 AND from_run <= :last{only}
  ORDER BY target, rule, resource LIMIT :most
), near AS (
  SELECT f.*, coalesce((
    SELECT q.from_run FROM span q
    WHERE q.target = f.target AND q.rule = f.rule AND q.resource = f.resource
      AND q.from_run < :first AND q.outcome > 1 ORDER BY q.from_run DESC LIMIT 1), 0) AS low,
  coalesce((
    SELECT q.from_run FROM span q
    WHERE q.target = f.target AND q.rule = f.rule AND q.resource = f.resource
      AND q.from_run > :last AND q.outcome > 1 ORDER BY q.from_run LIMIT 1), :never) AS high
  FROM failed f
)
SELECT s.target, s.rule, s.resource, r.text, r.region, s.from_run, s.to_run, s.outcome,
  w.code, w.message, began.finished, ended.finished,
  CASE WHEN s.outcome < 2 THEN (
    SELECT p.started FROM run p WHERE p.target = s.target AND p.id < s.from_run
    AND EXISTS (SELECT 1 FROM plan_rule q WHERE q.plan = p.plan AND q.rule = s.rule)
    ORDER BY p.id DESC LIMIT 1) END,
  CASE WHEN s.outcome = 0 THEN (
    SELECT p.finished FROM run p WHERE p.target = s.target AND p.id < s.to_run
    AND EXISTS (SELECT 1 FROM plan_rule q WHERE q.plan = p.plan AND q.rule = s.rule)
    ORDER BY p.id DESC LIMIT 1) END
FROM (
  SELECT p.target, p.rule, p.resource, p.from_run, p.to_run, p.outcome, p.reason
  FROM near f CROSS JOIN span p
  WHERE p.target = f.target AND p.rule = f.rule AND p.resource = f.resource
    AND p.from_run BETWEEN f.low AND f.high
  UNION ALL
  SELECT c.target, c.rule, c.resource, c.from_run, NULL, c.outcome, c.reason
  FROM near f CROSS JOIN current c
  WHERE c.target = f.target AND c.rule = f.rule AND c.resource = f.resource
    AND c.from_run <= f.high
) s JOIN resource r ON r.id = s.resource LEFT JOIN reason w ON w.id = s.reason
JOIN run began ON began.id = s.from_run LEFT JOIN run ended ON ended.id = s.to_run
ORDER BY s.target, s.rule, s.resource, s.from_run"""


def findings(
    view: Reading,
    *,
    target: int | None = None,
    rule: int | None = None,
    run: int | None = None,
    outcomes: Sequence[int] = (),
) -> Iterator[Row]:
    """Give the findings that stand now, or that stood after `run`, by target, rule and resource.

    (target, rule, resource, region, outcome, code, message, needs, from_run, digest) where target
    and rule are numbers.
    """
    stood, values = _stood(target, rule, run, outcomes)
    yield from view.hot(_STOOD.format(stood=stood), values)


def outcomes(view: Reading, run: int, target: int, rule: int) -> Iterator[Row]:
    """Give what a rule said of each resource of a target after `run`: (resource, outcome)."""
    stood, values = _stood(target, rule, run, ())
    yield from view.hot(_OUTCOMES.format(stood=stood), values)


def counts(view: Reading, run: int, target: int) -> Iterator[Row]:
    """Count the findings of a target that stood after `run`: (rule, outcome, findings)."""
    stood, values = _stood(target, None, run, ())
    yield from view.hot(_COUNTS.format(stood=stood), values)


def history(view: Reading, rule: int, resource: str, targets: Sequence[int]) -> Iterator[Row]:
    """Give every span of a rule on a resource, target by target, the open one last.

    (target, from_run, to_run or None, outcome, code, message, needs, digest)
    """
    for target in targets:
        yield from view.hot(_HISTORY, (target, rule, resource, target, rule, resource))


def rules_of(view: Reading, resource: str) -> list[int]:
    """Give the rules that ever judged a resource on any target."""
    return [int(row[0]) for row in view.hot(_RULES_OF.format(named=_NAMED), {"text": resource})]


def changed(view: Reading, run: int) -> Iterator[Row]:
    """Give what changed in a run: (rule, resource, region, outcome or GONE, code, message)."""
    yield from view.hot(_CHANGED, (run,))


def entries_of_runs(view: Reading, target: int | None, before: int, most: int) -> list[int]:
    """Give the entries of the runs of a target, or of all, the newest first.

    `before`: only those before that entry; 0: from the newest on.
    """
    where = "TRUE" if target is None else "target = :target"
    values = {"target": target, "before": before or sys.maxsize, "most": most}
    return [int(row[0]) for row in view.hot(_RUN_ENTRIES.format(where=where), values)]


def entry_of(view: Reading, run: int) -> int | None:
    """Give the entry that sealed a run; None: there is no such run."""
    row = view.hot("SELECT entry FROM run WHERE id = ?", (run,)).fetchone()
    return None if row is None else int(row[0])


_UNSLOTTED = "SELECT id, entry, started FROM run WHERE target = ? AND slot IS NULL ORDER BY id"


def failing(
    view: Reading,
    first: int,
    last: int,
    rule: int | None,
    *,
    target: int | None = None,
    after: tuple[int, int, int] | None = None,
    most: int = -1,
) -> Iterator[Row]:
    """Give the spans around every failure from run `first` to run `last`, by finding and run.

    (target, rule, resource, text, region, from_run, to_run or None, outcome, code, message, when
    `from_run` finished, when `to_run` did, when the rule's run before `from_run` started, when its
    run before `to_run` finished); the last two only where a deviation needs them. `after`: only
    the findings from this one on (target, rule, resource); `most`: of how many findings, -1: all.
    """
    only = "" if rule is None else " AND rule = :rule"
    only += "" if target is None else " AND target = :target"
    values: dict[str, Any] = {"first": first, "last": last, "never": sys.maxsize, "rule": rule}
    values |= {"target": target, "most": most}
    if after is not None:
        only += " AND (target, rule, resource) >= (:after_target, :after_rule, :after_resource)"
        names = ("after_target", "after_rule", "after_resource")
        values |= dict(zip(names, after, strict=True))
    yield from view.hot(_FAILING.replace("{only}", only), values)


def unslotted(view: Reading, target: int) -> list[Row]:
    """Give (id, entry, started) of the runs of a target that were in no slot, oldest first."""
    return list(view.hot(_UNSLOTTED, (target,)))


def _stood(
    target: int | None, rule: int | None, run: int | None, outcomes: Sequence[int]
) -> tuple[str, list[Any]]:
    """Give the SELECT of what stands, or stood after `run`, and its values."""
    where, values = ["1"], list[Any]()
    for column, wanted in (("target", target), ("rule", rule)):
        if wanted is not None:
            where.append(f"{column} = ?")
            values.append(wanted)
    if outcomes:
        where.append(f"outcome IN ({', '.join('?' * len(outcomes))})")
        values += outcomes
    columns = "target, rule, resource, from_run, outcome, reason, blob"
    if run is None:
        return f"SELECT {columns} FROM current WHERE {' AND '.join(where)}", values  # noqa: S608 - our own names
    where.append("from_run <= ?")
    values.append(run)
    condition = " AND ".join(where)
    current = f"SELECT {columns} FROM current WHERE {condition}"  # noqa: S608 - our own names
    span = f"SELECT {columns} FROM span WHERE {condition} AND to_run > ?"  # noqa: S608 - our own names
    return f"{current} UNION ALL {span}", [*values, *values, run]
