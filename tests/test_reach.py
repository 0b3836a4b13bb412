"""What an agent that starts again knows of its targets: who answered the last time."""

from datetime import timedelta

import pytest
from evidence_world import HOUR, START, finding, open_world, rules_of
from prometheus_client import CollectorRegistry

from agent.evidence.slots import Scheduled
from agent.metrics import Vitals
from agent.reach import Reach, last_answers


@pytest.fixture
def world(tmp_path):
    with open_world(tmp_path) as world:
        rules = {"r1": Scheduled(every=3600, digest="00")}
        targets = dict.fromkeys(("aws:1", "aws:2", "gcp:p"), rules)
        world.log.schedule(targets, valid_from=START, at=START)
        yield world


def answer(world, target, hour, identity):
    at = START + hour * HOUR
    with world.log.run(target=target, slot=at, rules=rules_of("r1"), at=at) as run:
        run.add(finding("r1", "it"))
        run.seal({"identity": identity}, finished=at + timedelta(minutes=1))


def test_who_answered_last_is_known_and_who_never_ran_is_not(world):
    answer(world, "aws:1", 0, "arn:aws:iam::1:role/assay")
    answer(world, "aws:2", 0, "")
    assert last_answers(world.store) == {"aws:1": True, "aws:2": False}


def test_a_slot_without_an_answer_counts_until_the_next_run(world):
    answer(world, "aws:1", 0, "me")
    world.log.record_missed(START + 2 * HOUR, reason="unknown_target")
    assert last_answers(world.store) == {"aws:1": False, "aws:2": False, "gcp:p": False}
    answer(world, "aws:1", 2, "me")
    assert last_answers(world.store)["aws:1"]


def test_that_the_agent_was_down_is_not_held_against_a_target(world):
    answer(world, "aws:1", 0, "me")
    world.log.record_missed(START + 9 * HOUR, reason="agent_down")
    assert last_answers(world.store) == {"aws:1": True}


def test_a_target_counts_as_before_until_it_is_asked_and_not_after_it_left():
    registry = CollectorRegistry()
    reach = Reach(Vitals(registry), {"aws:1": True, "aws:2": True, "aws:3": False, "aws:9": True})
    targets = ["aws:1", "aws:2", "aws:3", "aws:4"]

    def reached():
        return registry.get_sample_value("assay_targets_reached", {"provider": "aws"})

    reach.expect(targets, {"aws": 4})
    assert reached() == 2.0
    reach.note("aws:1", answered=False)
    assert reached() == 1.0
    reach.expect(targets[2:], {"aws": 2})
    assert reached() == 0.0
    reach.expect(targets, {"aws": 4})
    assert reached() == 0.0
