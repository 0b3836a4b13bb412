"""HTTP/1.1 that waits for nobody for ever: neither for a request nor for an answer to be taken.

Each connection is one of a few. uvicorn closes one that is silent between two requests, and no
other: whoever sends a header now and then, or takes no byte of an answer, would keep it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

STALLED = 60
"""Seconds in which a reader must take what waits for it (64 KiB at most)."""


class Impatient(H11Protocol):
    """Closes a connection whose next request is not whole within uvicorn's `timeout_keep_alive`."""

    def __init__(self, *args: Any, **more: Any) -> None:
        """As uvicorn makes it."""
        super().__init__(*args, **more)
        self._asking: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait_for_request()

    def handle_events(self) -> None:
        """Wait no more once the headers of a request are whole."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:
            _stop(self._asking)

    def on_response_complete(self) -> None:
        """Begin to wait for the next request, which may be there already."""
        self._wait_for_request()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Begin to wait for the reader."""
        super().pause_writing()
        self._taking = self.loop.call_later(STALLED, self.transport.abort)

    def resume_writing(self) -> None:
        """Wait no more."""
        _stop(self._taking)
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        _stop(self._asking)
        _stop(self._taking)
        super().connection_lost(exc)

    def _wait_for_request(self) -> None:
        _stop(self._asking)
        self._asking = self.loop.call_later(self.timeout_keep_alive, self.transport.close)


def _stop(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
