"""The couriers of an agent: a thread for each receiver, so that none waits for another.

Nothing of a run waits for them: they read what is sealed. What they have not delivered when the
agent ends, they deliver when it is there again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Self

from agent.controls.model import Due
from agent.evidence.store import Store, StoreError
from agent.webhooks.courier import Courier
from agent.webhooks.settings import WebhookSettings

LOG = logging.getLogger("assay")
TURN = 1.0
"""Seconds between two looks at the log."""
_LEAVE = 1.0
"""Seconds that a courier gets to end; one that waits for an answer is left to its end."""


class Office:
    """Keeps a courier for each receiver that is configured."""

    def __init__(
        self,
        store: Store,
        *,
        secrets: Callable[[WebhookSettings], Sequence[bytes]],
        owed: Callable[[datetime], Iterable[Due]],
        now: Callable[[], datetime],
    ) -> None:
        """Nobody is configured yet."""
        self._store, self._secrets, self._owed, self._now = store, secrets, owed, now
        self._posts: dict[str, _Post] = {}

    @property
    def couriers(self) -> tuple[Courier, ...]:
        """Those at work, by name."""
        return tuple(post.courier for _, post in sorted(self._posts.items()))

    def use(self, receivers: Iterable[WebhookSettings]) -> None:
        """Serve these from now on, each with a fresh start. Raises `StoreError`."""
        for courier in self.couriers:
            courier.retire()
        self.close()
        for settings in receivers:
            courier = Courier(
                settings,
                self._store,
                secrets=partial(self._secrets, settings),
                owed=self._owed,
                now=self._now,
            )
            self._posts[settings.name] = _Post(courier)

    def close(self) -> None:
        """Let all end; an answer that comes too late is not marked, and its event told again."""
        posts, self._posts = self._posts, {}
        for post in posts.values():
            post.stopping.set()
        for post in posts.values():
            post.thread.join(_LEAVE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Post:
    """A courier and its thread."""

    def __init__(self, courier: Courier) -> None:
        self.courier, self.stopping = courier, threading.Event()
        name = f"webhook {courier.settings.name}"
        self.thread = threading.Thread(target=self._work, name=name, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        said = ""
        while not self.stopping.wait(TURN):
            try:
                self.courier.work(self.stopping.is_set)
                said = ""
            except Exception as error:  # a thread that ends of a defect would say nothing
                if repr(error) != said:
                    where = None if isinstance(error, StoreError) else error
                    LOG.error("webhook %s: %s", self.courier.settings.name, error, exc_info=where)
                said = repr(error)
