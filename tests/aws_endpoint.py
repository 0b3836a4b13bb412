"""A pretended AWS on loopback: moto behind a counter that can also misbehave.

The real SDK talks to it over HTTP. Every request is counted as (`service:operation`, region); a
`Fault` makes chosen requests fail in one of the ways in which a cloud fails. As a program it
serves until its input ends, so that a benchmark can keep the server's work out of its own:
`python tests/aws_endpoint.py` prints `http://127.0.0.1:PORT`; `GET /counts` answers the counts.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

import pytest
from aws_answers import SENT, as_json, cut, play, refuse
from aws_naming import Sent, identify
from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
"""What moto takes for an administrator of account 123456789012."""


@dataclass
class Fault:
    """What goes wrong with which requests.

    `kind`: `error` (an AWS error document), `drop` (the connection is cut before an answer),
    `cut` (the answer ends in its middle), `garbage` (a page of HTML, as a captive portal gives),
    `empty` (200 and nothing in it), `delay` (the true answer, `seconds` late), `delete` (the S3
    bucket that is asked of is deleted first, and the answer is true).
    """

    call: str = "*"
    """`service:operation`, `service:*` or `*`."""
    kind: str = "error"
    status: int = 403
    code: str = "AccessDenied"
    message: str = "User is not authorized to perform this action"
    region: str = ""
    mentions: str = ""
    skip: int = 0
    """How many matching requests go through first: 1 loses page two."""
    times: int | None = None
    """How many requests it spoils; None: all."""
    seconds: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)
    seen: int = 0

    def strikes(self, sent: Sent) -> bool:
        """Whether this request is spoiled; counts it."""
        named = self.call in {"*", f"{sent.service}:*", sent.name}
        if not named or (self.region and self.region != sent.region):
            return False
        if self.mentions and not sent.mentions(self.mentions):
            return False
        self.seen += 1
        return self.seen > self.skip and (self.times is None or self.seen <= self.skip + self.times)


class Endpoint:
    """The server, what it has seen, and what it does wrong. Use as a context manager."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.faults: list[Fault] = []
        self.keep_sent = True
        self.counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()
        self._settings = pytest.MonkeyPatch()
        self._moto = play()
        self._server = make_server("127.0.0.1", 0, self, threaded=True, request_handler=_Handler)
        self._server.daemon_threads = True
        # asked twenty times a second whether it is to stop, and not twice
        serve = partial(self._server.serve_forever, poll_interval=0.05)
        self._thread = threading.Thread(target=serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        # moto makes 1,300 images of its own in every region, anew at every reset: a second each.
        self._settings.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(timeout=10)
        self._server.server_close()
        self._settings.undo()

    def reset(self) -> None:
        """Forget every resource, count and fault."""
        with urlopen(
            HttpRequest(f"{self.url}/moto-api/reset", method="POST"), timeout=30
        ) as answer:
            answer.read()
        self.forget()
        self.faults.clear()

    def forget(self) -> None:
        """Forget what was counted; the resources and faults stay."""
        with self._lock:
            self.sent.clear()
            self.counts.clear()

    def calls(self) -> dict[str, int]:
        """`service:operation` -> requests seen, all regions together."""
        totals: Counter[str] = Counter()
        for (name, _region), count in self.counts.items():
            totals[name] += count
        return dict(totals)

    def calls_in(self, region: str) -> dict[str, int]:
        """`service:operation` -> requests seen in one region."""
        return {name: n for (name, where), n in self.counts.items() if where == region}

    @contextmanager
    def broken(self, call: str = "*", **how: Any) -> Iterator[Fault]:
        """Spoil matching requests for as long as the block lasts."""
        fault = Fault(call=call, **how)
        self.faults.append(fault)
        try:
            yield fault
        finally:
            self.faults.remove(fault)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/counts":
            return as_json(self.calls(), start_response)
        if environ["PATH_INFO"].startswith("/moto-api"):
            return self._moto(environ, start_response)
        sent = environ[SENT] = identify(environ)
        with self._lock:
            self.counts[sent.name, sent.region] += 1
            if self.keep_sent:
                self.sent.append(sent)
            fault = next((fault for fault in self.faults if fault.strikes(sent)), None)
        if fault is None:
            return self._moto(environ, start_response)
        return self._misbehave(fault, sent, environ, start_response)

    def _delete_bucket(self, environ: dict[str, Any]) -> None:
        deletion = {**environ, "REQUEST_METHOD": "DELETE", "QUERY_STRING": ""}
        b"".join(self._moto(deletion, lambda *_: None))

    def _misbehave(
        self,
        fault: Fault,
        sent: Sent,
        environ: dict[str, Any],
        start_response: Callable[..., Any],
    ) -> Iterable[bytes]:
        if fault.kind == "delay":
            time.sleep(fault.seconds)
            return self._moto(environ, start_response)
        if fault.kind == "delete":
            self._delete_bucket(environ)
            return self._moto(environ, start_response)
        if fault.kind == "drop":
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError
        if fault.kind == "cut":
            return cut(self._moto, environ, start_response)
        if fault.kind in {"garbage", "empty"}:
            page = b"<html><body>Sign in to the network</body></html>"
            start_response("200 OK", [("Content-Type", "text/html")])
            return [page if fault.kind == "garbage" else b""]
        return refuse(
            sent.service,
            start_response,
            status=fault.status,
            code=fault.code,
            message=fault.message,
            headers=fault.headers,
        )


class _Handler(MotoRequestHandler):
    """Keeps connections open, as AWS does, and writes no log."""

    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        return

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, ValueError):
            return


def main() -> None:
    """Serve until the input ends."""
    with Endpoint() as endpoint:
        endpoint.keep_sent = False
        print(endpoint.url, flush=True)  # noqa: T201  # the benchmark reads the address
        sys.stdin.read()


if __name__ == "__main__":
    main()
