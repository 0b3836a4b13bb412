"""Turns an expression into a program: parsed, checked, and written as one Python function.

The Python has no builtins and reads data by subscript only, so `resource.__class__` is a key that
is missing. It holds for the plain case; whatever it raises, the interpreter evaluates again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agent.cel import arithmetic
from agent.cel import values as of
from agent.cel.analyse import type_of
from agent.cel.errors import refuse
from agent.cel.parse import parse
from agent.cel.program import Program
from agent.cel.reads import reads_of
from agent.cel.tree import Loop, Node, walk
from agent.cel.types import BOOL, Type
from agent.cel.wording import with_article
from agent.cel.write import Writer

# all that the written code can reach, besides its own constants
_NAMESPACE: dict[str, Any] = {
    "__builtins__": {},
    "all": all,
    "any": any,
    "sum": sum,
    **{
        function.__name__: function
        for function in (
            *(arithmetic.compute, arithmetic.joined, arithmetic.negative),
            *(of.Optional, of.boolean, of.contains, of.either, of.equal, of.has_field),
            *(of.has_value, of.item, of.map_of_entries, of.maybe_field, of.maybe_item),
            *(of.or_value, of.turns, of.unequal, of.value_of),
        )
    },
    "NONE": of.NONE,
    "less": of.less,
    "at_most": of.at_most,
    "greater": of.greater,
    "at_least": of.at_least,
}


def compile_expression(source: str, variables: Mapping[str, Type], expect: Type = BOOL) -> Program:
    """Give the program of `source` over `variables`, in their order; CelError if anything is wrong.

    Its values are of the kind that `expect` says; `dyn` takes any.
    """
    node = parse(source)
    found = type_of(source, node, variables)
    if "dyn" not in (found.kind, expect.kind) and found.kind != expect.kind:
        message = f"the expression is {with_article(found)}, {with_article(expect)} is needed"
        raise refuse(source, node.at, "type", message)
    loops = any(isinstance(each, Loop) for each, _, _ in walk(node))
    return Program(
        source=source,
        type=found if found.kind != "dyn" else expect,
        reads=reads_of(node),
        names=tuple(variables),
        node=node,
        fast=_function(source, node, tuple(variables), loops=loops, expect=expect.kind),
        loops=loops,
        expect=expect.kind,
    )


def _function(
    source: str, node: Node, names: tuple[str, ...], *, loops: bool, expect: str
) -> Callable[..., Any]:
    writer = Writer(loops=loops)
    variables = {name: f"v_{name}" for name in names}
    write = writer.condition if expect == "bool" else writer.value
    code = write(node, variables)
    parameters = ", ".join([*variables.values(), *(["n"] if loops else [])])
    try:
        compiled = compile(f"lambda {parameters}: {code}", "<rule>", "eval")
    except (MemoryError, RecursionError, SyntaxError):  # pragma: no cover - a second lock
        # Python's parser takes 200 brackets in brackets; no node writes three, and 64 nest
        raise refuse(source, node.at, "limit", "nested too deeply") from None
    function: Callable[..., Any] = eval(  # noqa: S307 - our own text, without builtins
        compiled, {**_NAMESPACE, **writer.constants}
    )
    return function
