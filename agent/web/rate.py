"""How much one address may ask: a bucket of tokens that fills again with time."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from agent.web.access import OPEN
from agent.web.problems import problem

BURST = 10
"""Seconds' worth that may come at once."""
CLIENTS = 10_000
"""Addresses that are remembered; the one that came longest ago is forgotten first."""


class Buckets:
    """One bucket an address; used by one thread."""

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        """`rate`: requests a second; `clock`: seconds that only grow."""
        self._rate, self._clock = rate, clock
        self._known: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> float:
        """Take one request; gives 0, or the seconds until there is one."""
        now, most = self._clock(), self._rate * BURST
        left, since = self._known.pop(client, (most, now))
        left = min(most, left + (now - since) * self._rate)
        wait = 0.0 if left >= 1 else (1 - left) / self._rate
        self._known[client] = (left if wait else left - 1, now)
        while len(self._known) > CLIENTS:
            self._known.popitem(last=False)
        return wait


class Throttle:
    """Answers 429 to who asks too much; liveness is not counted."""

    def __init__(
        self, app: ASGIApp, rate: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app, self._buckets = app, Buckets(rate, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = self._app
        if scope["type"] == "http" and scope["path"] not in OPEN:
            wait = self._buckets.take(scope["client"][0] if scope["client"] else "")
            if wait:
                headers = {"Retry-After": str(math.ceil(wait))}
                detail = f"too many requests; again in {math.ceil(wait)} s"
                answer = problem(429, detail, headers, path=scope["path"])
        await answer(scope, receive, send)
