"""The questions of `queries` a page at a time, so that memory grows with a page and not with a log.

A page ends with the key of its last row, and the next begins after it. Rows that are written
meanwhile neither repeat a row nor leave one out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Generic, TypeVar

from msgspec import Struct

from agent.evidence import queries
from agent.evidence.deviations import Deviation, deviations_of
from agent.evidence.entry import to_micros
from agent.evidence.leaf import OUTCOMES
from agent.evidence.moment import Told
from agent.evidence.queries import SlotGap, Standing
from agent.evidence.store import Reading, Store, paging, past
from agent.model import Outcome

T = TypeVar("T")
Key = tuple[int | str, ...]
"""Where a page ended; what it means is the question's own."""


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """Some rows, and where the next begin."""

    rows: tuple[T, ...]
    next: Key | None
    """What to ask the next page with; None: there is none."""


def findings(
    store: Store,
    at: datetime,
    *,
    after: Key | None,
    limit: int,
    target: str | None = None,
    rule: str | None = None,
    outcomes: Collection[Outcome] = (),
) -> Page[Standing]:
    """Give the findings that stood at `at`, by target, by rule, then by when first seen.

    The key is (target, rule, number of the resource).
    """
    wanted = [OUTCOMES.index(outcome) for outcome in outcomes]
    rows: list[Any] = []
    keys: list[Key] = []
    with store.reading() as view:
        for pair in _pairs(view, at, target, rule, after):
            part = list(
                paging.findings_of(
                    view,
                    target=pair.target,
                    rule=pair.rule,
                    run=pair.run,
                    after=int(after[2]) if after and pair.key == tuple(after[:2]) else 0,
                    most=limit + 1 - len(rows),
                    outcomes=wanted,
                )
            )
            rows += part
            keys += [(*pair.key, int(row[10])) for row in part]
            if len(rows) > limit:
                break
        return _page(list(queries.standings(view, rows)), keys, limit)


def deviations(
    store: Store,
    start: datetime,
    end: datetime,
    *,
    after: Key | None,
    limit: int,
    target: str | None = None,
    rule: str | None = None,
    only_open: bool = False,
) -> Page[Deviation]:
    """Give the deviations that overlap [start, end), by finding, the oldest first.

    The key is (target, rule, resource, when it began): numbers, the last in microseconds.
    """
    found: list[Deviation] = []
    keys: list[Key] = []
    with store.reading() as view:
        first, last = view.run_bounds(to_micros(start), to_micros(end))
        names, numbers = view.names(), [_number(view, name) for name in (rule, target)]
        told = Told(view)
        at = (int(after[0]), int(after[1]), int(after[2])) if after else None
        done = int(after[3]) if after else 0
        whole = False
        while not whole and len(found) <= limit:
            spans = past.failing(
                view, first, last, numbers[0], target=numbers[1], after=at, most=limit + 1
            )
            places = []
            for place, rows in groupby(spans, key=lambda row: tuple(row[:3])):
                places.append(place)
                for each in deviations_of(names, list(rows), told):
                    began = to_micros(each.start)
                    shown = each.overlaps(start, end) and not (only_open and each.end is not None)
                    if shown and not (place == at and began <= done):
                        found.append(each)
                        keys.append((*place, began))
            whole = len(places) <= limit
            if not whole:  # the last of them is read again with the next, and left out
                at, done = places[-1], sys.maxsize
    return _page(found, keys, limit)


def runs(
    store: Store,
    start: datetime,
    end: datetime,
    *,
    after: Key | None,
    limit: int,
    target: str | None = None,
) -> Page[tuple[int, dict[str, Any]]]:
    """Give (entry, body) of the runs that finished in [start, end), oldest first.

    The counts of a body are whole. The key is (number of the run,).
    """
    with store.reading() as view:
        rows = list(
            paging.runs(
                view,
                to_micros(start),
                to_micros(end),
                target=_number(view, target),
                after=int(after[0]) if after else 0,
                most=limit + 1,
            )
        )
        bodies = [(int(entry), queries.run_body(view, int(entry))) for _, entry in rows]
    return _page(bodies, [(int(row[0]),) for row in rows], limit)


def entries(
    store: Store, *, after: Key | None, limit: int, kind: str | None = None, start: int = 0
) -> Page[tuple[int, dict[str, Any]]]:
    """Give (index, entry) of the log from `start` on. The key is (index,)."""
    begin = max(start, int(after[0]) + 1 if after else 0)
    with store.reading() as view:
        found = [
            (int(index), json.loads(data))
            for index, data, _ in paging.entries(view, begin, limit + 1, kind)
        ]
    return _page(found, [(index,) for index, _ in found], limit)


def gaps(
    store: Store,
    start: datetime,
    end: datetime,
    *,
    after: Key | None,
    limit: int,
    target: str | None = None,
) -> Page[SlotGap]:
    """Give the slots of [start, end) without a run. The key is (target, first slot)."""
    found = queries.gaps(store, start, end, target=target).gaps
    keyed = sorted(((gap.target, to_micros(gap.start)), gap) for gap in found)
    kept = [(key, gap) for key, gap in keyed if after is None or key > tuple(after)]
    kept = kept[: limit + 1]
    return _page([gap for _, gap in kept], [key for key, _ in kept], limit)


def checkpoints(store: Store, *, after: Key | None, limit: int) -> Page[tuple[int, str]]:
    """Give (size, signed note) of every checkpoint, by size. The key is (size,)."""
    with store.reading() as view:
        rows = paging.checkpoints(view, int(after[0]) if after else -1, limit + 1)
        found = [(int(size), bytes(note).decode()) for size, note in rows]
    return _page(found, [(size,) for size, _ in found], limit)


class _Pair(Struct, frozen=True, kw_only=True):
    """A rule on a target, and the last run of the target by then; numbers, and names as key."""

    key: tuple[str, str]
    target: int
    rule: int
    run: int


def _pairs(
    view: Reading, at: datetime, target: str | None, rule: str | None, after: Key | None
) -> Iterator[_Pair]:
    """Give the pairs that had run by `at`, by name, from the one on where a page ended."""
    names = view.names()
    for number in sorted(view.targets(), key=lambda each: names[each]):
        if (target is not None and names[number] != target) or (
            after and names[number] < str(after[0])
        ):
            continue
        last = view.last_run(number, to_micros(at))
        if last is None:
            continue
        ran = view.bases(number, to_micros(at))
        for each in sorted(ran, key=lambda each: names[each]):
            key = (names[number], names[each])
            if rule in (None, names[each]) and (after is None or key >= tuple(after[:2])):
                yield _Pair(key=key, target=number, rule=each, run=int(last[0]))


def _number(view: Reading, name: str | None) -> int | None:
    """Give the number of a name; 0, which nothing has, for one that never occurred."""
    return None if name is None else view.number_of(name) or 0


def _page(found: Sequence[T], keys: Sequence[Key], limit: int) -> Page[T]:
    more = len(found) > limit
    return Page(rows=tuple(found[:limit]), next=keys[limit - 1] if more else None)
