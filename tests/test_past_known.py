"""A state of the past, sealed now, is not known of the present: it is as old as it says."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from evidence_world import HOUR, START, TARGET, World, finding, open_world, rules_of
from prometheus_client import CollectorRegistry

from agent.evidence import paging, queries
from agent.evidence.deviations import deviations
from agent.evidence.entry import to_rfc3339
from agent.metrics import Vitals
from agent.metrics.freshness import Knowledge
from agent.reach import Reach
from agent.scope import Scope
from agent.unsealed import Unsealed
from agent.work import Work

NOW = START + 10 * HOUR
MINUTE = timedelta(minutes=1)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as world:
        world.plan()
        yield world


def look_back(world: World, told: datetime | None, outcome: str = "pass") -> None:
    """Seal a run, at `NOW`, of the state as of `told`; None: its header does not say which."""
    look_back_at(world, NOW, told, outcome)


def look_back_at(world: World, at: datetime, told: datetime | None, outcome: str) -> None:
    """Do so at another time."""
    header = {"agent": "1"} if told is None else {"agent": "1", "as_of": to_rfc3339(told)}
    rules = rules_of("r1")
    with world.log.run(target=TARGET, slot=None, rules=rules, at=at, trigger="as_of") as run:
        run.add(finding("r1", "a", outcome))
        run.seal(header, finished=at + MINUTE)


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


def test_a_deviation_of_the_past_lasted_as_long_as_the_times_that_were_told(world: World) -> None:
    """The runs on the past are sealed within a minute, and that is not how long it failed."""
    good = NOW - timedelta(days=10)
    look_back(world, good)
    look_back_at(world, NOW + 2 * MINUTE, NOW - timedelta(days=9), "fail")
    world.run(11, {("r1", "a"): "pass"}, rules=("r1",))
    period = (START, START + 12 * HOUR)
    (one,) = deviations(world.store, *period)
    (paged,) = paging.deviations(world.store, *period, after=None, limit=9).rows
    assert one == paged
    assert one.last_good == good
    assert one.longest == timedelta(days=10, hours=1, minutes=1)


def test_a_target_is_fresh_until_it_was_looked_at_as_it_is(world: World) -> None:
    work = work_on(world)
    assert (work.is_fresh(TARGET), work.is_cut_off(TARGET)) == (True, False)
    look_back(world, NOW - timedelta(days=30))
    assert (work.is_fresh(TARGET), work.is_cut_off(TARGET)) == (True, True)
    world.run(11, {("r1", "a"): "pass"}, rules=("r1",))
    assert (work.is_fresh(TARGET), work.is_cut_off(TARGET)) == (False, False)


def test_what_is_missed_of_one_target_is_said_of_no_other(tmp_path: Path) -> None:
    with open_world(tmp_path) as world:
        world.plan(targets=(TARGET, "aws:2"))
        world.log.record_missed(NOW, reason="back_fill", only=TARGET)
        found = {gap.target: gap.reason for gap in queries.gaps(world.store, START, NOW).gaps}
        assert found == {TARGET: "back_fill", "aws:2": ""}


def work_on(world: World) -> Work:
    """The agent's runs on the log, with nothing in force."""
    vitals = Vitals(CollectorRegistry())
    return Work(
        world.log,
        nothing_in_force,
        vitals=vitals,
        reach=Reach(vitals),
        unsealed=Unsealed(),
        stopping=threading.Event(),
    )


def nothing_in_force() -> Scope:
    raise AssertionError("nobody is to be looked at here")
