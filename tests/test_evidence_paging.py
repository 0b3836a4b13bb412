"""Page by page comes the same as at once, whatever the size of a page."""

from functools import partial

import pytest
from evidence_world import HOUR, START, open_world

from agent.evidence import paging, queries
from agent.evidence.deviations import deviations

OTHER = "aws:444455556666"
END = START + 100 * HOUR


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Two targets, two rules, failures that come and go and a slot that had no run."""
    with open_world(tmp_path_factory.mktemp("paging")) as world:
        world.plan()
        for hour in (0, 1, 2, 3, 5, 6):
            for target in ("aws:111122223333", OTHER):
                found = {
                    ("r1", f"b{number}"): "fail" if (hour + number) % 3 == 0 else "pass"
                    for number in range(5)
                }
                world.run(hour, found | {("r2", "b0"): "error"}, target=target)
        world.log.record_missed(START + 7 * HOUR)
        yield world.store


def pages(ask, limit):
    """All rows of all pages; each but the last is full."""
    found, after = [], None
    while True:
        page = ask(after=after, limit=limit)
        found += page.rows
        if page.next is None:
            assert len(page.rows) <= limit
            return found
        assert len(page.rows) == limit
        after = page.next


@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
@pytest.mark.parametrize("hour", [3, 100])
@pytest.mark.parametrize("only", [{}, {"target": OTHER}, {"rule": "r1", "outcomes": ["fail"]}])
def test_findings(store, limit, hour, only):
    at = START + hour * HOUR
    found = pages(partial(paging.findings, store, at, **only), limit)
    key = lambda one: (one.target, one.rule, one.resource)  # noqa: E731 - short
    assert sorted(found, key=key) == sorted(queries.as_of(store, at, **only), key=key)
    assert found


@pytest.mark.parametrize("limit", [1, 2, 3, 1000])
@pytest.mark.parametrize("only", [{}, {"target": OTHER}, {"rule": "r1"}, {"only_open": True}])
def test_deviations(store, limit, only):
    for low, high in ((START, END), (START + 3 * HOUR, START + 5 * HOUR)):
        found = pages(partial(paging.deviations, store, low, high, **only), limit)
        only_open = only.get("only_open")
        named = {name: only[name] for name in ("target", "rule") if name in only}
        expected = deviations(store, low, high, **named)
        assert found == [one for one in expected if not only_open or one.end is None]
    assert len(pages(partial(paging.deviations, store, START, END), limit)) > 10


@pytest.mark.parametrize("limit", [1, 5, 1000])
def test_runs_entries_gaps_and_checkpoints(store, limit):
    runs = pages(partial(paging.runs, store, START, END, target=OTHER), limit)
    assert [entry for entry, _ in runs] == [
        entry for entry, _ in queries.runs(store, START, END, target=OTHER)
    ]
    assert runs[0][1]["counts"]["r1"]["fail"] == 2
    for kind in (None, "run", "gap"):
        found = pages(partial(paging.entries, store, kind=kind), limit)
        assert found == list(queries.entries(store, kind=kind))
    missing = pages(partial(paging.gaps, store, START, END), limit)
    assert len(missing) == len(queries.gaps(store, START, END).gaps) > 1
    with store.reading() as view:
        assert pages(partial(paging.checkpoints, store), limit) == [
            (size, note.decode()) for size, note in view.notes()
        ]


def test_what_is_written_meanwhile_repeats_no_row_and_leaves_none_out(tmp_path):
    with open_world(tmp_path) as world:
        found = {("r1", f"b{number}"): "pass" for number in range(4)}
        world.run(0, found)
        at = START + HOUR
        first = paging.findings(world.store, at, after=None, limit=2)
        world.run(1, {**found, ("r1", "b1"): "fail", ("r1", "a"): "pass"}, minutes=120)
        second = paging.findings(world.store, at, after=first.next, limit=9)
        seen = [one.resource for one in (*first.rows, *second.rows)]
        assert seen == ["b0", "b1", "b2", "b3"]
