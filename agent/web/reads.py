"""Who read which evidence: counted in memory, and sealed in the log a batch at a time.

An entry of the kind `export` that says `read`, with who asked for which path, how often, and when
first and last. Of a batch that has too many different lines the rest is one number.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from msgspec import Struct
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.evidence.entry import to_rfc3339

WHAT = "read"
MOST = 200
"""Different lines of a batch: an entry is below 64 KiB."""
LONGEST = 200
"""Characters of a path that are kept."""
UNTOLD = ("/metrics", "/healthz", "/readyz", "/static/", "/runbooks")
"""What is no evidence."""


class _Read(Struct):
    times: int
    first: datetime
    last: datetime


_Key = tuple[str, str, str]
"""Who, from where, what."""


class Reads:
    """The reads since the last batch; safe to use from several threads."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._known: dict[_Key, _Read] = {}
        self._more = 0

    def note(self, by: str, address: str, path: str) -> None:
        """Count a read."""
        now, key = self._now(), (by, address, path[:LONGEST])
        with self._lock:
            known = self._known.get(key)
            if known:
                known.times, known.last = known.times + 1, now
            elif len(self._known) < MOST:
                self._known[key] = _Read(1, now, now)
            else:
                self._more += 1

    @contextmanager
    def batch(self) -> Iterator[dict[str, Any] | None]:
        """Give the body of an entry, and begin anew; None: nobody read anything.

        When the block raises, nothing of the batch is forgotten.
        """
        with self._lock:
            known, self._known = self._known, {}
            more, self._more = self._more, 0
        try:
            yield _body(known, more) if known else None
        except BaseException:
            self._take_back(known, more)
            raise

    def _take_back(self, known: Mapping[_Key, _Read], more: int) -> None:
        with self._lock:
            since, self._known, self._more = self._known, dict(known), self._more + more
            for key, one in since.items():
                before = self._known.get(key)
                if before:
                    self._known[key] = _Read(before.times + one.times, before.first, one.last)
                elif len(self._known) < MOST:
                    self._known[key] = one
                else:
                    self._more += one.times


def _body(known: Mapping[_Key, _Read], more: int) -> dict[str, Any]:
    return {
        "what": WHAT,
        "more": more,
        "reads": [
            {
                "by": by,
                "address": address,
                "path": path,
                "times": one.times,
                "first": to_rfc3339(one.first),
                "last": to_rfc3339(one.last),
            }
            for (by, address, path), one in sorted(known.items())
        ],
    }


class Witness:
    """Notes each answer that gave evidence: a refusal gave none."""

    def __init__(self, app: ASGIApp, reads: Reads) -> None:
        self._app, self._reads = app, reads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"].startswith(UNTOLD):
            await self._app(scope, receive, send)
            return

        async def seen(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:  # noqa: PLR2004 - an error
                query = scope["query_string"].decode("latin-1")
                caller = scope.get("state", {}).get("caller")
                self._reads.note(
                    caller.name if caller else "",
                    scope["client"][0] if scope["client"] else "",
                    scope["path"] + (f"?{query}" if query else ""),
                )
            await send(message)

        await self._app(scope, receive, seen)
