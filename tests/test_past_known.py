"""A state of the past, sealed now, is not known of the present: it is as old as it says."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from evidence_world import HOUR, START, TARGET, World, finding, open_world, rules_of

from agent.evidence import queries
from agent.evidence.entry import to_rfc3339
from agent.metrics.freshness import Knowledge

NOW = START + 10 * HOUR
MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as world:
        world.plan()
        yield world


def look_back(world: World, told: datetime | None, outcome: str = "pass") -> None:
    """Seal a run, at `NOW`, of the state as of `told`; None: its header does not say which."""
    header = {"agent": "1"} if told is None else {"agent": "1", "as_of": to_rfc3339(told)}
    rules = rules_of("r1")
    with world.log.run(target=TARGET, slot=None, rules=rules, at=NOW, trigger="as_of") as run:
        run.add(finding("r1", "a", outcome))
        run.seal(header, finished=NOW + MINUTE)


def known(world: World, at: datetime) -> tuple[str, float]:
    """The status of the one rule at `at`, and of when its last conclusive state is."""
    (pair,) = Knowledge(world.store).pairs(at)
    (basis,) = queries.bases(world.store, at)
    assert basis.stale == (pair.status == "unknown"), "the pages and the metrics agree"
    return pair.status, pair.conclusive


@pytest.mark.parametrize("told", [NOW - timedelta(days=30), NOW - 76 * MINUTE, None])
def test_what_was_long_ago_is_unknown_of_now(world: World, told: datetime | None) -> None:
    look_back(world, told)
    status, conclusive = known(world, NOW + 2 * MINUTE)
    assert status == "unknown"
    assert conclusive == (told.timestamp() if told else 0.0)


def test_what_was_within_the_limit_is_known_until_it_is_too_old(world: World) -> None:
    told = NOW - 30 * MINUTE
    look_back(world, told)
    assert known(world, told + 75 * MINUTE) == ("pass", told.timestamp())
    assert known(world, told + 76 * MINUTE) == ("unknown", told.timestamp())


def test_the_last_conclusive_state_may_be_one_of_the_past(world: World) -> None:
    told = NOW - timedelta(days=30)
    look_back(world, told)
    world.run(11, {("r1", "a"): "error"}, rules=("r1",))
    assert known(world, NOW + HOUR + MINUTE) == ("error", told.timestamp())


def test_the_present_is_known_once_it_was_looked_at(world: World) -> None:
    look_back(world, NOW - timedelta(days=30), "fail")
    world.run(11, {("r1", "a"): "pass"}, rules=("r1",))
    assert known(world, NOW + HOUR + MINUTE)[0] == "pass"
