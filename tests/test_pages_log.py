"""The list of the log has every entry of a kind, however far apart they are."""

import re

import pytest
from evidence_world import HOUR, START
from web_kit import ask, served

from agent.web.pages.log import PAGE


def far_apart(world):
    """Three runs, and behind them more entries of another kind than two pages have."""
    world.plan()
    for hour in range(3):
        world.run(hour, {("r1", "a"): "fail"})
    for number in range(2 * PAGE + 5):
        world.log.append("agent", {"event": f"event-{number}", "version": "1", "reason": ""}, START)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("log")
    with served(folder, tell=far_apart, now=START + 5 * HOUR) as server:
        yield server


def listed(server, path):
    """The entries of a page, and the address of the next."""
    text = ask(server, path)[2].decode()
    entries = [
        int(each) for each in re.findall(r'<th scope="row" class="n"><a href="/log/(\d+)"', text)
    ]
    following = re.search(r'href="(/log\?[^"]*before=\d+)"', text)
    return entries, following and following[1].replace("&amp;", "&")


def all_listed(server, path):
    found = []
    while path:
        entries, path = listed(server, path)
        assert 0 < len(entries) <= PAGE
        found += entries
    return found


def test_runs_are_listed_when_nothing_but_others_came_since(server):
    assert len(all_listed(server, "/log?kind=run")) == 3


def test_a_list_goes_on_to_the_first_entry(server):
    others = all_listed(server, "/log?kind=agent")
    assert len(others) == 2 * PAGE + 5
    every = all_listed(server, "/log")
    assert every == list(range(every[0], -1, -1))
    assert set(others) <= set(every)
