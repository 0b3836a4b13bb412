"""A listing that answers for many targets is read once, whole, and shared by their sessions."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from checks.estate import MAX_AGE, Estate, Raw, Reading, Row
from checks.model import Answer, CallError, Cause

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Provider:
    """Answers pages of rows, counts requests, and fails where it is told to."""

    def __init__(self, *pages, fail=()):
        self.pages = pages
        self.fail = list(fail)
        self.asked = []

    def fetch(self, listing, after, _round):
        self.asked.append((listing, after))
        number = after or 0
        if number in self.fail:
            self.fail.remove(number)
            raise CallError(Cause.TRANSIENT, "503", "try again", status=503)
        rows = tuple(Row(owner, kind, {"id": name}) for owner, kind, name in self.pages[number])
        more = number + 1 if number + 1 < len(self.pages) else None
        return Raw(
            rows=rows,
            answer=Answer(data=None, next=more, request_id=f"r{number}"),
            observed_at=f"2026-11-24T12:00:0{number}Z",
        )


def everything(reading, owner, kind):
    rows, requests, after = [], 0, None
    while True:
        answer = reading.page(owner, kind, after)
        requests += not answer.shared
        rows += [row["id"] for row in answer.data["rows"]]
        if answer.next is None:
            return rows, requests
        assert answer.next != after
        after = answer.next


PAGES = ([("a", "disk", "1"), ("b", "disk", "2"), ("a", "vm", "3")], [("a", "disk", "4")])


def test_the_first_session_reads_and_the_others_take_their_rows():
    provider = Provider(*PAGES)
    estate = Estate(provider.fetch, lambda: NOON)
    first, second = estate.join("a").reading("resources"), estate.join("b").reading("resources")
    assert everything(first, "a", "disk") == (["1", "4"], 2)
    assert everything(second, "b", "disk") == (["2"], 0)
    assert everything(first, "a", "vm") == (["3"], 0)
    assert everything(second, "b", "vm") == ([], 0)
    assert provider.asked == [("resources", None), ("resources", 1)]


def test_a_page_that_fails_gives_no_row_to_anybody_until_it_is_read():
    provider = Provider(*PAGES, fail=[1, 1])
    reading = Estate(provider.fetch, lambda: NOON).join("a").reading("resources")
    after = reading.page("a", "disk").next
    for _ in range(2):
        with pytest.raises(CallError):
            reading.page("a", "disk", after)
    assert everything(reading, "a", "disk") == (["1", "4"], 1)


def test_a_second_session_of_an_owner_reads_anew():
    provider = Provider(*PAGES)
    estate = Estate(provider.fetch, lambda: NOON)
    everything(estate.join("a").reading("resources"), "a", "disk")
    everything(estate.join("a").reading("resources"), "a", "disk")
    everything(estate.join("b").reading("resources"), "b", "disk")
    assert len(provider.asked) == 4


def test_a_reading_grows_too_old_to_be_shared():
    clock = [NOON]
    provider = Provider(*PAGES)
    estate = Estate(provider.fetch, lambda: clock[0])
    everything(estate.join("a").reading("resources"), "a", "disk")
    clock[0] += MAX_AGE + timedelta(seconds=1)
    everything(estate.join("b").reading("resources"), "b", "disk")
    assert len(provider.asked) == 4


def test_who_came_since_a_reading_was_asked_for_is_not_found_empty_in_it():
    asked = []
    provider = Provider(*PAGES)

    def fetch(listing, after, joined):
        asked.append(joined.among)
        return provider.fetch(listing, after, joined)

    estate = Estate(fetch, lambda: NOON)
    alone = estate.join("a", ["a"])
    everything(alone.reading("resources"), "a", "disk")
    everything(estate.join("b", ["b", "a"]).reading("resources"), "b", "disk")
    everything(alone.reading("policies"), "a", "disk")  # a round keeps to whom it was made for
    assert asked == [{"a"}] * 2 + [{"a", "b"}] * 2 + [{"a"}] * 2


def test_all_readings_of_a_round_are_of_one_moment():
    clock = [NOON]
    moments = []
    provider = Provider(*PAGES)

    def fetch(listing, after, joined):
        moments.append(joined.at)
        clock[0] += timedelta(seconds=5)
        return provider.fetch(listing, after, joined)

    estate = Estate(fetch, lambda: clock[0])
    first, second = estate.join("a"), estate.join("b")
    everything(first.reading("resources"), "a", "disk")
    everything(second.reading("policies"), "b", "disk")
    assert moments == [NOON] * 4


def test_the_time_of_a_page_is_that_of_its_oldest_row():
    reading = Reading(lambda after: Provider(*PAGES).fetch("resources", after, NOON))
    while not (answer := reading.page("a", "disk")).shared:
        pass
    assert answer.data["observed_at"] == "2026-11-24T12:00:00Z"
    assert answer.request_id == "r1"


def test_many_sessions_at_once_make_each_request_once():
    provider = Provider(*[[(f"s{n}", "vm", f"{n}-{page}") for n in range(20)] for page in range(5)])
    estate = Estate(provider.fetch, lambda: NOON)
    owners = [f"s{n}" for n in range(20)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda o: everything(estate.join(o).reading("x"), o, "vm"), owners))
    assert [rows for rows, _ in found] == [[f"{n}-{page}" for page in range(5)] for n in range(20)]
    assert sum(requests for _, requests in found) == 5
    assert len(provider.asked) == 5


def test_a_big_listing_comes_in_pages():
    provider = Provider(*[[("a", "vm", f"{page}-{n}") for n in range(900)] for page in range(3)])
    reading = Estate(provider.fetch, lambda: NOON).join("a").reading("x")
    rows, _ = everything(reading, "a", "vm")
    assert len(rows) == len(set(rows)) == 2700
    first = reading.page("a", "vm")
    assert len(first.data["rows"]) == 900
    assert first.next == 1
