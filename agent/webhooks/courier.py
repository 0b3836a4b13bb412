"""Delivers the events of the log to one receiver, in their order and at least once.

An event that is not taken is tried again, after pauses that double from seconds to an hour, or that
the receiver asks for. One that stays undeliverable for days is laid aside and said, so that it does
not hold up the others for ever; one that the receiver calls wrong is laid aside sooner.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from agent.controls.model import Due
from agent.duration import parse_duration
from agent.evidence.entry import decode_entry, from_rfc3339, to_rfc3339
from agent.evidence.store import Store
from agent.webhooks.events import event_id, read_events
from agent.webhooks.message import SecretError, encode, sign
from agent.webhooks.model import Event, Type
from agent.webhooks.post import Answer, post
from agent.webhooks.progress import Progress, ProgressFile, begin
from agent.webhooks.settings import WebhookSettings

LOG = logging.getLogger("assay")
LOOK = timedelta(seconds=30)
"""How often it is asked what is overdue."""
PAGE = 100
"""Events that are read at a time."""
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
WRONG = frozenset({400, 413, 415, 422})
"""What is said of a message and not of its sender or of the moment: waiting changes nothing."""
TRIES_OF_WRONG = 8
"""About twenty minutes: a receiver's mistake that is seen and mended at once costs nothing."""
GONE = 410
"""The receiver wants no more (Standard Webhooks): it gets none until the configuration is read."""


class _Trouble(Struct, frozen=True):
    """Failures in a row."""

    count: int
    again: datetime


class Courier:
    """Delivers to one receiver; not for several threads at once."""

    def __init__(
        self,
        settings: WebhookSettings,
        store: Store,
        *,
        secrets: Callable[[], Sequence[bytes]],
        owed: Callable[[datetime], Iterable[Due]],
        now: Callable[[], datetime],
    ) -> None:
        """`secrets` are read for every delivery; `owed` gives what is overdue. `StoreError`."""
        self.settings = settings
        self._store, self._secrets, self._owed, self._now = store, secrets, owed, now
        self._file = ProgressFile(store.path.parent, settings.name)
        self.progress: Progress = begin(store, self._file.read())
        self._file.write(self.progress)
        with store.reading() as view:
            self._origin = view.meta().get("origin", "")
        self._patience = parse_duration(settings.give_up)
        self._seconds = parse_duration(settings.timeout).total_seconds()
        self._trouble: _Trouble | None = None
        self._stopped = self._retired = False
        self._oldest: datetime | None = None
        self._looked: datetime | None = None

    def waiting_since(self) -> datetime | None:
        """Say when the oldest event came that waits; None: none does. Raises `StoreError`.

        For any thread. What was not read yet waits as well, even when nobody reads it any more.
        """
        with self._store.reading() as view:
            unread = view.entry(self.progress.place.entry)
        if unread is None or self._oldest is not None:
            return self._oldest
        return from_rfc3339(decode_entry(unread)["at"])

    def retire(self) -> None:
        """Mark nothing any more: another courier of this receiver takes over."""
        self._retired = True

    def work(self, stopping: Callable[[], bool]) -> None:
        """Deliver what waits, until nothing does, one fails, or `stopping`. `StoreError`."""
        while not stopping() and not self._pauses():
            events, end = read_events(self._store, self.progress.place, PAGE)
            if not all(self._tell(event, stopping) for event in events):
                return
            if end > self.progress.place:
                self._keep(place=end)
            if len(events) < PAGE:
                if self._tell_overdue(stopping):
                    self._oldest = None
                return

    def _pauses(self) -> bool:
        return self._stopped or (self._trouble is not None and self._now() < self._trouble.again)

    def _tell_overdue(self, stopping: Callable[[], bool]) -> bool:
        """Tell what became overdue, and forget what no longer is; gives whether all were told."""
        now, looked = self._now(), self._looked
        if Type.ATTESTATION_OVERDUE not in self.settings.wanted:
            return True
        if self._trouble is None and looked is not None and now - looked < LOOK:
            return True
        self._looked = now
        found = [self._overdue(due) for due in self._owed(now)]
        still = {event.id for event in found}
        if not still.issuperset(self.progress.announced):
            kept = tuple(each for each in self.progress.announced if each in still)
            self._keep(announced=kept)
        new = (event for event in found if event.id not in self.progress.announced)
        return all(self._tell(event, stopping) for event in new)

    def _overdue(self, due: Due) -> Event:
        until = to_rfc3339(due.due)
        return Event(
            id=event_id(self.progress.vkey, Type.ATTESTATION_OVERDUE, due.control, due.period),
            type=Type.ATTESTATION_OVERDUE,
            at=due.due,
            data={"control": due.control, "period": due.period, "due": until},
        )

    def _tell(self, event: Event, stopping: Callable[[], bool]) -> bool:
        """Deliver one event, or lay it aside; gives whether the next one's turn has come."""
        if event.type not in self.settings.wanted:
            return True  # the place moves on with the next that is told, or at the page's end
        if stopping():
            return False
        self._oldest = event.at if event.place else self._oldest or self._now()
        body = encode(event, self._origin)
        answer = self._deliver(event.id, body)
        if answer.is_taken:
            self._trouble = None
            self._done(event, delivered=self.progress.delivered + 1)
            return True
        count = (self._trouble.count if self._trouble else 0) + 1
        name, said = self.settings.name, f"{event.type} {event.id}: {answer.words}"
        self._keep(failures=self.progress.failures + 1)
        if answer.status == GONE:
            self._stopped = True
            LOG.error("webhook %s: %s; it wants no more, until a reload", name, said)
            return False
        if self._is_hopeless(event, answer, count):
            self._file.lay_aside(body)
            LOG.error("webhook %s: laid aside: %s", name, said)
            self._trouble = None
            self._done(event, dead=self.progress.dead + 1)
            return True
        pause = min(FIRST_PAUSE * 2 ** min(count - 1, 10), LONGEST_PAUSE)
        pause = max(pause, min(timedelta(seconds=answer.wait), LONGEST_PAUSE))
        self._trouble = _Trouble(count, self._now() + pause)
        LOG.error("webhook %s: %s; again in %s", name, said, pause)
        return False

    def _is_hopeless(self, event: Event, answer: Answer, count: int) -> bool:
        if answer.status in WRONG and count >= TRIES_OF_WRONG:
            return True
        return event.place is not None and self._now() - event.at > self._patience

    def _deliver(self, name: str, body: bytes) -> Answer:
        now = self._now()
        try:
            headers = sign(self._secrets(), name, now, body)
        except SecretError as error:
            return Answer(status=0, words=f"it is not asked: {error}")
        return post(self.settings.url, body, headers, seconds=self._seconds, at=now)

    def _done(self, event: Event, **counts: int) -> None:
        if event.place is not None:
            self._keep(place=event.place, **counts)
        else:
            self._keep(announced=(*self.progress.announced, event.id), **counts)

    def _keep(self, **changed: object) -> None:
        progress = msgspec.structs.replace(self.progress, **changed)
        if not self._retired:
            self._file.write(progress)
        self.progress = progress
