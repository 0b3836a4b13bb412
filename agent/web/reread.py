"""A web configuration whose users count from the next request on, as in Prometheus's exporters.

What is wrong leaves what was read before in force, and says so. How connections are protected is
taken at the start only: a protection that OpenSSL has begun with cannot be taken back.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from agent.web.webconfig import WebConfig, WebConfigError, load_web_config

LOG = logging.getLogger("assay")
Told = Callable[[bool], None]
"""Hears whether the file on disk is the one in force."""


class WebConfigFile:
    """The configuration that a file says, read again when it changes; safe from several threads."""

    def __init__(self, path: Path, told: Told) -> None:
        """Read it. Raises `WebConfigError`."""
        self._path, self._told = path, told
        self._lock = threading.Lock()
        self._seen = self._stamp()
        self._known = load_web_config(path)

    def __call__(self) -> WebConfig:
        """Give what is in force."""
        with self._lock:
            stamp = self._stamp()
            if stamp != self._seen:
                self._seen = stamp
                self._told(self._read())
            return self._known

    def _read(self) -> bool:
        """Take what the file says now; whether all of it counts."""
        try:
            found = load_web_config(self._path)
        except WebConfigError as error:
            LOG.error("the users of before stay in force: %s", error)
            return False
        whole = found.tls == self._known.tls
        self._known = msgspec.structs.replace(found, tls=self._known.tls)
        LOG.info("%s: read again: %d users", self._path, len(found.users))
        if not whole:
            LOG.error("%s: tls_server_config changes only with a restart", self._path)
        return whole

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino
