"""Just the values that a rule reads, picked out of a document; compiled once, run per resource.

Lists keep their length and the positions of their elements, a value of another kind than the path
expects keeps its kind, and an absent member stays absent: evaluating the picked values again gives
the same outcome as the whole document did. Equal to `agent.cel.project`, which is the slow way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

from agent.cel.paths import split

Pick = Callable[[Any], Any]

Tree = dict[str | None, Any]
"""Field name, or None for the elements of a list -> what is kept below it; empty: all of it."""


def projector(reads: Iterable[str], root: str) -> Pick:
    """Compile the function from the value of variable `root` to the part that `reads` name.

    Paths are written as `agent.cel` lists them: `resource.IpPermissions[].FromPort`.
    """
    tree: Tree = {}
    for steps in sorted(map(split, reads), key=len):
        if steps == (root,):
            return _same
        if steps[0] == root:
            _plant(tree, steps[1:])
    return _pick(tree)


def _plant(tree: Tree, steps: tuple[str | None, ...]) -> None:
    """Add one path; an empty tree stands for the whole value below it."""
    for step in steps:
        if step in tree and not tree[step]:
            return  # a shorter path, planted before, keeps the whole value
        tree = tree.setdefault(step, {})


def _pick(tree: Tree) -> Pick:
    if None in tree:
        return _elements(_pick(tree[None]) if tree[None] else _same)
    members = {name: below for name, below in tree.items() if name is not None}
    if all(not below for below in members.values()):
        return _leaves(tuple(members))
    return _members(
        tuple((name, _pick(below) if below else None) for name, below in members.items())
    )


def _same(value: Any) -> Any:
    return value


def _leaves(names: tuple[str, ...]) -> Pick:
    if len(names) == 1:
        return _leaf(names[0])
    all_of = itemgetter(*names) if names else lambda _: ()

    def pick(value: Any) -> Any:
        if type(value) is dict:
            try:
                return dict(zip(names, all_of(value), strict=True))
            except KeyError:
                return {name: value[name] for name in names if name in value}
        return _of_other_kind(value)

    return pick


def _leaf(name: str) -> Pick:
    def pick(value: Any) -> Any:
        if type(value) is dict:
            return {name: value[name]} if name in value else {}
        return _of_other_kind(value)

    return pick


def _members(parts: tuple[tuple[str, Pick | None], ...]) -> Pick:
    def pick(value: Any) -> Any:
        if type(value) is not dict:
            return _of_other_kind(value)
        kept = {}
        for name, below in parts:
            if name in value:
                kept[name] = value[name] if below is None else below(value[name])
        return kept

    return pick


def _elements(below: Pick) -> Pick:
    def pick(value: Any) -> Any:
        # of a map all is kept: a loop walks its keys, and a computed key may name any of them
        return [below(element) for element in value] if type(value) is list else value

    return pick


def _of_other_kind(value: Any) -> Any:
    """Keep that it is a list, not what is in it: only that counts where a member is asked for."""
    return [] if type(value) is list else value
