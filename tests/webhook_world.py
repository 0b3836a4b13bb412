"""What tests of deliveries have in common: a log, a receiver, a courier, and their clock."""

from datetime import timedelta

import pytest
from evidence_world import START, open_world
from webhook_kit import Clock, courier_of, receiving


@pytest.fixture
def clock():
    return Clock(START + timedelta(hours=12))


@pytest.fixture
def world(tmp_path):
    with open_world(tmp_path) as world:
        yield world


@pytest.fixture
def receiver(clock):
    with receiving() as receiver:
        receiver.clock = clock
        yield receiver


@pytest.fixture
def courier(world, receiver, clock):
    return courier_of(world.store, receiver.url, clock)
