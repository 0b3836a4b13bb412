"""One reading of a whole estate, shared by the sessions of the targets in it.

Some providers answer for many targets at once: Azure Resource Graph for every subscription, Cloud
Asset Inventory for every project of an organization. Such a listing is read once, page by page, by
whichever session comes first, and each session then takes its own rows. Rows wait in a temporary
file, so that memory does not grow with the estate.

A page that fails raises for the session that asked for it, and the next try goes on from there: a
reading is whole or it gives no row at all.
"""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from checks.model import Answer

ROWS = 1000
"""Rows of a page that a session is given."""

MAX_AGE = timedelta(minutes=15)
"""How old a reading may be for a session that did not make it: the runs of one slot start one
after the other."""


class Row(Struct, frozen=True):
    """One thing of the estate."""

    owner: str
    """The target that it belongs to."""
    kind: str
    value: Any
    """JSON."""


class Raw(Struct, frozen=True, kw_only=True):
    """One page as the provider gave it."""

    rows: tuple[Row, ...]
    answer: Answer
    """Its `next`, request id, date and status; `data` is not looked at."""
    observed_at: str
    """RFC 3339 UTC: the time that the rows are of."""


class _Chunk(Struct, frozen=True):
    """Rows of one owner and kind that came with one page: where they are in the file."""

    offset: int
    size: int
    rows: int
    observed_at: str
    request_id: str


class Reading:
    """One reading of one listing, made by the sessions that want it. Thread-safe."""

    def __init__(self, fetch: Callable[[Any], Raw]) -> None:
        """`fetch(after)` asks for one page."""
        self._fetch = fetch
        self._lock = threading.Lock()
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed when no session has it
        weakref.finalize(self, self._file.close)
        self._end = 0
        self._chunks: dict[tuple[str, str], list[_Chunk]] = defaultdict(list)
        self._after: Any = None
        self._pages = 0
        self._whole = False

    def page(self, owner: str, kind: str, after: Any = None) -> Answer:
        """Read on by one page of the provider's, or give a page of the rows of `owner` and `kind`.

        `data` is `{rows, observed_at}`; pages read on have no rows, and their answers are not
        `shared`: each is one request. Raises `CallError` as `fetch` does.
        """
        with self._lock:
            if not self._whole:
                return self._read_on()
        return self._rows(owner, kind, after if isinstance(after, int) else 0)

    def _read_on(self) -> Answer:
        raw = self._fetch(self._after)
        self._keep(raw)
        self._after = raw.answer.next
        self._whole = raw.answer.next is None
        self._pages += 1
        return msgspec.structs.replace(
            raw.answer,
            data={"rows": [], "observed_at": raw.observed_at},
            next=f"read {self._pages}",
        )

    def _keep(self, raw: Raw) -> None:
        groups: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for row in raw.rows:
            groups[row.owner, row.kind].append(row.value)
        for key, values in groups.items():
            data = msgspec.msgpack.encode(values)
            os.pwrite(self._file.fileno(), data, self._end)
            chunk = _Chunk(
                self._end, len(data), len(values), raw.observed_at, raw.answer.request_id
            )
            self._chunks[key].append(chunk)
            self._end += len(data)

    def _rows(self, owner: str, kind: str, first: int) -> Answer:
        chunks = self._chunks.get((owner, kind), [])
        taken = first
        rows: list[Any] = []
        while taken < len(chunks) and (not rows or len(rows) + chunks[taken].rows <= ROWS):
            chunk = chunks[taken]
            data = os.pread(self._file.fileno(), chunk.size, chunk.offset)
            rows += msgspec.msgpack.decode(data)
            taken += 1
        seen = chunks[first:taken]
        return Answer(
            data={"rows": rows, "observed_at": _oldest(one.observed_at for one in seen)},
            next=taken if taken < len(chunks) else None,
            request_id=seen[-1].request_id if seen else "",
            shared=True,
        )


class Round:
    """The readings of one moment, one a listing; sessions that share a round share its moment."""

    def __init__(self, fetch: Fetch, at: datetime, among: frozenset[str]) -> None:
        """See `Estate`; `at` is when the first session came."""
        self.at = at
        self.among = among
        """The targets that each of its listings is asked for; empty: whatever there is."""
        self._fetch = fetch
        self._lock = threading.Lock()
        self._readings: dict[str, Reading] = {}

    def reading(self, listing: str) -> Reading:
        """Give the one reading of `listing`; nothing is asked yet."""
        with self._lock:
            if listing not in self._readings:
                self._readings[listing] = Reading(lambda after: self._fetch(listing, after, self))
            return self._readings[listing]


Fetch = Callable[[str, Any, Round], Raw]
"""`(listing, after, round)` -> one page."""


class Estate:
    """The round that sessions share now. Thread-safe."""

    def __init__(self, fetch: Fetch, now: Callable[[], datetime]) -> None:
        """`fetch(listing, after, round)` asks for a page of a round; not yet, though."""
        self._fetch = fetch
        self._now = now
        self._lock = threading.Lock()
        self._round: Round | None = None
        self._owners: set[str] = set()

    def join(self, owner: str, among: Iterable[str] = ()) -> Round:
        """Give the round for one session of `owner`, which keeps it.

        The sessions of different owners share one; a second session of an owner wants newer facts,
        and so begins another. So does a change of `among`, the targets that listings are asked
        for: in the one before, who has come since would have no row and seem to be empty.
        """
        asked = frozenset(among)
        with self._lock:
            now, last = self._now(), self._round
            if last is None or owner in self._owners or not _serves(last, asked, now):
                last = self._round = Round(self._fetch, now, asked)
                self._owners = set()
            self._owners.add(owner)
            return last


def _serves(last: Round, asked: frozenset[str], now: datetime) -> bool:
    return last.among == asked and now - last.at <= MAX_AGE


def _oldest(times: Iterable[str]) -> str:
    return min(times, default="")
