"""How many pages the lanes of a collection may hold at once."""

import threading
from contextlib import ExitStack

import pytest

from checks.crew import PAGES, SHORT, Room
from checks.model import Resource
from checks.rows import Page


def page_of(count):
    one = Resource(check="a", id="i", label="i", region="", attributes={})
    return Page(resources=(one,) * count)


class Lanes:
    """Lanes that each take room for a page of a check and keep it until they are let go."""

    def __init__(self, room):
        self.room = room
        self.go = threading.Event()
        self.inside = threading.Semaphore(0)
        self.lanes = []

    def hold(self, check):
        def lane():
            with self.room.for_page_of(check):
                self.inside.release()
                self.go.wait(10)

        self.lanes.append(threading.Thread(target=lane, daemon=True))
        self.lanes[-1].start()

    def leave(self):
        self.go.set()
        for lane in self.lanes:
            lane.join(10)


@pytest.fixture
def room():
    return Room()


def test_so_many_lanes_hold_a_page_that_may_be_long_and_no_more(room):
    lanes = Lanes(room)
    for number in range(PAGES + 1):
        lanes.hold(f"check-{number}")
    for _ in range(PAGES):
        assert lanes.inside.acquire(timeout=10)
    assert not lanes.inside.acquire(timeout=0.2)
    lanes.leave()
    assert lanes.inside.acquire(timeout=10), "the last one has its turn"


def test_a_check_whose_pages_are_short_needs_no_room(room):
    assert room.had("small", page_of(SHORT))
    lanes = Lanes(room)
    for _ in range(PAGES + 3):
        lanes.hold("small")
    for _ in range(PAGES + 3):
        assert lanes.inside.acquire(timeout=10)
    lanes.leave()


def test_a_check_that_grows_needs_room_again(room):
    room.had("grown", page_of(1))
    assert not room.had("grown", page_of(SHORT + 1))
    lanes = Lanes(room)
    for _ in range(PAGES + 1):
        lanes.hold("grown")
    for _ in range(PAGES):
        assert lanes.inside.acquire(timeout=10)
    assert not lanes.inside.acquire(timeout=0.2)
    lanes.leave()


def test_a_page_that_turns_out_short_makes_room_before_it_is_done(room):
    lanes = Lanes(room)
    with ExitStack() as held:
        rooms = [held.enter_context(room.for_page_of(f"check-{n}")) for n in range(PAGES)]
        rooms[0].close()
        lanes.hold("another")
        assert lanes.inside.acquire(timeout=10)
        lanes.leave()
