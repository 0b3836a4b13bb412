"""Proofs by kept subtrees are those of the whole tree, and read little of it."""

import sqlite3
from contextlib import closing
from hashlib import sha256
from itertools import pairwise

import pytest

from agent.evidence.subtrees import LARGE, SMALL, Subtrees
from agent.evidence.tree import Frontier, verify_consistency, verify_inclusion

SIZES = (1, 2, 255, 256, 257, 511, 769, 4096, 65535, 65536, 65537, 65793, 66000)
LEAVES = [sha256(number.to_bytes(4)).digest() for number in range(max(SIZES))]


class View:
    """Reads leaves as a store's reading does, and counts them."""

    def __init__(self, connection):
        self.connection, self.rows = connection, 0

    def hot(self, words, values):
        found = self.connection.execute(words, values).fetchall()
        self.rows += len(found)
        return found


@pytest.fixture(scope="module")
def view():
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE entry (idx INTEGER PRIMARY KEY, hash BLOB)")
        connection.executemany("INSERT INTO entry VALUES (?, ?)", enumerate(LEAVES))
        yield View(connection)


@pytest.fixture(scope="module")
def roots():
    """Size -> root, by the frontier that the log itself grows with."""
    frontier, found = Frontier(), {}
    for leaf in LEAVES:
        frontier.append(leaf)
        if frontier.size in SIZES:
            found[frontier.size] = frontier.root()
    return found


@pytest.mark.parametrize("most", [1 << 16, 3], ids=["all kept", "next to nothing kept"])
def test_every_proof_holds_for_the_root_that_the_log_has(view, roots, monkeypatch, most):
    monkeypatch.setattr("agent.evidence.subtrees.MOST", most)
    sizes = [size for size in SIZES if most > SMALL or size <= 769]  # what is not kept is slow
    tree = Subtrees()
    for size in sizes:
        assert tree.root(view, size) == roots[size]
        for index in {0, size // 2, size // 3, size - 1}:
            proof = tree.inclusion(view, index, size)
            verify_inclusion(LEAVES[index], index, size, proof, roots[size])
    for first, second in [*pairwise(sizes), (sizes[2], sizes[-1])]:
        proof = tree.consistency(view, first, second)
        verify_consistency(first, second, roots[first], roots[second], proof)
    assert len(tree._known) <= most


def test_a_second_proof_reads_no_more_than_what_no_whole_subtree_covers(view):
    tree = Subtrees()
    view.rows = 0
    tree.inclusion(view, 7, len(LEAVES))
    assert view.rows > LARGE - SMALL
    view.rows = 0
    tree.inclusion(view, 40_000, len(LEAVES))
    tree.consistency(view, 40_000, len(LEAVES))
    assert view.rows < 5 * SMALL
