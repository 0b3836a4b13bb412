"""Populations: everything of one sort in a period, frozen as a list of ids before any draw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from agent.evidence import queries
from agent.evidence.deviations import deviations
from agent.evidence.entry import to_micros, to_rfc3339
from agent.evidence.store import Store
from agent.samples.draw import OF, SampleError


def runs_in(store: Store, start: datetime, end: datetime, target: str | None) -> Iterator[str]:
    """Give an id for every run of the period: target and slot, or when it started."""
    for index, body in queries.runs(store, start, end, target=target):
        yield f"{body['target']} {body['slot'] or body['started']} entry {index}"


def deviations_in(
    store: Store, start: datetime, end: datetime, target: str | None, rule: str | None
) -> Iterator[str]:
    """Give an id for every deviation of the period: rule, target, resource and start."""
    for one in deviations(store, start, end, target=target, rule=rule):
        yield f"{one.rule} {one.target} {one.resource} {to_rfc3339(one.start)}"


def resources_in(
    store: Store, start: datetime, end: datetime, check: str, target: str | None
) -> Iterator[str]:
    """Give an id for every resource of a check that was there at some time of the period."""
    there: set[tuple[str, str]] = set()
    with store.reading() as view:
        names, number = view.names(), view.number_of(check)
        first, last = view.run_bounds(to_micros(start), to_micros(end))
        for row in view.sightings():
            if row[2] != number or row[1] > last:
                continue
            key = (names[row[5]], str(row[6]))
            if target not in (None, key[0]):
                continue
            if row[4] is not None:
                there.add(key)
            elif 0 < row[1] < first or not first:
                there.discard(key)
    for home, resource in there:
        yield f"{home} {resource}"


def lines_of(path: Path) -> Iterator[str]:
    """Give the lines of somebody's own list, such as tickets or leavers. Raises `SampleError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SampleError(f"{path}: cannot be read: {error}") from None
    yield from (line for line in text.splitlines() if line.strip())


def population_body(
    source: str, query: dict[str, Any], ids: Iterable[str]
) -> tuple[dict[str, Any], bytes]:
    """Write the body of a `population` entry, and the content with the ids.

    Raises `SampleError` for an empty population, and for an id that is more than a line.
    """
    listed = sorted(set(ids))
    if not listed:
        raise SampleError("the population is empty")
    wrong = next((one for one in listed if len(one.splitlines()) != 1), None)
    if wrong is not None:
        raise SampleError(f"an id must be one line: {wrong[:40]!r}")
    content = ("\n".join(listed) + "\n").encode()
    body = {
        "of": OF,
        "source": source,
        "query": query,
        "count": len(listed),
        "ids": {"blob": sha256(content).hexdigest(), "size": len(content)},
    }
    return body, content
