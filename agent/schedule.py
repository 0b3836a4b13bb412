"""Slots become runs: the only file that knows APScheduler.

A slot is an instant at which some rule is due on a target: a whole multiple of the rule's interval
since 1970-01-01T00:00:00Z. All rules due at one instant share one run, and so one listing of each
check. A jitter delays the start of the work, never the slot's nominal time. A run that is still
going when its next slot comes makes that slot a miss, which is recorded; nothing piles up.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from apscheduler.events import EVENT_JOB_MISSED, EVENT_JOB_SUBMITTED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def next_slot(after: datetime, every: Sequence[timedelta]) -> datetime:
    """Return the first instant later than `after` that is a whole multiple of one of `every`."""
    elapsed = after - EPOCH
    return EPOCH + min((elapsed // step + 1) * step for step in every)


def last_slot(at: datetime, every: Sequence[timedelta]) -> datetime:
    """Return the last instant, `at` included, that is a whole multiple of one of `every`."""
    elapsed = at - EPOCH
    return EPOCH + max((elapsed // step) * step for step in every)


def is_due(slot: datetime, every: timedelta) -> bool:
    """Tell whether a rule with this interval has a slot at this instant."""
    return (slot - EPOCH) % every == timedelta(0)


class SlotTrigger(BaseTrigger):  # type: ignore[misc] # APScheduler ships no types
    """Fires at every slot of a set of intervals, delayed by up to `jitter`."""

    def __init__(
        self,
        every: Sequence[timedelta],
        jitter: timedelta,
        uniform: Callable[[float, float], float],
    ) -> None:
        """`uniform(low, high)` gives the delay in seconds."""
        self.every = tuple(sorted(set(every)))
        self.jitter = min(jitter, self.every[0] / 2)
        self._uniform = uniform

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """Return the next slot, delayed; as APScheduler asks for it."""
        # With a delay, `previous` is inside its slot; the next slot is later than both.
        after = max(previous, now) if previous else now
        delay = self._uniform(0, self.jitter.total_seconds()) if self.jitter else 0
        return next_slot(after.astimezone(UTC), self.every) + timedelta(seconds=delay)


class Scheduler:
    """Calls `work(target, slot)` at every slot; a target is worked on at most once at a time."""

    def __init__(
        self,
        work: Callable[[str, datetime], None],
        *,
        clock: Callable[[], datetime],
        jitter: timedelta = timedelta(0),
        workers: int = 8,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """`workers` is how many targets can be observed at once."""
        self._work = work
        self._clock = clock
        self._jitter = jitter
        self._uniform = uniform
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={
                "default": ThreadPoolExecutor(workers),
                "own": ThreadPoolExecutor(1),
                "asking": ThreadPoolExecutor(1),
            },
            job_defaults={"coalesce": True, "max_instances": 1},
        )
        self.last_tick: datetime | None = None
        self._every: dict[str, tuple[timedelta, ...]] = {}
        self._lock = threading.Lock()
        self._queued: Counter[str] = Counter()
        """By job: how often it was given to the workers, less how often one has begun."""
        self._scheduler.add_listener(
            lambda event: self._count(event.job_id, 1), EVENT_JOB_SUBMITTED
        )
        self._scheduler.add_listener(lambda event: self._count(event.job_id, -1), EVENT_JOB_MISSED)

    def plan(self, target: str, every: Sequence[timedelta]) -> None:
        """Set or replace a target's slots."""
        grace = min(every)
        self._every[target] = tuple(every)
        self._scheduler.add_job(
            self._fire,
            SlotTrigger(every, self._jitter, self._uniform),
            args=(target, tuple(every)),
            id=f"target:{target}",
            misfire_grace_time=max(1, int(grace.total_seconds())),
            replace_existing=True,
        )

    def drop(self, target: str) -> None:
        """Take a target out of the schedule, if it is in it."""
        self._every.pop(target, None)
        with suppress(JobLookupError):
            self._scheduler.remove_job(f"target:{target}")

    def waiting(self) -> Iterator[tuple[str, datetime]]:
        """Give (target, slot) of the work that is yet to begin: delayed, or no worker is free."""
        for target, every in [*self._every.items()]:
            job = self._scheduler.get_job(f"target:{target}")
            if job is not None:
                yield target, last_slot(job.next_run_time.astimezone(UTC), every)
            if self._queued[f"target:{target}"] > 0:
                yield target, last_slot(self._clock(), every)

    def repeat(
        self, name: str, every: timedelta, work: Callable[[], None], *, asks: bool = False
    ) -> None:
        """Call `work` again and again, for the agent's own upkeep.

        `asks`: it waits for a cloud's answers, and upkeep does not wait for it. Of those, one is
        at work at a time.
        """
        self._scheduler.add_job(
            work,
            IntervalTrigger(seconds=every.total_seconds()),
            id=f"own:{name}",
            executor="asking" if asks else "own",
            misfire_grace_time=None,
            replace_existing=True,
        )

    def once(self, name: str, work: Callable[[], None], *, asks: bool = False) -> None:
        """Call `work` as soon as a worker is free; `asks` as for `repeat`."""
        self._scheduler.add_job(
            work,
            id=f"once:{name}",
            executor="asking" if asks else "default",
            misfire_grace_time=None,
            replace_existing=True,
        )

    def start(self) -> None:
        """Start the clockwork; returns at once."""
        self.repeat("tick", timedelta(seconds=5), self._tick)
        self._tick()
        self._scheduler.start()

    def stop(self) -> None:
        """Give out no more work; what runs is not waited for."""
        self._scheduler.shutdown(wait=False)

    def _tick(self) -> None:
        self.last_tick = self._clock()

    def _count(self, job: str, number: int) -> None:
        with self._lock:
            self._queued[job] += number

    def _fire(self, target: str, every: tuple[timedelta, ...]) -> None:
        self._count(f"target:{target}", -1)
        self._work(target, last_slot(self._clock(), every))
