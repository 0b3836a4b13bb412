"""Evaluates a tree node by node: slowly, with CEL's rules for errors, and knowing where it is.

An error is not yet the outcome: `false && error` is false and `true || error` is true in either
order, and so for all() and exists(). The order of the elements of a list never changes a verdict.
https://github.com/google/cel-spec/blob/master/doc/langdef.md#logical-operators
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from agent.cel import arithmetic, tree
from agent.cel import values as of
from agent.cel.errors import EvalError, Fault, locate
from agent.cel.functions import FUNCTIONS, RUN
from agent.cel.paths import element, general, is_inside, step

_Bound = tuple[Any, str]
_Scope = Mapping[str, _Bound]
_Reads = list[tuple[str, Any]]

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": of.equal,
    "!=": of.unequal,
    "<": of.less,
    "<=": of.at_most,
    ">": of.greater,
    ">=": of.at_least,
    "in": of.contains,
}


class Interpreter:
    """One evaluation. `reads` collects the values that decide, when it is a list.

    `_keys` has the last value of each computed index, for paths: to evaluate it again for each
    would take exponential time for an index in an index.
    """

    __slots__ = ("_budget", "_keys", "_now", "_reads", "_source", "_unseen")

    def __init__(
        self, source: str, now: Any, unseen: Collection[str] = (), reads: _Reads | None = None
    ) -> None:
        self._source = source
        self._now = now
        self._unseen = frozenset(unseen)
        self._reads = reads
        self._budget = [of.BUDGET]
        self._keys: dict[int, Any] = {}

    def value(self, node: tree.Node, scope: _Scope) -> Any:
        """Give the value of a node that is used as a whole."""
        found = self._reach(node, scope)
        if isinstance(node, tree.Name | tree.Select | tree.Index) and (
            self._unseen or self._reads is not None
        ):
            path = self._path(node, scope)
            self._check_parts_seen(node, path)
            self._record(path, found)
        return found

    def condition(self, node: tree.Node, scope: _Scope) -> bool:
        """Give the value of a node that must be true or false."""
        found = self.value(node, scope)
        if found is True or found is False:
            return bool(found)
        path = self._path(node, scope)
        code = "null" if found is None else "type"
        message = f"{path or 'the value'} is {of.a_kind(found)}, not true or false"
        raise self._error(node, code, message, path)

    def _reach(self, node: tree.Node, scope: _Scope) -> Any:
        try:
            return _EVALUATE[type(node)](self, node, scope)
        except Fault as fault:
            # what is inside of a loop has no place out here
            parts = (node.operand,) if isinstance(node, tree.Loop) else tree.children(node)
            paths = [path for part in parts if (path := self._path(part, scope))]
            where = f" ({', '.join(paths)})" if paths else ""
            raise self._error(
                node, fault.code, fault.message + where, paths[0] if paths else ""
            ) from None
        except RecursionError:
            raise self._error(node, "budget", "the values are nested too deeply") from None

    def _error(self, node: tree.Node, code: str, message: str, path: str = "") -> EvalError:
        line, column = locate(self._source, node.at)
        return EvalError(message, code=code, line=line, column=column, path=path)

    def _path(self, node: tree.Node, scope: _Scope) -> str:
        """Where the value of a node is in the inputs; empty when it was computed."""
        match node:
            case tree.Name():
                return scope[node.name][1]
            case tree.Select() | tree.Has():
                base = self._path(node.operand, scope)
                return base and base + step(node.field)
            case tree.Index():
                base = self._path(node.operand, scope)
                return base and base + element(self._keys.get(id(node), ""))
            case _:
                return ""

    def _record(self, path: str, found: Any) -> None:
        if self._reads is not None and path:
            held = isinstance(found, of.Optional)
            self._reads.append((path, (found.held or (None,))[0] if held else found))

    def _check_seen(self, node: tree.Select | tree.Has, scope: _Scope) -> None:
        if self._unseen and (path := self._path(node, scope)):
            unseen = general(path)
            if any(unseen == each or is_inside(unseen, each) for each in self._unseen):
                raise self._error(node, "unseen", f"{path} could not be seen", path)

    def _check_parts_seen(self, node: tree.Node, path: str) -> None:
        """Check that a value that is used as a whole was seen as a whole."""
        for each in self._unseen if path else ():
            if is_inside(each, general(path)):
                raise self._error(node, "unseen", f"{each} could not be seen", each)

    def _literal(self, node: tree.Literal, _scope: _Scope) -> Any:
        return node.value

    def _name(self, node: tree.Name, scope: _Scope) -> Any:
        return scope[node.name][0]

    def _select(self, node: tree.Select, scope: _Scope) -> Any:
        operand = self._reach(node.operand, scope)
        self._check_seen(node, scope)
        if node.optional or type(operand) is of.Optional:
            return self._maybe(node, operand, scope)
        if type(operand) is dict and node.field in operand:
            return operand[node.field]
        path = self._path(node, scope)
        if type(operand) is dict:
            raise self._error(node, "missing", f"{path or node.field} is missing", path)
        raise self._no_fields(node, operand, scope)

    def _maybe(self, node: tree.Select, operand: Any, scope: _Scope) -> of.Optional:
        if type(operand) not in (dict, of.Optional):
            raise self._no_fields(node, operand, scope)
        return of.maybe_field(operand, node.field)

    def _no_fields(self, node: tree.Select | tree.Has, operand: Any, scope: _Scope) -> EvalError:
        base = self._path(node.operand, scope)
        message = f"{base or 'the value'} is {of.a_kind(operand)}, so it has no '{node.field}'"
        return self._error(node, "null" if operand is None else "type", message, base)

    def _has(self, node: tree.Has, scope: _Scope) -> bool:
        operand = self._reach(node.operand, scope)
        self._check_seen(node, scope)
        if type(operand) not in (dict, of.Optional):
            raise self._no_fields(node, operand, scope)
        found = of.maybe_field(operand, node.field)
        self._record(self._path(node, scope), found)
        return bool(found.held)

    def _index(self, node: tree.Index, scope: _Scope) -> Any:
        operand = self._reach(node.operand, scope)
        key = self._keys[id(node)] = self.value(node.key, scope)
        # a computed key may name the very field that was not seen
        if type(operand) is dict:
            self._check_parts_seen(node, self._path(node.operand, scope))
        if node.optional or type(operand) is of.Optional:
            return of.maybe_item(operand, key)
        found = of.maybe_item(operand, key)
        if found.held:
            return found.held[0]
        path = self._path(node, scope)
        raise self._error(node, "missing", f"{path or f'element {key}'} is missing", path)

    def _unary(self, node: tree.Unary, scope: _Scope) -> Any:
        if node.op == "!":
            return not self.condition(node.operand, scope)
        return arithmetic.negative(self.value(node.operand, scope))

    def _logic(self, node: tree.Logic, scope: _Scope) -> bool:
        decisive = node.op == "||"
        verdict = _Verdict(self._reads, decisive=decisive)
        for term in node.terms:
            if verdict.after(self.condition, term, scope):
                return decisive
        return verdict.undecided()

    def _ternary(self, node: tree.Ternary, scope: _Scope) -> Any:
        return self.value(node.then if self.condition(node.test, scope) else node.other, scope)

    def _binary(self, node: tree.Binary, scope: _Scope) -> Any:
        left, right = self.value(node.left, scope), self.value(node.right, scope)
        if node.op in OPERATORS:
            return OPERATORS[node.op](left, right)
        if node.op == "+":
            return arithmetic.joined(left, right, self._budget)
        return arithmetic.compute(node.op, left, right)

    def _list(self, node: tree.ListOf, scope: _Scope) -> list[Any]:
        return [self.value(item, scope) for item in node.items]

    def _map(self, node: tree.MapOf, scope: _Scope) -> dict[str, Any]:
        return of.map_of_entries(*(self.value(part, scope) for part in tree.children(node)))

    def _call(self, node: tree.Call, scope: _Scope) -> Any:  # noqa: PLR0911 - one case a name
        first = node.args[0] if node.args else node
        match node.name:
            case "dyn":
                return self.value(first, scope)
            case "optional.of":
                return of.Optional(self.value(first, scope))
            case "optional.none":
                return of.NONE
            case "orValue":
                return of.or_value(
                    self.value(first, scope), lambda: self.value(node.args[1], scope)
                )
            case "or":
                return of.either(self.value(first, scope), lambda: self.value(node.args[1], scope))
            case "value":
                return of.value_of(self.value(first, scope))
            case "hasValue":
                return of.has_value(self.value(first, scope))
            case _:
                return self._function(node, scope)

    def _function(self, node: tree.Call, scope: _Scope) -> Any:
        key = (node.name, len(node.args))
        args = [self.value(arg, scope) for arg in node.args]
        if FUNCTIONS[key].uses_now:
            args.insert(0, self._now)
        return RUN[key](*args)

    def _loop(self, node: tree.Loop, scope: _Scope) -> Any:
        found = self._reach(node.operand, scope)
        base = self._path(node.operand, scope)
        if type(found) is dict:
            self._check_parts_seen(node, base)
        over = of.turns(found, node.cost, self._budget)
        if not over:
            self._record(base, found)
        listed = base and type(over) is list
        turns = (
            {**scope, node.variable: (each, f"{base}[{at}]" if listed else "")}
            for at, each in enumerate(over)
        )
        return _LOOPS[node.kind](self, node, turns)

    def _decide(self, node: tree.Loop, turns: Iterable[_Scope]) -> bool:
        decisive = node.kind == "exists"
        verdict = _Verdict(self._reads, decisive=decisive)
        for turn in turns:
            if verdict.after(self.condition, node.body, turn):
                return decisive
        return verdict.undecided()

    def _exists_one(self, node: tree.Loop, turns: Iterable[_Scope]) -> bool:
        return sum([self.condition(node.body, turn) for turn in turns]) == 1

    def _filter(self, node: tree.Loop, turns: Iterable[_Scope]) -> list[Any]:
        return [turn[node.variable][0] for turn in turns if self.condition(node.body, turn)]

    def _transform(self, node: tree.Loop, turns: Iterable[_Scope]) -> list[Any]:
        keep = node.keep
        return [
            self.value(node.body, turn)
            for turn in turns
            if keep is None or self.condition(keep, turn)
        ]


class _Verdict:
    """What several conditions say together: the decisive one wins, else the first error.

    Of the reads it keeps those of the decisive condition alone, or of all when none is.
    """

    __slots__ = ("_decisive", "_error", "_mark", "_reads")

    def __init__(self, reads: _Reads | None, *, decisive: bool) -> None:
        self._reads = reads
        self._mark = len(reads or ())
        self._decisive = decisive
        self._error: EvalError | None = None

    def after(
        self, condition: Callable[[tree.Node, _Scope], bool], node: tree.Node, scope: _Scope
    ) -> bool:
        """Whether this condition settles it."""
        start = len(self._reads or ())
        try:
            settled = condition(node, scope) is self._decisive
        except EvalError as error:
            self._error = self._error or error
            return False
        if settled and self._reads is not None:
            del self._reads[self._mark : start]
        return settled

    def undecided(self) -> bool:
        """Give the verdict when no condition has settled it."""
        if self._error is not None:
            raise self._error
        return not self._decisive


_EVALUATE: dict[type, Callable[[Interpreter, Any, _Scope], Any]] = {
    tree.Literal: Interpreter._literal,  # noqa: SLF001 - the table of the class above
    tree.Name: Interpreter._name,  # noqa: SLF001 - as above
    tree.Select: Interpreter._select,  # noqa: SLF001 - as above
    tree.Index: Interpreter._index,  # noqa: SLF001 - as above
    tree.Has: Interpreter._has,  # noqa: SLF001 - as above
    tree.Unary: Interpreter._unary,  # noqa: SLF001 - as above
    tree.Logic: Interpreter._logic,  # noqa: SLF001 - as above
    tree.Binary: Interpreter._binary,  # noqa: SLF001 - as above
    tree.Ternary: Interpreter._ternary,  # noqa: SLF001 - as above
    tree.ListOf: Interpreter._list,  # noqa: SLF001 - as above
    tree.MapOf: Interpreter._map,  # noqa: SLF001 - as above
    tree.Call: Interpreter._call,  # noqa: SLF001 - as above
    tree.Loop: Interpreter._loop,  # noqa: SLF001 - as above
}
_LOOPS: dict[str, Callable[[Interpreter, tree.Loop, Iterable[_Scope]], Any]] = {
    "all": Interpreter._decide,  # noqa: SLF001 - as above
    "exists": Interpreter._decide,  # noqa: SLF001 - as above
    "exists_one": Interpreter._exists_one,  # noqa: SLF001 - as above
    "filter": Interpreter._filter,  # noqa: SLF001 - as above
    "map": Interpreter._transform,  # noqa: SLF001 - as above
}
