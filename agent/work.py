"""The agent's runs: one for each slot of a target, never two at once on one, and what came of it.

What came of it is in the log; here it goes to the gauges, and a slot without a run to the log.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from agent.duration import parse_duration
from agent.evidence.log import Log
from agent.evidence.moment import told_of
from agent.metrics import Vitals
from agent.reach import UNANSWERED, Reach
from agent.rules.rule import Rule
from agent.run import CLOCK, Done, Failed, Runner, Task
from agent.schedule import is_due
from agent.scope import Scope
from agent.targets import Observed
from agent.unsealed import Unsealed
from checks.limits import Limits

LOG = logging.getLogger("assay")


class Work:
    """Looks at targets when it is told to; for several threads."""

    def __init__(
        self,
        log: Log,
        scope: Callable[[], Scope],
        *,
        vitals: Vitals,
        reach: Reach,
        unsealed: Unsealed,
        stopping: threading.Event,
    ) -> None:
        """`scope` gives what is in force when it is asked; nothing runs yet."""
        self._log, self._scope, self._stopping = log, scope, stopping
        self._vitals, self._reach, self._unsealed = vitals, reach, unsealed
        self._running: set[tuple[str, datetime]] = set()
        self._turns: dict[str, threading.Lock] = {}

    def is_fresh(self, target: str) -> bool:
        """Whether `target` was never looked at as it is. Raises `StoreError`."""
        with self._log.store.reading() as view:
            number = view.number_of(target)
            if number is None or view.last_run(number) is None:
                return True
        return self.is_cut_off(target)

    def is_cut_off(self, target: str) -> bool:
        """Whether the newest that is known of `target` is of its past. Raises `StoreError`."""
        with self._log.store.reading() as view:
            number = view.number_of(target)
            last = None if number is None else view.last_run(number)
            body = json.loads(view.entry(last[1]) or b"{}") if last else {}
            return told_of(body, view.content) is not None

    def look(self, target: str, slot: datetime | None) -> None:
        """Run the rules that are due on `target` at `slot`; None: all of them, now."""
        scope = self._scope()
        if target not in scope.targets:  # it left while it waited for its turn
            return
        rules = {
            name: rule
            for name, rule in scope.rules_of(target).items()
            if slot is None or is_due(slot, rule.every)
        }
        if not rules:
            return
        key = (target, slot or CLOCK.now())
        self._running.add(key)
        try:
            with self._turns.setdefault(target, threading.Lock()):
                self._carry_out(scope, scope.targets[target], rules, slot)
        finally:
            self._running.discard(key)

    def runner(self) -> Runner:
        """Give one with the limits that are in force."""
        scope = self._scope()
        run = scope.settings.run
        return Runner(
            self._log,
            scope.pack.checks,
            deadline=parse_duration(run.deadline),
            threads=run.threads,
            limits=Limits(tries=run.max_attempts),
            stopping=self._stopping,
        )

    def record_missed(
        self,
        before: datetime,
        reason: str,
        note: str,
        *,
        waiting: Iterable[tuple[str, datetime]] = (),
        only: str | None = None,
    ) -> None:
        """Record slots that have no run, of one target or of all.

        One that is under way is not missed, and neither are those of `waiting`: (target, slot).
        """
        pending = [*waiting, *self._running]  # from the one it may go to the other meanwhile
        with self._unsealed.noting("a missed slot could not be recorded"):
            self._log.record_missed(
                CLOCK.now(), before=before, reason=reason, note=note, pending=pending, only=only
            )

    def _carry_out(
        self, scope: Scope, observed: Observed, rules: Mapping[str, Rule], slot: datetime | None
    ) -> None:
        task = Task(
            session=observed.open(),
            rules=rules,
            target=observed.target,
            slot=slot,
            trigger="schedule" if slot else "start",
            waivers=scope.decisions.waivers,
        )
        result = self.runner().run(task)
        if isinstance(result, Done):
            self._note_done(result)
        else:
            self._note_failed(observed.target.label, slot, result)

    def _note_done(self, done: Done) -> None:
        target, vitals = done.target, self._vitals
        vitals.count(target.provider, done.collection)
        vitals.duration.labels(target.provider).observe(
            (done.finished - done.started).total_seconds()
        )
        vitals.skew.labels(target.label).set(done.collection.skew)
        self._reach.note(target.label, answered=bool(done.identity))
        self._unsealed.words = ""

    def _note_failed(self, target: str, slot: datetime | None, failed: Failed) -> None:
        if failed.reason in {"taken", "stopped"}:
            return
        LOG.error("%s: no run (%s): %s", target, failed.reason, failed.message)
        if failed.reason == UNANSWERED:
            self._reach.note(target, answered=False)
        if failed.reason == "store":
            self._vitals.seal_failures.inc()
            self._unsealed.words = failed.message
        if slot is not None:
            after = slot + timedelta(seconds=1)
            self.record_missed(after, failed.reason, failed.message, only=target)
