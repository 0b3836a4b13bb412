"""What is known at an instant of every rule on every target that was to be looked at.

A state that is older than its interval allows is `unknown`, whatever it was before: no page shows
a pass for what was not seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from agent.evidence import queries
from agent.evidence.queries import Basis
from agent.evidence.store import Store
from agent.model import Outcome


class Status(StrEnum):
    """How something stands; the worst first, and what is worst of several is shown."""

    FAIL = "fail"
    ERROR = "error"
    """It could not be seen."""
    UNKNOWN = "unknown"
    """Its last run is too old, or never was."""
    WAIVED = "waived"
    PASS = "pass"  # noqa: S105 - an outcome, not a password
    NOT_APPLICABLE = "not_applicable"
    NONE = "none"
    """Nothing looks at it."""

    @staticmethod
    def worst(statuses: Iterable[Status]) -> Status:
        """Give the worst that occurs; `none` of nothing."""
        return min(statuses, key=_ORDER.__getitem__, default=Status.NONE)


_ORDER = {status: rank for rank, status in enumerate(Status)}


class Pair(Struct, frozen=True, kw_only=True):
    """A rule on a target."""

    rule: str
    target: str
    status: Status
    counts: Mapping[Outcome, int]
    """Findings of its last run; when the status is unknown, what was last known."""
    finished: datetime | None
    """When its last run finished; None: it never ran."""
    age: timedelta | None
    limit: timedelta | None
    """The greatest age at which its state is known."""

    @property
    def cloud(self) -> str:
        """`aws` of `aws:111122223333`."""
        return self.target.split(":", 1)[0]


class State(Struct, frozen=True, kw_only=True):
    """All pairs that were to be looked at, at an instant."""

    at: datetime
    pairs: tuple[Pair, ...]

    def of_rules(self, rules: Iterable[str]) -> tuple[Pair, ...]:
        """Give the pairs of some rules."""
        wanted = frozenset(rules)
        return tuple(pair for pair in self.pairs if pair.rule in wanted)

    def of(self, target: str, rule: str) -> Pair | None:
        """Give a pair; None: it was not to be looked at."""
        same = (pair for pair in self.pairs if pair.target == target and pair.rule == rule)
        return next(same, None)

    @property
    def clouds(self) -> tuple[str, ...]:
        """The clouds, by name."""
        return tuple(sorted({pair.cloud for pair in self.pairs}))

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets, by label."""
        return tuple(sorted({pair.target for pair in self.pairs}))


def read_state(store: Store, at: datetime) -> State:
    """Read what is known at `at`. Raises `StoreError`."""
    counts = queries.counts_as_of(store, at)
    bases = queries.bases(store, at)
    scheduled = {basis.target for basis in bases if basis.limit is not None}
    return State(
        at=at,
        pairs=tuple(
            _pair(basis, counts.get((basis.target, basis.rule), {}))
            for basis in bases
            # of a target with a schedule, a rule that is not in it was retired
            if basis.limit is not None or basis.target not in scheduled
        ),
    )


def by_rule(pairs: Iterable[Pair]) -> dict[str, list[Pair]]:
    """Group pairs by their rule."""
    found: dict[str, list[Pair]] = {}
    for pair in pairs:
        found.setdefault(pair.rule, []).append(pair)
    return found


def worst_by_rule(pairs: Iterable[Pair]) -> dict[str, Status]:
    """Give the worst status of each rule."""
    found = by_rule(pairs).items()
    return {rule: Status.worst(pair.status for pair in same) for rule, same in found}


def tally(pairs: Iterable[Pair]) -> Counter[Outcome]:
    """Count the findings of pairs by outcome, as last known."""
    found: Counter[Outcome] = Counter()
    for pair in pairs:
        found.update(pair.counts)
    return found


def _pair(basis: Basis, counts: Mapping[Outcome, int]) -> Pair:
    seen = Status(Outcome.worst(outcome for outcome, count in counts.items() if count))
    return Pair(
        rule=basis.rule,
        target=basis.target,
        status=Status.UNKNOWN if basis.stale else seen,
        counts=counts,
        finished=basis.finished,
        age=basis.age,
        limit=basis.limit,
    )
