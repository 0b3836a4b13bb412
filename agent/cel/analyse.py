"""Checks an expression before there are values: names, functions, types, and absent fields.

Flow-sensitive: after `has(x.a) &&`, after `!has(x.a) ||` and in the branches of `has(x.a) ? :` the
field counts as present. What is refused here would be an error, or worse a verdict that means
something else than it says, in production.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agent.cel import tree
from agent.cel.calls import type_of_call
from agent.cel.errors import CelError, refuse
from agent.cel.presence import Scope, Variable, element_of, key_of, learned, may_lack, narrowed
from agent.cel.types import (
    BOOL,
    DYN,
    NUMBERS,
    ORDERED,
    STRING,
    Type,
    join,
    list_of,
    never_equal,
    optional_of,
)
from agent.cel.values import kind_of
from agent.cel.wording import source_of, suggest
from agent.cel.wording import with_article as _a

_RESULTS = {
    **{(op, kind, kind): kind for op in "+-*/" for kind in NUMBERS},
    ("%", "int", "int"): "int",
    ("+", "string", "string"): "string",
    ("+", "list", "list"): "list",
    ("+", "duration", "duration"): "duration",
    ("-", "duration", "duration"): "duration",
    ("+", "timestamp", "duration"): "timestamp",
    ("+", "duration", "timestamp"): "timestamp",
    ("-", "timestamp", "duration"): "timestamp",
    ("-", "timestamp", "timestamp"): "duration",
}


def type_of(source: str, node: tree.Node, variables: Mapping[str, Type]) -> Type:
    """Give the type of the whole expression; CelError at the first mistake."""
    scope = Scope({name: Variable(kind, name) for name, kind in variables.items()})
    return _Checker(source, clock="now" in variables).check(node, scope)


class _Checker:
    """One method a kind of node; `_loops` numbers the loops."""

    def __init__(self, source: str, *, clock: bool) -> None:
        self._source = source
        self._clock = clock
        self._loops = 0

    def check(self, node: tree.Node, scope: Scope) -> Type:
        return _CHECKS[type(node)](self, node, scope)

    def _refuse(self, node: tree.Node, code: str, message: str) -> CelError:
        return refuse(self._source, node.at, code, message)

    def _literal(self, node: tree.Literal, _scope: Scope) -> Type:
        return Type(kind=kind_of(node.value))

    def _name(self, node: tree.Name, scope: Scope) -> Type:
        if node.name not in scope.variables:
            hint = suggest(node.name, scope.variables)
            raise self._refuse(node, "name", f"unknown name '{node.name}'{hint}")
        return scope.variables[node.name].type

    def _select(self, node: tree.Select, scope: Scope) -> Type:
        operand = self.check(node.operand, scope)
        found = self._field(node, operand)
        if operand.kind == "optional" or node.optional:
            return found if found.kind == "optional" else optional_of(found)
        if may_lack(operand, node.field) and key_of(node, scope) not in scope.present:
            name = source_of(node)
            message = (
                f"{name} is optional: guard it with has({name}), or read it with .? and orValue()"
            )
            raise self._refuse(node, "optional", message)
        return found

    def _has(self, node: tree.Has, scope: Scope) -> Type:
        self._field(node, self.check(node.operand, scope))
        return BOOL

    def _field(self, node: tree.Select | tree.Has, operand: Type) -> Type:
        """Give the type of a field of the operand, which may be an optional."""
        holder = (operand.element or DYN) if operand.kind == "optional" else operand
        if holder.kind == "dyn":
            return DYN
        if holder.kind != "map":
            advice = ": loop over it with exists() or all()" if holder.kind == "list" else ""
            message = f"{_a(holder)} has no field '{node.field}'{advice}"
            raise self._refuse(node, "type", message)
        if holder.fields is None or node.field in holder.fields:
            return (holder.fields or {}).get(node.field, holder.element or DYN)
        if holder.element is not None:
            return holder.element
        hint = suggest(node.field, holder.fields)
        raise self._refuse(node, "field", f"unknown field '{node.field}'{hint}")

    def _index(self, node: tree.Index, scope: Scope) -> Type:
        operand = self.check(node.operand, scope)
        key = self.check(node.key, scope)
        holder = (operand.element or DYN) if operand.kind == "optional" else operand
        wanted = {"list": ("int", "double"), "map": ("string",), "dyn": (key.kind,)}
        if holder.kind not in wanted:
            raise self._refuse(node, "type", f"{_a(holder)} has no elements")
        if key.kind not in ("dyn", *wanted[holder.kind]):
            message = f"{_a(holder)} is not indexed with {_a(key)}"
            raise self._refuse(node, "type", message)
        found = holder.element or DYN
        return optional_of(found) if node.optional or operand.kind == "optional" else found

    def _unary(self, node: tree.Unary, scope: Scope) -> Type:
        if node.op == "!":
            self._condition(node.operand, scope)
            return BOOL
        operand = self.check(node.operand, scope)
        if operand.kind not in ("dyn", *NUMBERS):
            raise self._refuse(node, "type", f"there is no minus for {_a(operand)}")
        return Type(kind=operand.kind)

    def _condition(self, node: tree.Node, scope: Scope) -> None:
        found = self.check(node, scope)
        if found.kind not in ("bool", "dyn"):
            raise self._refuse(node, "type", f"true or false is needed, found {_a(found)}")

    def _logic(self, node: tree.Logic, scope: Scope) -> Type:
        for term in node.terms:
            self._condition(term, scope)
            scope = scope.knowing(learned(term, node.op == "&&", scope))
        return BOOL

    def _ternary(self, node: tree.Ternary, scope: Scope) -> Type:
        self._condition(node.test, scope)
        then = self.check(node.then, scope.knowing(learned(node.test, True, scope)))
        other = self.check(node.other, scope.knowing(learned(node.test, False, scope)))
        return join([then, other])

    def _binary(self, node: tree.Binary, scope: Scope) -> Type:
        left, right = self.check(node.left, scope), self.check(node.right, scope)
        match node.op:
            case "==" | "!=":
                self._check_equality(node, left, right)
            case "in":
                self._check_membership(node, left, right)
            case "<" | "<=" | ">" | ">=":
                self._check_order(node, left, right)
            case _:
                return self._arithmetic(node, left, right)
        return BOOL

    def _check_equality(self, node: tree.Binary, left: Type, right: Type) -> None:
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if node.op == "!=" and isinstance(side, tree.Literal) and isinstance(side.value, bool):
                word, name = (
                    ("true", f"!{source_of(other)}") if side.value else ("false", source_of(other))
                )
                message = f"write {name} instead of != {word}, which also holds for null"
                raise self._refuse(node, "type", message)
        if never_equal(left, right):
            raise self._refuse(node, "type", f"{left} is never equal to {right}")
        self._check_known(left, node.right)
        self._check_known(right, node.left)

    def _check_known(self, kind: Type, *nodes: tree.Node) -> None:
        """Check that a literal that the field can never have is a spelling mistake."""
        for node in nodes:
            if kind.known and isinstance(node, tree.Literal) and node.value not in kind.known:
                near = suggest(str(node.value), map(str, kind.known))
                message = f"'{node.value}' is not a value of this field{near}"
                raise self._refuse(node, "value", message)

    def _check_membership(self, node: tree.Binary, left: Type, right: Type) -> None:
        if right.kind not in ("list", "map", "dyn"):
            message = f"'in' needs a list or a map, found {_a(right)}"
            raise self._refuse(node, "type", message)
        element = STRING if right.kind == "map" else right.element or DYN
        if never_equal(left, element) or (right.kind == "map" and left.kind == "null"):
            raise self._refuse(node, "type", f"{_a(left)} is never in a {right.kind} of {element}")
        self._check_known(element, node.left)
        if isinstance(node.right, tree.ListOf):
            self._check_known(left, *node.right.items)

    def _check_order(self, node: tree.Binary, left: Type, right: Type) -> None:
        kinds = {left.kind, right.kind}
        known = kinds - {"dyn"}
        if known <= ORDERED and (len(known) < 2 or known <= NUMBERS):  # noqa: PLR2004 - a pair
            return
        hint = ": use timestamp(...)" if known == {"string", "timestamp"} else ""
        raise self._refuse(node, "type", f"cannot compare {left} with {right}{hint}")

    def _arithmetic(self, node: tree.Binary, left: Type, right: Type) -> Type:
        if left.kind == "list" and right.kind == "list":
            return list_of(join([left.element or DYN, right.element or DYN]))
        kind = _RESULTS.get((node.op, left.kind, right.kind))
        if kind:
            return Type(kind=kind)
        if any(
            op == node.op and left.kind in (first, "dyn") and right.kind in (second, "dyn")
            for op, first, second in _RESULTS
        ):
            return DYN
        raise self._refuse(node, "type", f"there is no {left} {node.op} {right}")

    def _list_of(self, node: tree.ListOf, scope: Scope) -> Type:
        return list_of(join([self.check(item, scope) for item in node.items]))

    def _map_of(self, node: tree.MapOf, scope: Scope) -> Type:
        seen: set[Any] = set()
        for key, _ in node.entries:
            kind = self.check(key, scope)
            if kind.kind not in ("string", "dyn"):
                raise self._refuse(
                    key, "type", f"the key of a map must be a string, not {_a(kind)}"
                )
            if isinstance(key, tree.Literal) and key.value in seen:
                raise self._refuse(key, "value", f"the map has the key '{key.value}' twice")
            seen |= {key.value} if isinstance(key, tree.Literal) else set()
        types = {key: self.check(value, scope) for key, value in node.entries}
        fields = {
            str(key.value): kind for key, kind in types.items() if isinstance(key, tree.Literal)
        }
        return Type(
            kind="map",
            fields=fields,
            required=frozenset(fields),
            element=join(list(types.values())),
        )

    def _call(self, node: tree.Call, scope: Scope) -> Type:
        return type_of_call(
            self._source, node, lambda arg: self.check(arg, scope), clock=self._clock
        )

    def _loop(self, node: tree.Loop, scope: Scope) -> Type:
        operand = self.check(node.operand, scope)
        if operand.kind not in ("list", "map", "dyn"):
            advice = ": use orValue([])" if operand.kind == "optional" else ""
            message = f"{node.kind}() needs a list or a map, found {_a(operand)}{advice}"
            raise self._refuse(node, "type", message)
        element = element_of(operand)
        inner = self._inside(node, element, scope)
        if node.kind != "map":
            self._condition(node.body, inner)
            return narrowed(node, operand, inner) if node.kind == "filter" else BOOL
        if node.keep is not None:
            self._condition(node.keep, inner)
            inner = inner.knowing(learned(node.keep, True, inner))
        return list_of(self.check(node.body, inner))

    def _inside(self, node: tree.Loop, element: Type, scope: Scope) -> Scope:
        self._loops += 1
        variable = Variable(element, f"{node.variable}#{self._loops}")
        return Scope({**scope.variables, node.variable: variable}, scope.present)


_CHECKS: dict[type, Callable[[_Checker, Any, Scope], Type]] = {
    tree.Literal: _Checker._literal,  # noqa: SLF001 - the table of the class above
    tree.Name: _Checker._name,  # noqa: SLF001 - as above
    tree.Select: _Checker._select,  # noqa: SLF001 - as above
    tree.Index: _Checker._index,  # noqa: SLF001 - as above
    tree.Has: _Checker._has,  # noqa: SLF001 - as above
    tree.Unary: _Checker._unary,  # noqa: SLF001 - as above
    tree.Logic: _Checker._logic,  # noqa: SLF001 - as above
    tree.Binary: _Checker._binary,  # noqa: SLF001 - as above
    tree.Ternary: _Checker._ternary,  # noqa: SLF001 - as above
    tree.ListOf: _Checker._list_of,  # noqa: SLF001 - as above
    tree.MapOf: _Checker._map_of,  # noqa: SLF001 - as above
    tree.Call: _Checker._call,  # noqa: SLF001 - as above
    tree.Loop: _Checker._loop,  # noqa: SLF001 - as above
}
