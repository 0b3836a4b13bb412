"""One run: plan, collect, evaluate, seal. It reads the clock, and holds the one broad `except`.

Whatever goes wrong in a run ends in the log: as findings that are errors, as gaps of the run, or,
when there is no run at all, as a `Failed` whose slot the caller records as missed.
"""

from __future__ import annotations

import platform
import random
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from agent import __version__
from agent.evidence.log import Log
from agent.evidence.seal import RuleVersion, SealedRun
from agent.evidence.store import SlotTaken, StoreError
from agent.plan import Plan, make_plan
from agent.rules.examples import failed_examples
from agent.rules.params import params_of
from agent.rules.rule import Rule
from agent.waivers import Waiver
from agent.watch import Progress, Unseen, Watch
from checks.canonical import rfc3339
from checks.collect import Collecting, collect
from checks.ledger import Collection
from checks.limits import Clock, Limits
from checks.model import CallError, Check, Observation, Scope, Session, Target

CLOCK = Clock(
    now=lambda: datetime.now(UTC),  # noqa: TID251 - the one place that asks
    monotonic=time.monotonic,
    sleep=time.sleep,
    random=random.random,
)


class Task(Struct, frozen=True, kw_only=True):
    """What one run is to do."""

    session: Session
    """A new one for each run: it remembers who it is."""
    rules: Mapping[str, Rule]
    target: Target | None = None
    """None: whoever answers."""
    slot: datetime | None = None
    """None: by hand."""
    trigger: str = "schedule"
    waivers: tuple[Waiver, ...] = ()
    """Those that people decided; which of them are in force the run's own time says."""
    as_of: datetime | None = None
    """The time in the past that the session's answers are of; None: now."""


class Done(Struct, frozen=True, kw_only=True):
    """What came of it."""

    target: Target
    identity: str
    """Who asked, in the provider's words; empty: nobody answered."""
    sealed: SealedRun
    unseen: tuple[Unseen, ...]
    collection: Collection
    started: datetime
    finished: datetime


class Failed(Struct, frozen=True, kw_only=True):
    """A run of which nothing could be sealed; its slot is a gap."""

    reason: str
    """`taken`: the slot has its run; `store`: the store refused; `unknown_target`: nobody said who
    we are; `stopped`; `crashed`."""
    message: str


class Runner:
    """Carries out tasks against one log; safe to use from several threads."""

    def __init__(
        self,
        log: Log,
        checks: Mapping[str, Check],
        *,
        deadline: timedelta,
        threads: int = 16,
        limits: Limits | None = None,
        clock: Clock = CLOCK,
        image: str = "",
        stopping: threading.Event | None = None,
    ) -> None:
        """Take the log and the limits of every run.

        `image` is the digest of the container image, when there is one. When `stopping` is set,
        runs under way end unsealed at the next part.
        """
        self.log = log
        self.checks = checks
        self.clock = clock
        self._deadline = deadline
        self._threads = threads
        self._limits = limits or Limits()
        self._image = image
        self._stopping = stopping or threading.Event()

    def run(
        self, task: Task, progress: Callable[[Progress], None] = lambda _: None
    ) -> Done | Failed:
        """Carry out one task. Raises nothing: a failure is a value, and is in the log."""
        try:
            return self._run(task, task.target or task.session.target, progress)
        except SlotTaken as error:
            return Failed(reason="taken", message=str(error))
        except StoreError as error:
            return Failed(reason="store", message=str(error))
        except CallError as error:
            return Failed(reason="unknown_target", message=f"who are we? {error}")
        except _StoppedError:
            return Failed(reason="stopped", message="the agent was stopped during the run")
        except Exception as error:  # noqa: BLE001 - the one broad except: a run ends in the log
            return Failed(reason="crashed", message=_where(error))

    def _run(self, task: Task, target: Target, progress: Callable[[Progress], None]) -> Done:
        started = self.clock.now()
        plan = make_plan(task.rules, self.checks)
        collecting = collect(
            task.session,
            self.checks,
            plan.facets,
            clock=self.clock,
            deadline=self._deadline.total_seconds(),
            threads=self._threads,
            limits=self._limits,
        )
        versions = {
            rule.id: RuleVersion(text=rule.text, params=params_of(rule), check=rule.check)
            for rule in task.rules.values()
        }
        with (
            closing(collecting),
            self.log.run(
                target=target.label,
                slot=task.slot,
                rules=versions,
                at=started,
                trigger=task.trigger,
            ) as run,
        ):
            watched = Watch(
                run, plan, self.checks, target=target, now=started, waivers=task.waivers
            )
            for part in self._parts(collecting):
                watched.take(part)
                del part  # or it would be kept until the next one has come
                progress(watched.progress)
            watched.conclude(_expected(task.session, collecting.collection))
            finished = self.clock.now()
            sealed = run.seal(
                {
                    **self._header(task, plan, collecting.collection),
                    "unseen": [unseen.resources for unseen in watched.unseen],
                },
                finished=finished,
                lost=watched.lost(),
                gaps=[unseen.gap for unseen in watched.unseen],
                calls=_to_record(collecting.collection),
            )
        return Done(
            target=target,
            identity=_identity(task.session),
            sealed=sealed,
            unseen=watched.unseen,
            collection=collecting.collection,
            started=started,
            finished=finished,
        )

    def _parts(self, collecting: Collecting) -> Iterator[Observation]:
        while (part := next(collecting, None)) is not None:
            if self._stopping.is_set():
                raise _StoppedError
            yield part
            del part

    def _header(self, task: Task, plan: Plan, collection: Collection) -> dict[str, Any]:
        failed = [rule.id for rule in task.rules.values() if any(failed_examples(rule))]
        return {
            "agent": __version__,
            "python": platform.python_version(),
            "image": self._image,
            "plan": plan.digest,
            "identity": _identity(task.session),
            "clock_skew_ms": round(collection.skew * 1000),
            "regions": list(collection.regions),
            "not_enabled": list(collection.not_enabled),
            **({"as_of": rfc3339(task.as_of)} if task.as_of else {}),
            "self_test": {"rules": len(task.rules), "failed": sorted(failed)},
        }


class _StoppedError(Exception):
    pass


def _identity(session: Session) -> str:
    try:
        return session.identity
    except CallError:  # each check has its gap that says why
        return ""


def _expected(session: Session, collection: Collection) -> Callable[[Check], set[str]]:
    absent = set(collection.absent)

    def regions_of(check: Check) -> set[str]:
        if check.scope is Scope.ACCOUNT:
            return {""}
        try:
            enabled = session.regions("")
        except CallError:  # then each check has its gap of the whole target
            return set()
        return {region for region in enabled if f"{check.name} {region}" not in absent}

    return regions_of


def _to_record(collection: Collection) -> dict[str, Any]:
    """Make the record of a collection sealable: no floats."""
    record: dict[str, Any] = msgspec.to_builtins(collection)
    return {**record, "skew": round(collection.skew * 1000)}


def _where(error: Exception) -> str:
    """Say in one line what broke and where; the traceback's last frame of our own."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"
