"""Checks a call: that the function exists, is written so, and takes what it is given.

The functions are those of the table in `functions.py`; `dyn()`, `optional.of()`, `optional.none()`
and the methods of optionals, whose result depends on what they are given, are the language's own.
"""

from __future__ import annotations

from collections.abc import Callable

from agent.cel.errors import CelError, Fault, refuse
from agent.cel.functions import FUNCTIONS, NAMES, Function, Param
from agent.cel.tree import Call, Literal, Node
from agent.cel.types import BOOL, DYN, Type, join, never_equal, optional_of
from agent.cel.wording import arguments, suggest
from agent.cel.wording import with_article as _a

_OPTIONAL_METHODS = {"orValue": 2, "or": 2, "hasValue": 1, "value": 1}
_WRAPPERS = frozenset({"dyn", "optional.of", "optional.none"})


def type_of_call(source: str, node: Call, check: Callable[[Node], Type], *, clock: bool) -> Type:
    """Give the type of a call in `source`; CelError at the first mistake.

    `check` gives the type of an argument; `clock` says whether the time of the evaluation is known.
    """
    if node.name in _WRAPPERS and not node.member:
        return _wrapped(source, node, [check(arg) for arg in node.args])
    if node.member and node.name in _OPTIONAL_METHODS:
        return _of_optional(source, node, [check(arg) for arg in node.args])
    function = _find(source, node)
    types = [check(arg) for arg in node.args]
    for arg, found, param in zip(node.args, types, function.params, strict=True):
        _check_argument(source, node, arg, found, param)
    if function.uses_now and not clock:
        message = f"{node.name}() needs 'now', which is not known here"
        raise refuse(source, node.at, "name", message)
    return function.result


def _wrapped(source: str, node: Call, types: list[Type]) -> Type:
    if node.name == "optional.none":
        return optional_of(DYN)
    if len(types) != 1:
        message = f"{node.name}() takes 1 argument, {len(types)} given"
        raise refuse(source, node.at, "function", message)
    return DYN if node.name == "dyn" else optional_of(types[0])


def _of_optional(source: str, node: Call, types: list[Type]) -> Type:
    holder, takes = types[0], _OPTIONAL_METHODS[node.name]
    if len(types) != takes:
        message = f"{node.name}() takes {arguments(takes - 1)}, {len(types) - 1} given"
        raise refuse(source, node.at, "function", message)
    if holder.kind not in ("optional", "dyn"):
        message = f"{node.name}() is for optional fields read with .?, found {_a(holder)}"
        raise refuse(source, node.at, "type", message)
    held = holder.element or DYN
    match node.name:
        case "hasValue":
            return BOOL
        case "value":
            return held
        case "or":
            return _alternative(source, node, holder, types[1])
        case _:
            return _default(source, node, held, types[1])


def _default(source: str, node: Call, held: Type, default: Type) -> Type:
    if never_equal(held, default):
        raise refuse(source, node.at, "type", f"orValue() of {_a(default)} for {_a(held)}")
    return join([held, default])


def _alternative(source: str, node: Call, holder: Type, other: Type) -> Type:
    if other.kind not in ("optional", "dyn"):
        raise refuse(source, node.at, "type", f"or() needs an optional, found {_a(other)}")
    return join([holder, other])


def _find(source: str, node: Call) -> Function:
    function = FUNCTIONS.get((node.name, len(node.args)))
    if function is None:
        raise _no_function(source, node)
    if function.style == "x.f()" and not node.member:
        message = f"write x.{node.name}(...), not {node.name}(x, ...)"
        raise refuse(source, node.at, "function", message)
    if function.style == "f(x)" and node.member:
        message = f"write {node.name}(x, ...), not x.{node.name}(...)"
        raise refuse(source, node.at, "function", message)
    return function


def _no_function(source: str, node: Call) -> CelError:
    counts = sorted(count - node.member for name, count in FUNCTIONS if name == node.name)
    if not counts:
        hint = suggest(node.name, NAMES | set(_OPTIONAL_METHODS))
        return refuse(source, node.at, "function", f"unknown function '{node.name}'{hint}")
    takes = " or ".join(map(str, counts))
    noun = "argument" if takes == "1" else "arguments"
    message = f"{node.name}() takes {takes} {noun}, {len(node.args) - node.member} given"
    return refuse(source, node.at, "function", message)


def _check_argument(source: str, node: Call, arg: Node, found: Type, param: Param) -> None:
    if found.kind not in ("dyn", *param.kinds):
        wanted = " or ".join(_a(Type(kind=kind)) for kind in param.kinds)
        message = f"{node.name}() needs {wanted}, found {_a(found)}"
        raise refuse(source, arg.at, "type", message)
    if param.check and isinstance(arg, Literal) and found.kind in param.kinds:
        try:
            param.check(arg.value)
        except Fault as fault:
            raise refuse(source, arg.at, fault.code, fault.message) from None
