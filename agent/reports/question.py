"""What a report is asked: everything that is not in the evidence itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

from agent.controls.model import Control, Scope
from agent.reports.register import Answer


class Kind(StrEnum):
    """The sorts of reports."""

    READINESS = "readiness"
    """At a moment: what is designed, in place, proven once, failing now."""
    TYPE1 = "type1"
    """At a moment: design, and the state."""
    TYPE2 = "type2"
    """Through a period: operation."""


class Question(Struct, frozen=True, kw_only=True):
    """One report that is asked for."""

    kind: Kind
    start: datetime
    """Equal to `end` for a moment."""
    end: datetime
    made_at: datetime
    scope: Scope = Scope()
    controls: Mapping[str, Control] = field(default_factory=dict)
    """Those in scope. A rule that none of them selects stands for itself."""
    criteria: Mapping[str, str] = field(default_factory=dict)
    """Criterion -> title, of the categories in scope."""
    permissions: tuple[str, ...] = ()
    """What the rules in force need."""
    answers: tuple[Answer, ...] = ()
    """What management says of deviations."""
    verify: bool = True
    """Whether to check every byte of the evidence first."""
    roots: Mapping[str, bytes] = field(default_factory=dict)
    """Time-stamping authority -> its root certificates as PEM."""
