"""Looks at one target: lists, pages, joins, fetches facets, and says what could not be seen.

Written once for all clouds, against `Session`. Each listing is made once a region whoever needs
it, a facet only where it is wanted. Parts come out as soon as they are whole, through a queue
that holds a few, so that memory grows with a page and not with an account.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping

from checks.calls import Caller, gap_of
from checks.crew import Crew, task_key
from checks.itinerary import Key, Task, order, services
from checks.ledger import Collection, Ledger
from checks.limits import Clock, Limits
from checks.model import CallError, Cause, Check, Gap, Observation, Scope, Session
from checks.repeats import Repeats, repeated


def collect(
    session: Session,
    checks: Mapping[str, Check],
    wanted: Mapping[str, frozenset[str]],
    *,
    clock: Clock,
    deadline: float,
    threads: int = 32,
    limits: Limits | None = None,
) -> Collecting:
    """Observe every check of `wanted` with the facets and joins named there.

    `deadline` is seconds from now. Iterating gives observations, in no promised order; each
    check gives at least one in each region that it was looked at in. After the last one,
    `Collecting.collection` says what it took. Errors of calls are gaps, never raised.
    """
    return Collecting(
        session,
        checks,
        wanted,
        clock=clock,
        deadline=deadline,
        threads=threads,
        limits=limits or Limits(),
    )


class Collecting(Iterator[Observation]):
    """A collection under way. Close it when it is left before its end."""

    def __init__(
        self,
        session: Session,
        checks: Mapping[str, Check],
        wanted: Mapping[str, frozenset[str]],
        *,
        clock: Clock,
        deadline: float,
        threads: int,
        limits: Limits,
    ) -> None:
        """See `collect`."""
        self._session = session
        self._checks = checks
        self._wanted = wanted
        self._clock = clock
        self._threads = threads
        self._ends = clock.monotonic() + deadline
        self._limits = limits
        self._ledger = Ledger()
        self._collection: Collection | None = None
        self._parts = self._observe()

    def __next__(self) -> Observation:
        return next(self._parts)

    def close(self) -> None:
        """Stop; what is in flight is let go."""
        self._parts.close()

    @property
    def collection(self) -> Collection:
        """What it took; there is none before the last observation."""
        if self._collection is None:
            raise RuntimeError("the collection has not come to its end")
        return self._collection

    def _observe(self) -> Generator[Observation, None, None]:
        try:
            caller = Caller(self._session, self._clock, self._limits, self._ledger, self._ends)
            yield from self._looked(caller)
        except CallError as error:  # no session at all: credentials that are not even there
            yield from self._unseen(error, set(self._wanted))
        self._collection = self._ledger.close(self._session.made(), self._session.not_enabled)

    def _looked(self, caller: Caller) -> Iterator[Observation]:
        caller.identify()
        regions, unknown = self._regions(caller)
        for name in sorted(unknown.keys() & self._wanted.keys()):
            yield Observation(check=name, region="", gaps=(unknown[name],))
        tasks = order(self._checks, self._wanted, regions)
        looked_at = [self._checks[name] for name in sorted({task.check for task in tasks})]
        caller.repeats = Repeats(repeated(looked_at, self._wanted))
        crew = Crew(
            caller, self._checks, self._wanted, tasks, unknown=unknown, threads=self._threads
        )
        try:
            yield from crew.work()
        finally:
            crew.disband()
        if caller.closed:
            yield from self._unseen(caller.closed, _unfinished(tasks, crew.finished))

    def _regions(self, caller: Caller) -> tuple[dict[str, tuple[str, ...]], dict[str, Gap]]:
        """Where each regional check is looked at; and the gap of each where that is unknown."""
        names = self._regional()
        try:
            enabled = set(caller.regions("")) if names else set()
        except CallError as error:
            if error.cause is Cause.AUTH:
                raise
            return {}, {name: gap_of(name, error) for name in names}
        regions = {}
        for name in names:
            service = services(self._checks[name], self._wanted.get(name, frozenset()))
            regions[name] = caller.regions(service)
            for absent in sorted(enabled - {*regions[name]}):
                self._ledger.absent(name, absent)
        return regions, {}

    def _regional(self) -> list[str]:
        """The regional checks among the wanted ones, their parents and those joined with them."""
        reached: set[str] = set()
        waiting = list(self._wanted)
        while waiting:
            name = waiting.pop()
            if name in reached:  # two checks may be joined with each other
                continue
            reached.add(name)
            check, wanted = self._checks[name], self._wanted.get(name, frozenset())
            waiting += [check.parent] if check.parent else []
            waiting += [join.check for join in check.joins if join.name in wanted]
        return sorted(name for name in reached if self._checks[name].scope is Scope.REGION)

    def _unseen(self, error: CallError, names: set[str]) -> Iterator[Observation]:
        """One gap a check, of the whole target."""
        for name in sorted(names):
            yield Observation(check=name, region="", gaps=(gap_of(name, error),))


def _unfinished(tasks: list[Task], finished: set[Key]) -> set[str]:
    observing = [task for task in tasks if not task.hold]
    return {task.check for task in observing if task_key(task) not in finished}
