"""The nouns of the agent; frozen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from msgspec import Struct, field


class Outcome(StrEnum):
    """What one rule says of one resource. Order: the worst first."""

    FAIL = "fail"
    ERROR = "error"
    WAIVED = "waived"
    PASS = "pass"  # noqa: S105 - an outcome, not a password
    NOT_APPLICABLE = "not_applicable"

    @staticmethod
    def worst(outcomes: Iterable[Outcome]) -> Outcome:
        """Return the worst that occurs; nothing observed is `not_applicable`, never a pass."""
        return min(outcomes, key=_ORDER.__getitem__, default=Outcome.NOT_APPLICABLE)


_ORDER = {outcome: rank for rank, outcome in enumerate(Outcome)}


class Severity(StrEnum):
    """How much a failure matters."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Finding(Struct, frozen=True, kw_only=True):
    """The outcome of one rule on one resource, or on a scope when no resource can carry it."""

    rule: str
    resource: str
    """The resource's id; `<id>#<element>` for one element of it; `<target>` or `<target>/<region>`
    (`aws:111122223333/eu-west-1`) when the finding is about a scope."""
    region: str
    """Where the resource is; empty: not regional."""
    outcome: Outcome
    code: str = ""
    """Why, for machines: empty for pass; an error has a `checks.model.Cause` or a `cel` code."""
    message: str = ""
    """Why, for people."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """The values that the rule read: `{"resource": {...}, "params": {...}}`; kept with the finding,
    and enough to compute the outcome again."""
    observed_at: str = ""
    """The provider's own time for a cached source; empty: the run's."""
    needs: tuple[str, ...] = ()
    """What to grant, when the error is a denied call."""
