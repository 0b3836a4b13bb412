"""The tree gives the published vectors of RFC 6962, and keeps its laws."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.evidence.tree import (
    EMPTY_ROOT,
    Frontier,
    ProofInvalid,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_hash,
    verify_consistency,
    verify_inclusion,
)

VECTORS = json.loads((Path(__file__).parent / "data/evidence/merkle.json").read_text())
LEAVES = [leaf_hash(bytes.fromhex(text)) for text in VECTORS["leaves"]]
ROOTS = [bytes.fromhex(text) for text in VECTORS["roots"]]
SIZES = st.integers(1, 70)


def leaves(size):
    return [leaf_hash(bytes([n])) for n in range(size)]


def unhex(texts):
    return [bytes.fromhex(text) for text in texts]


def test_leaf_hashes_are_the_published_ones():
    assert [leaf.hex() for leaf in LEAVES] == VECTORS["leaf_hashes"]


def test_roots_are_the_published_ones():
    assert [root_hash(LEAVES[:size]) for size in range(9)] == ROOTS
    assert ROOTS[0] == EMPTY_ROOT


def test_a_growing_frontier_has_the_published_root_at_every_size():
    frontier = Frontier()
    for size, leaf in enumerate(LEAVES, 1):
        frontier.append(leaf)
        assert (frontier.size, frontier.root()) == (size, ROOTS[size])


@pytest.mark.parametrize("case", VECTORS["inclusion"], ids=lambda c: f"{c['index']}-{c['size']}")
def test_inclusion_proofs_are_the_published_ones(case):
    proof = unhex(case["proof"])
    assert inclusion_proof(case["index"], LEAVES[: case["size"]]) == proof
    verify_inclusion(LEAVES[case["index"]], case["index"], case["size"], proof, ROOTS[case["size"]])


@pytest.mark.parametrize(
    "case", VECTORS["consistency"], ids=lambda c: f"{c['first']}-{c['second']}"
)
def test_consistency_proofs_are_the_published_ones(case):
    first, second, proof = case["first"], case["second"], unhex(case["proof"])
    assert consistency_proof(first, LEAVES[:second]) == proof
    verify_consistency(first, second, ROOTS[first], ROOTS[second], proof)


@given(SIZES, st.data())
def test_every_leaf_is_proven_and_no_other_leaf_is(size, data):
    index = data.draw(st.integers(0, size - 1))
    tree = leaves(size)
    proof, root = inclusion_proof(index, tree), root_hash(tree)
    verify_inclusion(tree[index], index, size, proof, root)
    for wrong in (
        (leaf_hash(b"other"), index, size, proof, root),
        (tree[index], index + size, size, proof, root),
        (tree[index], -1, size, proof, root),
        (tree[index], index, size, [*proof, EMPTY_ROOT], root),
        (tree[index], index, size, proof, EMPTY_ROOT),
    ):
        with pytest.raises(ProofInvalid):
            verify_inclusion(*wrong)
    if proof:
        with pytest.raises(ProofInvalid):
            verify_inclusion(tree[index], index, size, proof[:-1], root)


@given(SIZES, st.data())
def test_every_prefix_is_proven_and_no_other_tree_is(size, data):
    first = data.draw(st.integers(1, size))
    tree = leaves(size)
    proof = consistency_proof(first, tree)
    old, new = root_hash(tree[:first]), root_hash(tree)
    verify_consistency(first, size, old, new, proof)
    for wrong in (
        (first, size, EMPTY_ROOT, new, proof),
        (first, size, old, EMPTY_ROOT, proof),
        (first, size, old, new, [*proof, EMPTY_ROOT]),
        (size + 1, size, old, new, proof),
    ):
        with pytest.raises(ProofInvalid):
            verify_consistency(*wrong)
    if proof:
        with pytest.raises(ProofInvalid):
            verify_consistency(first, size, old, new, proof[:-1])


def test_from_the_empty_tree_only_an_empty_proof_is_valid():
    verify_consistency(0, 8, EMPTY_ROOT, ROOTS[8], [])
    with pytest.raises(ProofInvalid):
        verify_consistency(0, 8, EMPTY_ROOT, ROOTS[8], [ROOTS[1]])
    with pytest.raises(ProofInvalid):
        verify_consistency(0, 8, ROOTS[1], ROOTS[8], [])


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_proof_for_a_leaf_outside_the_tree(index):
    with pytest.raises(ValueError, match="no leaf"):
        inclusion_proof(index, LEAVES[:3])


@pytest.mark.parametrize("first", [0, 4])
def test_there_is_no_consistency_from_nothing_or_from_the_future(first):
    with pytest.raises(ValueError, match="no consistency proof"):
        consistency_proof(first, LEAVES[:3])


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=300))
def test_a_frontier_keeps_no_more_than_the_logarithm_of_its_leaves(hashes):
    frontier = Frontier(hashes)
    copy = frontier.copy()
    copy.append(EMPTY_ROOT)
    assert len(frontier._peaks) == len(hashes).bit_count()
    assert frontier.root() == root_hash(hashes)
    assert copy.root() == root_hash([*hashes, EMPTY_ROOT])
