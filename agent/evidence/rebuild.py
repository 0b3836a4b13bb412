"""The projections, built again from the truth: they are shortcuts, and never evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from agent.evidence.entry import whole
from agent.evidence.leaf import GONE, OUTCOMES, finding_leaf
from agent.evidence.store import Reading, Writing
from agent.evidence.store import tables as t


def rebuild(writing: Writing, view: Reading) -> None:
    """Empty the projections and fill them from the changes, sightings and run entries."""
    writing.clear_projections()
    _findings(writing, view)
    _inventory(writing, view)
    _latest(writing, view)
    writing.flush()


def _findings(writing: Writing, view: Reading) -> None:
    names = view.names()
    standing: dict[tuple[int, int, int], tuple[Any, ...]] = {}
    for row in view.changes():
        _, run, rule, resource, outcome, reason, blob, *words, target, text, region = row
        code, message, needs, digest = words
        key = (target, rule, resource)
        old = standing.pop(key, None)
        if old is not None:
            _, since, *rest = old
            writing.add(t.span, (*key, since, run, *rest))
        if outcome != GONE:
            why = (code or "", message or "", needs or "")
            leaf = finding_leaf(names[rule], text, region, outcome, why, digest or b"")
            standing[key] = (leaf, run, outcome, reason, blob)
    for key, row in standing.items():
        writing.add(t.current, (*key, *row))


def _inventory(writing: Writing, view: Reading) -> None:
    known: dict[tuple[int, int, int], tuple[bytes, int]] = {}
    for _, run, check, resource, digest, target, _, _ in view.sightings():
        if digest is None:
            known.pop((target, check, resource), None)
        else:
            known[target, check, resource] = (digest, run)
    for key, row in known.items():
        writing.add(t.inventory, (*key, *row))


def _latest(writing: Writing, view: Reading) -> None:
    latest: dict[tuple[int, int], tuple[int, ...]] = {}
    numbers = {name: number for number, name in view.names().items()}
    for run, body in _run_bodies(view):
        for rule, counts in body["counts"].items():
            tally = (counts.get(str(outcome), 0) for outcome in OUTCOMES)
            latest[run[2], numbers[rule]] = (run[0], *tally)
    for key, row in latest.items():
        writing.add(t.latest, (*key, *row))


def _run_bodies(view: Reading) -> Iterator[tuple[Any, dict[str, Any]]]:
    for run in view.table(t.run):
        body = json.loads(view.entry(run[1]) or b"{}")
        body["counts"] = whole(body["counts"], view.content)
        yield run, body
