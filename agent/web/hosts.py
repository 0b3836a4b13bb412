"""Keeps pages of other sites from reading an agent that lets everybody of this machine in.

A name of their own that leads to 127.0.0.1 makes a browser take the agent for a part of their site
(DNS rebinding); the name stands in `Host`. Who is asked for a token or a password has none there.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from agent.web.problems import problem

WHY = (
    "this agent answers to names of its own machine, such as localhost; make a token, or set"
    " http.insecure behind a proxy that asks who is there"
)


class OwnNames:
    """Answers 421 to a request under another name (RFC 9110 section 15.5.20)."""

    def __init__(self, app: ASGIApp, asks: Callable[[], bool]) -> None:
        """`asks`: whether callers are asked who they are; then any name will do."""
        self._app, self._asks = app, asks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = self._app
        if scope["type"] == "http" and not (is_own(Headers(scope=scope)) or self._asks()):
            answer = problem(421, WHY, path=scope["path"])
        await answer(scope, receive, send)


def is_own(headers: Headers) -> bool:
    """Whether `Host` is a name or an address of loopback; none at all is no browser's."""
    written = headers.get("host", "")
    name = written.rpartition("]")[0].lstrip("[") if written.startswith("[") else ""
    name = name or written.partition(":")[0]
    if name in {"", "localhost"} or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
