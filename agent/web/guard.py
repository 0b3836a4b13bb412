"""What every answer has in common: it is read-only, and forbids what a page could be made to do."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.web.problems import problem

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
"""Nothing from elsewhere, and no script or style inside a page."""
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
UNLESS_SAID = {"Cache-Control": "no-store"}
HSTS = {"Strict-Transport-Security": "max-age=31536000"}
"""Sent with TLS only (RFC 6797 section 7.2)."""
READ = ("GET", "HEAD")
MAX_TARGET = 48 * 1024
"""Bytes of path and query."""


class Guard:
    """Refuses what does not read; HEAD is answered as GET, and the server leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = SECURITY_HEADERS | (HSTS if scope["scheme"] == "https" else {})

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add(MutableHeaders(scope=message), headers)
            await send(message)

        answer = self._app
        path = scope["path"]
        if scope["method"] not in READ:
            answer = problem(405, "read-only: GET and HEAD", {"Allow": "GET, HEAD"}, path=path)
        elif len(scope["raw_path"]) + len(scope["query_string"]) > MAX_TARGET:
            answer = problem(414, f"at most {MAX_TARGET} bytes of path and query", path=path)
        # a copy: the server remembers that HEAD was asked
        await answer({**scope, "method": "GET"}, receive, guarded)


def _add(sent: MutableHeaders, headers: Mapping[str, str]) -> None:
    sent.update(headers)
    for name, value in UNLESS_SAID.items():
        sent.setdefault(name, value)
