"""The first start looks at the past too, of the targets whose cloud tells it, before the present.

Day by day, the oldest first, in a thread of its own: the other targets do not wait. Slots that fall
into it have no run, and the log says why. What it could not see is an error or a warning, never a
reason to put off the present. One that was cut off goes on at the next start.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

from msgspec.structs import replace

from agent.duration import parse_duration
from agent.evidence.store import Store
from agent.past import (
    REACH,
    PastError,
    moments_since,
    newest_known,
    rules_of_past,
    verify_past,
)
from agent.run import CLOCK, Failed, Runner, Task
from agent.scope import Scope
from agent.targets import Entries, Observed, TargetError

LOG = logging.getLogger("assay")
LONGEST = timedelta(hours=1)
"""After this the present is looked at, however much of the past is left."""


class BackFill:
    """Puts what is known of the past of some targets into the log, once."""

    def __init__(
        self,
        store: Store,
        scope: Callable[[], Scope],
        runner: Callable[[], Runner],
        stopping: threading.Event,
    ) -> None:
        """Take what is in force when it is asked; nothing is looked at yet."""
        self._store, self._scope, self._runner = store, scope, runner
        self._stopping = stopping
        self._under_way: frozenset[str] = frozenset()

    def has(self, target: str) -> bool:
        """Whether the past of `target` is being looked at: its present waits."""
        return target in self._under_way

    def start(self, targets: Iterable[str], then: Callable[[str], None]) -> None:
        """Begin with those of `targets` that tell their past; calls `then` of each at the end."""
        length = self._scope().settings.run.back_fill
        telling = sorted(each for each in targets if each.partition(":")[0] in REACH)
        if length and telling:
            self._under_way = frozenset(telling)
            work = partial(self._work, telling, parse_duration(length), then)
            threading.Thread(target=work, name="back-fill", daemon=True).start()

    def _work(self, targets: list[str], length: timedelta, then: Callable[[str], None]) -> None:
        try:
            self._look_at_days(targets, length)
        finally:
            self._under_way = frozenset()
            for target in targets if not self._stopping.is_set() else ():
                then(target)

    def _look_at_days(self, targets: list[str], length: timedelta) -> None:
        begun = CLOCK.now().replace(microsecond=0)
        moments = list(moments_since(length, begun))
        for number, moment in enumerate(moments):
            if self._stopping.is_set():
                return
            if CLOCK.now() - begun > LONGEST:
                LOG.warning(
                    "back-fill: ended after %s, %d of %d days", LONGEST, number, len(moments)
                )
                return
            seen = self._look_at(targets, moment)
            words = (number + 1, len(moments), f"{moment:%F}", seen, len(targets))
            LOG.info("back-fill: day %d of %d, as of %s: %d of %d targets", *words)

    def _look_at(self, targets: list[str], moment: datetime) -> int:
        """Look at the state as of `moment`; gives of how many targets it is in the log."""
        try:
            there = self._members_at(moment)
        except TargetError as error:
            LOG.warning("back-fill: as of %s: %s", f"{moment:%F}", error)
            return 0
        look = partial(self._look_back, runner=self._runner(), moment=moment)
        at_once = self._scope().settings.run.targets_at_once
        with ThreadPoolExecutor(at_once, "back-fill") as pool:
            return sum(pool.map(look, (there[each] for each in targets if each in there)))

    def _members_at(self, moment: datetime) -> dict[str, Observed]:
        """Find the targets that there were, by label. Raises `TargetError`."""
        scope = self._scope()
        telling = tuple(each for each in scope.settings.targets if each.provider in REACH)
        settings = replace(scope.settings, targets=telling)
        found = Entries(settings, scope.pack.checks.values(), as_of=moment).find({})
        for roll in found.failures:
            LOG.warning("back-fill: as of %s: %s", f"{moment:%F}", roll.words)
        return {each.target.label: each for each in found.observed}

    def _look_back(self, observed: Observed, *, runner: Runner, moment: datetime) -> bool:
        """Look at one target; whether that is in the log."""
        scope, target = self._scope(), observed.target
        known = newest_known(self._store, target)
        if known is not None and moment <= known:  # this goes on with what was cut off
            return False
        rules = rules_of_past(scope.rules_of(target.label), scope.pack.checks)
        task = Task(
            session=observed.open(), rules=rules, target=target, trigger="as_of", as_of=moment
        )
        try:
            verify_past(self._store, [target], moment, CLOCK.now())
        except PastError as error:
            LOG.warning("back-fill: %s", error)
            return False
        result = runner.run(task)
        if isinstance(result, Failed):
            LOG.warning("back-fill: %s as of %s: %s", target.label, f"{moment:%F}", result.message)
            return False
        return True
