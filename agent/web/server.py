"""uvicorn in a thread of its own, so that the main thread is free for signals."""

from __future__ import annotations

import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn
from fastapi import FastAPI


class ServerError(Exception):
    """The address cannot be listened on; the message says which and why."""


class Server:
    """A running HTTP server; use it as a context."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        """Bind at once, so that an address in use is an error here; port 0 takes a free one."""
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
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=1
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
