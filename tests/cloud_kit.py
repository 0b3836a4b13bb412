"""Looks at a session on a cloud of this machine's own, as a run does."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.demo.tls import Identity, make_identity
from checks.collect import collect
from checks.limits import Clock, Limits
from checks.load import load_checks
from checks.model import Check, Observation, Session

CHECKS: Mapping[str, Check] = load_checks()


def checks_of(cloud: str) -> list[Check]:
    return [check for check in CHECKS.values() if check.name.startswith(f"{cloud}.")]


def identity_in(folder: Path) -> Identity:
    return make_identity(folder, datetime.now(UTC))


class Seen:
    """All that a collection gave."""

    def __init__(self, parts: list[Observation], collection: Any) -> None:
        self.parts = parts
        self.resources = {one.id: one for part in parts for one in part.resources}
        self.gaps = [
            *(gap for part in parts for gap in part.gaps),
            *(gap for one in self.resources.values() for gap in one.gaps),
        ]
        self.collection = collection

    @property
    def labels(self) -> list[str]:
        return sorted(one.label for one in self.resources.values())

    @property
    def causes(self) -> list[tuple[str, str]]:
        return [(gap.cause.value, gap.code) for gap in self.gaps]


def look(
    session: Session,
    wanted: Mapping[str, set[str]],
    checks: Mapping[str, Check] = CHECKS,
    *,
    tries: int = 2,
    sleep: Callable[[float], object] = lambda _: None,
) -> Seen:
    clock = Clock(
        now=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        sleep=sleep,
        random=lambda: 0.0,
    )
    collecting = collect(
        session,
        checks,
        {name: frozenset(parts) for name, parts in wanted.items()},
        clock=clock,
        deadline=600,
        threads=4,
        limits=Limits(tries=tries),
    )
    return Seen(list(collecting), collecting.collection)
