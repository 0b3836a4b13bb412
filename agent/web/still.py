"""Pages, API and metrics of a store as they were at one instant: for pictures and measurements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from prometheus_client import CollectorRegistry

from agent.evidence.store import Store
from agent.scope import Scope
from agent.web.app import create_app
from agent.web.server import Server
from agent.web.surfaces import Surfaces


@contextmanager
def still(store: Store, scope: Scope, now: datetime) -> Iterator[str]:
    """Serve them on a free port of this machine; gives the address. Raises `ServerError`."""
    surfaces = Surfaces(
        registry=CollectorRegistry(),
        readiness=dict,
        store=store,
        scope=lambda: scope,
        decisions=lambda: scope.decisions,
        now=lambda: now,
    )
    with Server(create_app(surfaces), "127.0.0.1", 0) as server:
        yield server.url
