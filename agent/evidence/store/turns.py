"""What turned in a run: its changes in their order, and what stood before each of them."""

from __future__ import annotations

from collections.abc import Iterator

from agent.evidence.store.read import Reading, Row

_TURNED = """
SELECT c.seq, c.rule, c.resource, n.text, r.text, r.region, c.outcome, coalesce(w.code, ''),
  coalesce(w.message, '')
FROM change c JOIN name n ON n.id = c.rule JOIN resource r ON r.id = c.resource
LEFT JOIN reason w ON w.id = c.reason
WHERE c.run = ? AND c.seq > ? ORDER BY c.seq"""
_BEFORE = """
SELECT from_run, to_run, outcome FROM span
WHERE target = ? AND rule = ? AND resource = ? AND from_run < ? ORDER BY from_run DESC"""

# Errors after the run are counted in its entry. Those before it are as many, without those that
# became errors in it, with those that ceased to be (outcome 1).
_ERRORS = """
SELECT n.text, sum(c.outcome = 1), sum(EXISTS (
    SELECT 1 FROM span s WHERE s.target = r.target AND s.rule = c.rule
    AND s.resource = c.resource AND s.to_run = c.run AND s.outcome = 1)),
  coalesce(min(CASE WHEN c.outcome = 1 THEN w.code END), '')
FROM change c JOIN run r ON r.id = c.run JOIN name n ON n.id = c.rule
LEFT JOIN reason w ON w.id = c.reason
WHERE c.run = ? GROUP BY c.rule ORDER BY n.text"""


def turned(view: Reading, run: int, after: int) -> Iterator[Row]:
    """Give the changes of a run beyond the change `after`, in their order.

    (seq, rule, resource, rule's text, resource's text, region, outcome, code, message)
    """
    yield from view.hot(_TURNED, (run, after))


def before(view: Reading, run: int, target: int, rule: int, resource: int) -> Iterator[Row]:
    """Give what stood of one finding before a run, newest first: (from_run, to_run, outcome)."""
    yield from view.hot(_BEFORE, (target, rule, resource, run))


def turned_errors(view: Reading, run: int) -> Iterator[Row]:
    """Give of each rule that changed: (text, became errors, were errors, a code of the former)."""
    yield from view.hot(_ERRORS, (run,))
