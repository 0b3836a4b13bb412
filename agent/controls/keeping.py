"""The people's part of the log while an agent runs: recorded when it changes, read again and again.

The files of decisions are read when the configuration is; lists of events change every day by
themselves, and are read at each look. A look also records the waivers that have ended and seals
what commands left.
"""

from __future__ import annotations

import logging
from datetime import datetime
from threading import Lock

import msgspec

from agent.config import Settings
from agent.controls.decisions import Decisions, read_lists, record
from agent.evidence.log import Log
from agent.home import folder_of
from agent.inbox import take

LOG = logging.getLogger("assay")


class People:
    """Keeps what people decided and said; safe to use from several threads."""

    def __init__(self, log: Log, settings: Settings, decisions: Decisions) -> None:
        """Nothing is recorded yet."""
        self._log, self._settings, self._decisions = log, settings, decisions
        self._turn = Lock()
        self._said: tuple[str, ...] = ()

    @property
    def decisions(self) -> Decisions:
        """What is in force, with the lists of events as last read."""
        return self._decisions

    def put(self, settings: Settings, decisions: Decisions, now: datetime) -> None:
        """Record what is decided, and put it in force. Raises `StoreError`: then it is not."""
        with self._turn:
            record(self._log, decisions, now)
            self._settings, self._decisions = settings, decisions
        self._say()

    def look(self, now: datetime) -> None:
        """Read the lists of events, record what changed, seal what was left. `StoreError`."""
        with self._turn:
            lists = read_lists(self._settings, self._decisions.library)
            self._decisions = msgspec.structs.replace(self._decisions, events=lists)
            record(self._log, self._decisions, now)
            for line in take(folder_of(self._settings), self._log, now):
                LOG.info("inbox: %s", line)
        self._say()

    def _say(self) -> None:
        """Log why lists of events cannot be read, once until that changes."""
        failures = self._decisions.failures
        for failure in failures if failures != self._said else ():
            LOG.error("events: %s; those known before stay due", failure)
        self._said = failures
