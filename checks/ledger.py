"""Counts what a collection asked and got: the proof of how much was looked at, and of no more."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from checks.model import Made

KEPT = 8
"""First and last request ids that are kept verbatim."""


class Calls(Struct, frozen=True, kw_only=True):
    """Requests of one operation in one region that ended with one status."""

    call: str
    """`service:operation`."""
    region: str
    status: int
    """Of HTTP; 0: no answer came."""
    count: int
    items: int = 0
    """Rows of listings, or parts of facets, that the answers held."""
    throttled: int = 0
    """Those of `count` that were refused for rate; AWS gives many of them status 400."""


class Collection(Struct, frozen=True, kw_only=True):
    """What looking at one target took."""

    calls: tuple[Calls, ...]
    requests: int
    first_ids: tuple[str, ...]
    """The provider's ids of the first requests, in the order of their answers."""
    last_ids: tuple[str, ...]
    ids_digest: str
    """SHA-256, in hexadecimal, over all request ids, each followed by a newline."""
    skew: float
    """Seconds by which the server's clock was ahead of ours, at the answer where it was most."""
    regions: tuple[str, ...]
    """Regions that answered at least once; the empty name stands for calls to the whole target."""
    not_enabled: tuple[str, ...]
    """Regions that the target has not switched on: not looked at, and not a gap."""
    absent: tuple[str, ...]
    """`check region` pairs that the service does not exist in, by the SDK's list."""


class Ledger:
    """Gathers a `Collection` while threads make calls."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str, int], list[int]] = {}
        """Requests, items, and requests refused for rate."""
        self._first: list[str] = []
        self._last: deque[str] = deque(maxlen=KEPT)
        self._digest = hashlib.sha256()
        self._skew = 0.0
        self._reached: set[str] = set()
        self._absent: set[str] = set()

    def request(
        self,
        call: str,
        region: str,
        status: int,
        request_id: str,
        skew: float | None,
        *,
        throttled: bool = False,
    ) -> None:
        """Count one request and its answer; `throttled`: it was refused for rate."""
        with self._lock:
            counted = self._counts.setdefault((call, region, status), [0, 0, 0])
            counted[0] += 1
            counted[2] += throttled
            if request_id:
                self._remember(request_id)
            if status:
                self._reached.add(region)
            if skew is not None and abs(skew) > abs(self._skew):
                self._skew = skew

    def shared(self, call: str, region: str, request_id: str) -> None:
        """Note an answer that another target's run asked for: no request of this one."""
        with self._lock:
            self._counts.setdefault((call, region, 200), [0, 0, 0])
            self._reached.add(region)
            if request_id:
                self._remember(request_id)

    def items(self, call: str, region: str, count: int) -> None:
        """Count the rows that a successful answer held."""
        with self._lock:
            self._counts.setdefault((call, region, 200), [0, 0, 0])[1] += count

    def absent(self, check: str, region: str) -> None:
        """Note that a check's service does not exist in an enabled region."""
        with self._lock:
            self._absent.add(f"{check} {region}")

    def close(self, made: Iterable[Made], not_enabled: tuple[str, ...]) -> Collection:
        """Everything counted, with the calls that the session made for itself."""
        for one in made:  # long ago by now, so that their dates say nothing of the clock
            self.request(one.call, one.region, one.status, one.request_id, None)
        with self._lock:
            calls = tuple(
                Calls(
                    call=call,
                    region=region,
                    status=status,
                    count=count,
                    items=items,
                    throttled=throttled,
                )
                for (call, region, status), (count, items, throttled) in sorted(
                    self._counts.items()
                )
            )
            return Collection(
                calls=calls,
                requests=sum(one.count for one in calls),
                first_ids=tuple(self._first),
                last_ids=tuple(self._last),
                ids_digest=self._digest.hexdigest(),
                skew=self._skew,
                regions=tuple(sorted(self._reached)),
                not_enabled=not_enabled,
                absent=tuple(sorted(self._absent)),
            )

    def _remember(self, request_id: str) -> None:
        self._digest.update(request_id.encode("utf-8") + b"\n")
        if len(self._first) < KEPT:
            self._first.append(request_id)
        self._last.append(request_id)


def skew_of(date: str, now: datetime) -> float | None:
    """Seconds by which the server's `date` (RFC 3339) is ahead of `now`; None without a date."""
    if not date:
        return None
    return round((datetime.fromisoformat(date) - now).total_seconds(), 3)
