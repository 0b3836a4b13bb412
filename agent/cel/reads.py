"""Which values an expression reads, as paths: what to collect for it, and what to keep as evidence.

A path stands for the whole value there. Where only parts of a value are looked at there are only
the paths of the parts; a field that is only asked for with has() is a path of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from agent.cel.functions import FUNCTIONS
from agent.cel.paths import ELEMENT, is_inside, step
from agent.cel.tree import Call, Has, Index, Loop, Name, Node, Select, Ternary, children

_Paths = frozenset[str]
_Origins = Mapping[str, _Paths]
_NOWHERE: _Paths = frozenset()
# what these give is (part of) their argument
_PASSING = frozenset({"orValue", "value", "or", "dyn", "optional.of"})


def reads_of(node: Node) -> frozenset[str]:
    """Give the paths that evaluating `node` may read, each beginning with a variable's name."""
    reader = _Reader()
    reader.use(node, {})
    shown = {
        path
        for path in reader.asked
        if not any(
            path == used or is_inside(used, path) for used in reader.used | reader.asked - {path}
        )
    }
    return frozenset(reader.used | shown)


class _Reader:
    """`used` are values that something depends on, `asked` those whose presence or size counts."""

    def __init__(self) -> None:
        self.used: set[str] = set()
        self.asked: set[str] = set()

    def use(self, node: Node, origins: _Origins) -> None:
        """Give the whole value of `node` is read."""
        self.used |= self._reach(node, origins)

    def _reach(self, node: Node, origins: _Origins) -> _Paths:  # noqa: PLR0911 - a case a node
        """Where the value of `node` comes from; what is needed to get there is read."""
        match node:
            case Name():
                return origins.get(node.name, frozenset({node.name}))
            case Select():
                return _each(self._reach(node.operand, origins), step(node.field))
            case Index():
                self.use(node.key, origins)
                return _each(self._reach(node.operand, origins), ELEMENT)
            case Has():
                self.asked |= _each(self._reach(node.operand, origins), step(node.field))
                return _NOWHERE
            case Ternary():
                self.use(node.test, origins)
                return self._reach(node.then, origins) | self._reach(node.other, origins)
            case Call():
                return self._call(node, origins)
            case Loop():
                return self._loop(node, origins)
            case _:
                return self._parts(node, origins)

    def _parts(self, node: Node, origins: _Origins) -> _Paths:
        for child in children(node):
            self.use(child, origins)
        return _NOWHERE

    def _call(self, node: Call, origins: _Origins) -> _Paths:
        if node.name in _PASSING:
            return _NOWHERE.union(*(self._reach(arg, origins) for arg in node.args))
        if node.name == "hasValue":
            self.asked |= self._reach(node.args[0], origins)
            return _NOWHERE
        function = FUNCTIONS.get((node.name, len(node.args)))
        if function and function.uses_now:
            self.used.add("now")
        return self._parts(node, origins)

    def _loop(self, node: Loop, origins: _Origins) -> _Paths:
        whole = self._reach(node.operand, origins)
        elements = _each(whole, ELEMENT)
        self.asked |= elements
        inner = {**origins, node.variable: elements}
        for part in (node.keep, node.body):
            if part is not None:
                self.use(part, inner)
        return whole if node.kind == "filter" else _NOWHERE


def _each(paths: _Paths, suffix: str) -> _Paths:
    return frozenset(path + suffix for path in paths)
