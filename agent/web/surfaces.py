"""What the HTTP application is made from: the open store, what is in force, and the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct, field
from prometheus_client import CollectorRegistry

from agent.controls.decisions import Decisions
from agent.evidence.store import Store
from agent.evidence.subtrees import Subtrees
from agent.scope import Scope


class Surfaces(Struct, frozen=True, kw_only=True):
    """What metrics, API and pages show; every part may be used from several threads."""

    registry: CollectorRegistry
    readiness: Callable[[], Mapping[str, str]]
    """What is wrong, by part; empty when the agent does its work."""
    store: Store
    """Open for reading; evidence is read from here and from nowhere else."""
    scope: Callable[[], Scope]
    """The configuration in force when asked: settings, rules, checks, targets."""
    decisions: Callable[[], Decisions]
    """Controls, waivers and scope in force when asked, with the lists of events as last read."""
    now: Callable[[], datetime]
    """The time in UTC."""
    subtrees: Subtrees = field(default_factory=Subtrees)
    """What proofs need of the log, kept for all of them."""
