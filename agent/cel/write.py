"""Writes the Python for a tree: plain operators where they mean the same, calls elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agent.cel import tree
from agent.cel.errors import Fault
from agent.cel.functions import FUNCTIONS, RUN

_COMPARE = {
    "==": "equal",
    "!=": "unequal",
    "<": "less",
    "<=": "at_most",
    ">": "greater",
    ">=": "at_least",
    "in": "contains",
}
_TRUTHS = frozenset({"all", "exists", "exists_one"})
_FEW = 8


class Writer:
    """One for each program; `constants` are the values that the text refers to by name."""

    def __init__(self, *, loops: bool) -> None:
        self.constants: dict[str, Any] = {}
        self._loops = loops
        self._variables = 0

    def value(self, node: tree.Node, names: Mapping[str, str]) -> str:
        """Give code for the value of a node; `names` are the Python names of the variables."""
        return _WRITE[type(node)](self, node, names)

    def condition(self, node: tree.Node, names: Mapping[str, str]) -> str:
        """Code whose value is True or False, or that raises."""
        if isinstance(node, tree.Ternary):
            then, other = self.condition(node.then, names), self.condition(node.other, names)
            return f"({then} if {self.condition(node.test, names)} else {other})"
        code = self.value(node, names)
        return code if _is_bool(node) else f"boolean({code})"

    def _constant(self, value: Any) -> str:
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def _literal(self, node: tree.Literal, _names: Mapping[str, str]) -> str:
        return repr(node.value)

    def _name(self, node: tree.Name, names: Mapping[str, str]) -> str:
        return names[node.name]

    def _select(self, node: tree.Select, names: Mapping[str, str]) -> str:
        operand = self.value(node.operand, names)
        if node.optional or _is_optional(node.operand):
            return f"maybe_field({operand}, {node.field!r})"
        return f"{operand}[{node.field!r}]"

    def _has(self, node: tree.Has, names: Mapping[str, str]) -> str:
        return f"has_field({self.value(node.operand, names)}, {node.field!r})"

    def _index(self, node: tree.Index, names: Mapping[str, str]) -> str:
        optional = node.optional or _is_optional(node.operand)
        parts = f"{self.value(node.operand, names)}, {self.value(node.key, names)}"
        return f"maybe_item({parts})" if optional else f"item({parts})"

    def _unary(self, node: tree.Unary, names: Mapping[str, str]) -> str:
        if node.op == "!":
            return f"(not {self.condition(node.operand, names)})"
        return f"negative({self.value(node.operand, names)})"

    def _logic(self, node: tree.Logic, names: Mapping[str, str]) -> str:
        word = " and " if node.op == "&&" else " or "
        return f"({word.join(self.condition(term, names) for term in node.terms)})"

    def _ternary(self, node: tree.Ternary, names: Mapping[str, str]) -> str:
        then, other = self.value(node.then, names), self.value(node.other, names)
        return f"({then} if {self.condition(node.test, names)} else {other})"

    def _binary(self, node: tree.Binary, names: Mapping[str, str]) -> str:
        if short := self._short(node, names):
            return short
        left, right = self.value(node.left, names), self.value(node.right, names)
        if node.op in _COMPARE:
            return f"{_COMPARE[node.op]}({left}, {right})"
        if node.op == "+" and self._loops:
            return f"joined({left}, {right}, n)"
        return f"compute({node.op!r}, {left}, {right})"

    def _short(self, node: tree.Binary, names: Mapping[str, str]) -> str:
        """Comparison with a literal for which an operator of Python means the same."""
        left, right = node.left, node.right
        if node.op == "in":
            return self._short_in(node, names)
        if node.op not in ("==", "!="):
            return ""
        if isinstance(left, tree.Literal):
            left, right = right, left
        if not isinstance(right, tree.Literal) or isinstance(left, tree.Literal | tree.Call):
            return ""
        if isinstance(right.value, str):
            return f"({self.value(left, names)} {node.op} {right.value!r})"
        if isinstance(right.value, bool) or right.value is None:
            word = "is" if node.op == "==" else "is not"
            return f"({self.value(left, names)} {word} {right.value})"
        return ""

    def _short_in(self, node: tree.Binary, names: Mapping[str, str]) -> str:
        texts = _texts(node.right)
        if not texts or isinstance(node.left, tree.Literal):
            return ""
        among = self._constant(texts if len(texts) <= _FEW else frozenset(texts))
        return f"({self.value(node.left, names)} in {among})"

    def _list(self, node: tree.ListOf, names: Mapping[str, str]) -> str:
        return f"[{', '.join(self.value(item, names) for item in node.items)}]"

    def _map(self, node: tree.MapOf, names: Mapping[str, str]) -> str:
        return (
            f"map_of_entries({', '.join(self.value(part, names) for part in tree.children(node))})"
        )

    def _call(self, node: tree.Call, names: Mapping[str, str]) -> str:  # noqa: PLR0911 - a case a name
        args = [self.value(arg, names) for arg in node.args]
        match node.name:
            case "dyn":
                return args[0]
            case "optional.of":
                return f"Optional({args[0]})"
            case "optional.none":
                return "NONE"
            case "orValue":
                return f"or_value({args[0]}, lambda: {args[1]})"
            case "or":
                return f"either({args[0]}, lambda: {args[1]})"
            case "value":
                return f"value_of({args[0]})"
            case "hasValue":
                return f"has_value({args[0]})"
            case _:
                return self._function(node, args)

    def _function(self, node: tree.Call, args: list[str]) -> str:
        key = (node.name, len(node.args))
        if all(isinstance(arg, tree.Literal) for arg in node.args) and not FUNCTIONS[key].uses_now:
            try:
                return self._constant(RUN[key](*(arg.value for arg in node.args)))  # type: ignore[union-attr]  # all are literals
            except Fault:
                pass  # it is an error of the evaluation, which the interpreter words
        now = ["v_now"] if FUNCTIONS[key].uses_now else []
        return f"{self._constant(RUN[key])}({', '.join([*now, *args])})"

    def _loop(self, node: tree.Loop, names: Mapping[str, str]) -> str:
        self._variables += 1
        variable = f"m{self._variables}"
        inner = {**names, node.variable: variable}
        over = f"for {variable} in turns({self.value(node.operand, names)}, {node.cost}, n)"
        if node.kind == "map":
            keep = f" if {self.condition(node.keep, inner)}" if node.keep else ""
            return f"[{self.value(node.body, inner)} {over}{keep}]"
        body = self.condition(node.body, inner)
        match node.kind:
            case "filter":
                return f"[{variable} {over} if {body}]"
            case "exists_one":
                return f"(sum([{body} {over}]) == 1)"
            case _:
                return f"{'any' if node.kind == 'exists' else 'all'}({body} {over})"


_WRITE: dict[type, Callable[[Writer, Any, Mapping[str, str]], str]] = {
    tree.Literal: Writer._literal,  # noqa: SLF001 - the table of the class above
    tree.Name: Writer._name,  # noqa: SLF001 - as above
    tree.Select: Writer._select,  # noqa: SLF001 - as above
    tree.Index: Writer._index,  # noqa: SLF001 - as above
    tree.Has: Writer._has,  # noqa: SLF001 - as above
    tree.Unary: Writer._unary,  # noqa: SLF001 - as above
    tree.Logic: Writer._logic,  # noqa: SLF001 - as above
    tree.Binary: Writer._binary,  # noqa: SLF001 - as above
    tree.Ternary: Writer._ternary,  # noqa: SLF001 - as above
    tree.ListOf: Writer._list,  # noqa: SLF001 - as above
    tree.MapOf: Writer._map,  # noqa: SLF001 - as above
    tree.Call: Writer._call,  # noqa: SLF001 - as above
    tree.Loop: Writer._loop,  # noqa: SLF001 - as above
}


def _is_bool(node: tree.Node) -> bool:  # noqa: PLR0911 - one case a kind of node
    """Whether the code of a node can only give True or False."""
    match node:
        case tree.Has() | tree.Logic():
            return True
        case tree.Literal():
            return isinstance(node.value, bool)
        case tree.Unary():
            return node.op == "!"
        case tree.Binary():
            return node.op in _COMPARE
        case tree.Loop():
            return node.kind in _TRUTHS
        case tree.Call():
            function = FUNCTIONS.get((node.name, len(node.args)))
            return node.name == "hasValue" or bool(function and function.result.kind == "bool")
        case _:
            return False


def _is_optional(node: tree.Node) -> bool:
    """Whether the code of a node gives an optional, so that what is selected from it is one too."""
    match node:
        case tree.Select() | tree.Index():
            return node.optional or _is_optional(node.operand)
        case tree.Call():
            return node.name in ("optional.of", "optional.none", "or")
        case _:
            return False


def _texts(node: tree.Node) -> tuple[str, ...]:
    """Give the elements of a list of nothing but string literals; empty for any other node."""
    if not isinstance(node, tree.ListOf):
        return ()
    texts = tuple(
        item.value
        for item in node.items
        if isinstance(item, tree.Literal) and isinstance(item.value, str)
    )
    return texts if len(texts) == len(node.items) else ()
