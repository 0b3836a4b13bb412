"""One delivery over HTTP: bounded in time and in bytes, and no redirect is followed."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Self

from msgspec import Struct

from agent import __version__

_READ = 4096
"""Bytes of an answer that are read: it says nothing to us."""


class Answer(Struct, frozen=True, kw_only=True):
    """How a delivery went."""

    status: int
    """HTTP's; 0: no answer came."""
    words: str
    """For people; never what the receiver wrote."""
    wait: float = 0.0
    """Seconds that the receiver asks us to wait (`Retry-After`)."""

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, seconds: float, at: datetime
) -> Answer:
    """Deliver once at the time `at`, in `seconds` at most."""
    request = urllib.request.Request(  # noqa: S310 - the settings allow https, and http to loopback
        url, data=body, headers={**headers, "User-Agent": f"Assay/{__version__}"}, method="POST"
    )
    try:
        with (
            _Deadline(seconds) as deadline,
            _opener(url, deadline).open(request, timeout=seconds) as answer,
        ):
            answer.read(_READ)
            return Answer(status=answer.status, words=f"it answers {answer.status}")
    except urllib.error.HTTPError as error:
        with error:
            wait = _wait(error.headers.get("Retry-After", ""), at)
            return Answer(status=error.code, words=f"it answers {error.code}", wait=wait)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(status=0, words=f"it does not answer: {_plain(error)}")


def _plain(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    if isinstance(reason, TimeoutError):
        return "the time is up"
    if isinstance(reason, OSError) and reason.strerror:
        return str(reason.strerror)
    return type(reason).__name__


def _wait(text: str, at: datetime) -> float:
    """Read `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date."""
    if text.isdecimal() and text.isascii():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((moment - at).total_seconds(), 0.0)


class _Deadline:
    """Ends a connection when the time is up: a socket's own timeout begins anew with every byte."""

    def __init__(self, seconds: float) -> None:
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def watch(self, opened: socket.socket) -> None:
        self._sockets.append(opened)

    def _end(self) -> None:
        for each in self._sockets:
            with suppress(OSError):  # it is closed already
                each.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The signature and the event are for one address only."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _opener(url: str, deadline: _Deadline) -> urllib.request.OpenerDirector:
    """Open connections under a deadline; what is on this machine is asked without a proxy."""

    class Plain(http.client.HTTPConnection):
        def connect(self) -> None:
            super().connect()
            deadline.watch(self.sock)

    class Secure(http.client.HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            deadline.watch(self.sock)

    class PlainHandler(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Plain, req)

    class SecureHandler(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Secure, req, context=ssl.create_default_context())

    proxies = [urllib.request.ProxyHandler({})] if url.startswith("http:") else []
    return urllib.request.build_opener(PlainHandler, SecureHandler, _NoRedirect, *proxies)
