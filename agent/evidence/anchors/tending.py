"""Keeps a log anchored: asks each anchor when there is something new, and again after a failure.

What waits is the log itself: the newest checkpoint covers every entry before it, so that an anchor
which was away for a day needs one answer and not a day's. Receipts are entries too, and do not by
themselves call for another anchor until half a day has gone by.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from agent.evidence.anchors.model import Anchor, AnchorError
from agent.evidence.anchors.receipt import body_of, receipts
from agent.evidence.entry import Kind
from agent.evidence.log import Log
from agent.evidence.note import parse_checkpoint, parse_note

LOG = logging.getLogger("assay")
IDLE = timedelta(hours=12)
"""After this long the newest entries are anchored even if they are only receipts."""
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
"""Pauses after failures double from the first to the longest."""


class _Last(Struct, frozen=True):
    """The newest receipt of an anchor."""

    size: int
    time: datetime


class _Trouble(Struct, frozen=True):
    """Failures of an anchor in a row."""

    count: int
    again: datetime


class Tender:
    """Tends the anchors of one log; its writer's. Not for several threads at once."""

    def __init__(self, log: Log, anchors: Sequence[Anchor]) -> None:
        """Read once what the log knows of its anchors."""
        self._log = log
        self.anchors = tuple(anchors)
        self.failures: Counter[str] = Counter()
        self._trouble: dict[str, _Trouble] = {}
        with log.store.reading() as view:
            self._last = {each.place: _Last(each.size, each.time) for each in receipts(view)}

    def use(self, anchors: Sequence[Anchor]) -> None:
        """Tend these from now on."""
        self.anchors = tuple(anchors)

    def tend(self, now: datetime) -> int:
        """Ask the anchors that are due; gives how many answered.

        A failing anchor is logged, counted and asked again later. Raises `StoreError`.
        """
        due = [anchor for anchor in self.anchors if self._is_due(anchor, now)]
        if not due:
            return 0
        note = self._log.checkpoint()
        size = parse_checkpoint(parse_note(note).text).size
        return sum(self.ask(anchor, note, size, now) for anchor in due)

    def ask(self, anchor: Anchor, note: bytes, size: int, now: datetime) -> bool:
        """Ask one anchor now. Raises `StoreError`."""
        try:
            given = anchor.put(note, size)
        except AnchorError as error:
            failed = self._trouble.get(anchor.place, _Trouble(0, now)).count
            pause = min(FIRST_PAUSE * 2 ** min(failed, 10), LONGEST_PAUSE)
            self._trouble[anchor.place] = _Trouble(failed + 1, now + pause)
            self.failures[anchor.kind] += 1
            LOG.error("not anchored by %s: %s; again in %s", anchor.place, error, pause)
            return False
        kind, place, time = anchor.kind, anchor.place, given.time
        body = body_of(by=kind, place=place, size=size, time=time, proof=given.proof)
        self._log.append(Kind.ANCHOR, body, now, [given.proof])
        self._last[place] = _Last(size, time)
        self._trouble.pop(place, None)
        return True

    def anchored_at(self, kind: str, now: datetime) -> float:
        """When the newest receipt of a kind was made, as seconds; now, when nothing waits for one.

        0: there is none.
        """
        last = [
            found
            for anchor in self.anchors
            if anchor.kind == kind and (found := self._last.get(anchor.place))
        ]
        if not last:
            return 0.0
        if any(not self._waits(each) for each in last):
            return now.timestamp()
        return max(each.time.timestamp() for each in last)

    def _is_due(self, anchor: Anchor, now: datetime) -> bool:
        trouble, last = self._trouble.get(anchor.place), self._last.get(anchor.place)
        if trouble and now < trouble.again:
            return False
        if last is None:
            return True
        age = now - last.time
        return age >= anchor.every and (age >= IDLE or self._waits(last))

    def _waits(self, last: _Last) -> bool:
        """Whether there are entries after a receipt's checkpoint that are not receipts."""
        with self._log.store.reading() as view:
            later = view.entries(start=last.size)
            return any(json.loads(data)["kind"] != Kind.ANCHOR for _, data in later)


class AnchorCollector(Collector):
    """What Prometheus scrapes of a `Tender`."""

    def __init__(self, tender: Tender, now: Callable[[], datetime]) -> None:
        """`now` is asked at each scrape."""
        self._tender, self._now = tender, now

    def collect(self) -> Iterator[Metric]:
        """Give both families; called by the registry."""
        now, kinds = self._now(), sorted({anchor.kind for anchor in self._tender.anchors})
        when = GaugeMetricFamily(
            "assay_anchor_timestamp_seconds",
            "When the newest anchor of a kind was made, or now while nothing waits; 0: never.",
            labels=("kind",),
        )
        failures = CounterMetricFamily(
            "assay_anchor_failures",
            "Times that an anchor of a kind could not be had.",
            labels=("kind",),
        )
        for kind in kinds:
            when.add_metric((kind,), self._tender.anchored_at(kind, now))
            failures.add_metric((kind,), self._tender.failures[kind])
        yield when
        yield failures
