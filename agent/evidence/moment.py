"""Of which time a state is: of its run's own, or of the earlier one that a cloud told of.

A run on the past is sealed now, and what it says is no newer for it: the state is as old as the
time that it is of, and where that is long ago, the present is unknown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from agent.evidence.entry import from_micros, from_rfc3339, to_micros, whole
from agent.evidence.store import Reading, past

PAST = "as_of"
"""The trigger of a run on the past, and the member of its header that says of which time."""


def seen_at(view: Reading, run: int) -> int:
    """Give the time that the state of a run, by number, is of; in microseconds since 1970 UTC."""
    entry, slot = view.run_place(run)
    finished = view.run_times(run)[1]
    if slot is not None:  # what the schedule asks is asked of the present
        return finished
    told = told_of(json.loads(view.entry(entry) or b"{}"), view.content)
    return finished if told is None else to_micros(told)


class Told:
    """When a run started, or of which time it is where a cloud told its past. Reads lazily."""

    def __init__(self, view: Reading) -> None:
        """Nothing is read yet."""
        self._view = view
        self._targets: dict[int, dict[int, int]] = {}

    def started(self, target: int, started: int) -> int:
        """Give the time of the run of a target, by number; in microseconds since 1970 UTC."""
        if target not in self._targets:
            self._targets[target] = dict(self._told(target))
        return self._targets[target].get(started, started)

    def _told(self, target: int) -> Iterator[tuple[int, int]]:
        for _, entry, started in past.unslotted(self._view, target):
            told = told_of(json.loads(self._view.entry(entry) or b"{}"), self._view.content)
            if told is None:  # the past comes before the present
                return
            yield started, to_micros(told)


def told_of(body: Mapping[str, Any], content: Callable[[bytes], bytes | None]) -> datetime | None:
    """Give the past time that the entry of a run is of; None: it is of its own time.

    Where retention has deleted the words that say which, it is 1970: longer ago than anything.
    """
    if body.get("trigger") != PAST:
        return None
    header = whole(body.get("header"), content) or {}
    return from_rfc3339(header[PAST]) if PAST in header else from_micros(0)
