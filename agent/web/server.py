"""uvicorn in a thread of its own, so that the main thread is free for signals."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp

from agent.web.protocol import Impatient
from agent.web.webconfig import Tls, WebConfigError

LOG = logging.getLogger("assay")
MAX_HEADERS = 64 * 1024
"""Bytes of a request's line and headers; more is answered with 400."""
AT_ONCE = 200
"""Connections and requests under way; more are answered with 503."""
IDLE = 15
"""Seconds after which a connection is closed whose next request is not whole."""


class ServerError(Exception):
    """The address cannot be listened on; the message says which and why."""


class Server:
    """A running HTTP server; use it as a context."""

    def __init__(
        self, app: ASGIApp, host: str, port: int, *, tls: Tls | None = None, idle: int = IDLE
    ) -> None:
        """Bind at once, so that an address in use is an error here; port 0 takes a free one.

        Raises `ServerError`, and `WebConfigError` for certificates that cannot be used.
        """
        context = None if tls is None else Certificates(tls).context
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((host, port))
            self._socket.listen()  # so that whoever comes before uvicorn is up waits, not fails
        except OSError as error:
            self._socket.close()
            raise ServerError(f"cannot listen on {host}:{port}: {error.strerror}") from None
        self.port: int = self._socket.getsockname()[1]
        self.url = (
            f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{self.port}"
        )
        more: dict[str, Any] = {"ssl_context_factory": lambda *_: context} if context else {}
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=1,
            timeout_keep_alive=idle,
            http=Impatient,
            limit_concurrency=AT_ONCE,
            h11_max_incomplete_event_size=MAX_HEADERS,
            server_header=False,
            proxy_headers=False,  # a header that anybody can send says nothing of who asks
            **more,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def __enter__(self) -> Self:
        """Start serving."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; requests under way have a second to end."""
        self._server.should_exit = True
        self._thread.join(timeout=1.5)
        self._socket.close()


class Certificates:
    """A server's certificates, read again when their files change."""

    def __init__(self, tls: Tls) -> None:
        """Read them. Raises `WebConfigError`."""
        self._tls = tls
        self._seen = self._stamp()
        self.context = self._newest = tls.context()
        # OpenSSL asks this of each handshake, before certificates are chosen and verified
        self.context.sni_callback = self._look_again

    def _look_again(
        self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext
    ) -> None:
        del name
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen = stamp
            try:
                self._newest = self._tls.context()
                LOG.info("read the certificates again")
            except WebConfigError as error:
                LOG.error("the certificates of before stay in use: %s", error)
        connection.context = self._newest

    def _stamp(self) -> tuple[Any, ...]:
        found: list[tuple[int, int, int] | None] = []
        for path in self._tls.files:
            try:
                stat = path.stat()
            except OSError:
                found.append(None)
            else:
                found.append((stat.st_mtime_ns, stat.st_size, stat.st_ino))
        return tuple(found)
