"""`assay serve`: the agent in the foreground, until SIGTERM or SIGINT; SIGHUP reloads."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from agent.config import Settings


def serve(context: typer.Context) -> None:
    """Run the rules on their schedule, seal evidence, serve metrics."""
    from agent.config import load_settings

    settings = load_settings(context.obj)

    def ready(url: str) -> None:
        logging.getLogger("assay").info("listening on %s", url)

    leave(serve_until_signal(settings, stopping=threading.Event(), ready=ready))


def serve_until_signal(
    settings: Settings, *, stopping: threading.Event, ready: Callable[[str], None]
) -> int:
    """Serve in the main thread until `stopping` is set or a signal says so.

    As PID 1 too: there a signal without a handler would be ignored. Threads that wait for a cloud's
    answer are not waited for; nothing of their run is sealed.
    """
    from agent.serve import serve as serve_agent

    _log_to_stderr()
    reloading = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    def reload(_number: int, _frame: FrameType | None) -> None:
        reloading.set()

    before = {
        signal.SIGTERM: signal.signal(signal.SIGTERM, stop),
        signal.SIGINT: signal.signal(signal.SIGINT, stop),
        signal.SIGHUP: signal.signal(signal.SIGHUP, reload),
    }
    try:
        return serve_agent(settings, stopping=stopping, ready=ready, reloading=reloading)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave(code: int) -> NoReturn:
    """End the process now, without waiting for threads that wait for a cloud's answer."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("assay")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)


class _OneLine(logging.Formatter):
    """Times in UTC, RFC 3339, and no line break inside a record."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's own name
        del datefmt
        from datetime import UTC, datetime

        moment = datetime.fromtimestamp(record.created, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def format(self, record: logging.LogRecord) -> str:
        return " ".join(super().format(record).split("\n"))
