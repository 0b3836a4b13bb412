"""What the demo cloud makes hard for its callers: refusals, throttling and delay; and the count.

All of it is set over HTTP at `/__...` by whoever can reach the loopback port, see `cloud.py`.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from urllib.parse import unquote_plus

from msgspec import Struct

from agent.demo.naming import Named, Request
from agent.demo.refusal import Kind


class Refused(Struct, frozen=True, kw_only=True):
    """Which calls to refuse: an operation, or one resource of it."""

    operation: str
    """`s3:GetBucketPolicy`."""
    containing: str = ""
    """Text that must occur in the request's path, query or body; empty: every request."""
    region: str = ""
    """Empty: in every region."""
    times: int = 0
    """How often; 0: until lifted."""


class _Entry(Struct):
    refused: Refused
    left: int
    """How often still; meaningless when `refused.times` is 0."""


class Weather:
    """The state that requests meet; safe to use from the threads of a server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[Kind, list[_Entry]] = {}
        self._calls: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._missing: Counter[str] = Counter()
        self.delay = 0.0
        """Seconds that every call waits before it is answered."""

    def set_refused(self, kind: Kind, refused: Iterable[Refused]) -> None:
        """Refuse these from now on, and of this kind only these."""
        with self._lock:
            self._entries[kind] = [_Entry(refused=one, left=one.times) for one in refused]

    def meet(self, call: Named, request: Request) -> Kind | None:
        """Count `call`; the kind of refusal that it meets, if any."""
        with self._lock:
            self._calls[call.name] += 1
            kind = self._refusal(call, request)
            if kind:
                self._refusals[call.name] += 1
            return kind

    def note_missing(self, call: Named) -> None:
        """Count an operation that the server does not implement."""
        with self._lock:
            self._missing[call.name] += 1

    def counts(self) -> dict[str, dict[str, int]]:
        """Calls by `service:operation`: all, the refused ones, and those not implemented."""
        with self._lock:
            return {
                "calls": dict(self._calls),
                "refused": dict(self._refusals),
                "unimplemented": dict(self._missing),
            }

    def reset(self) -> None:
        """Count from zero."""
        with self._lock:
            self._calls.clear()
            self._refusals.clear()
            self._missing.clear()

    def _refusal(self, call: Named, request: Request) -> Kind | None:
        for kind, entries in self._entries.items():
            if any(_concerns(entry.refused, call, request) and _spend(entry) for entry in entries):
                return kind
        return None


def _concerns(refused: Refused, call: Named, request: Request) -> bool:
    if refused.operation != call.name or refused.region not in ("", call.region):
        return False
    if not refused.containing:
        return True
    text = f"{request.path}?{request.query}\n{request.body.decode(errors='replace')}"
    return refused.containing in unquote_plus(text)


def _spend(entry: _Entry) -> bool:
    """Whether the entry still refuses: one of a number of times is used up by asking."""
    if entry.refused.times == 0:
        return True
    entry.left -= 1
    return entry.left >= 0
