"""How messages name things: types with their article, sources of paths, near misses."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from agent.cel.paths import step
from agent.cel.tree import Index, Literal, Name, Node, Select
from agent.cel.types import Type

_SHOWN = 8


def with_article(kind: Type) -> str:
    """Give `a string` or `an int`."""
    text = str(kind)
    return text if text in ("dyn", "null") else f"an {text}" if text[0] in "aeiou" else f"a {text}"


def arguments(count: int) -> str:
    """Give `1 argument` or `no arguments`."""
    return "1 argument" if count == 1 else f"{count or 'no'} arguments"


def suggest(word: str, known: Iterable[str]) -> str:
    """`, did you mean 'x'?`, or the first of those that there are."""
    names = sorted(known)
    lowered = {name.lower(): name for name in names}
    near = difflib.get_close_matches(word.lower(), lowered, 1)
    if near:
        return f", did you mean '{lowered[near[0]]}'?"
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    return f" (known: {shown})" if names else ""


def source_of(node: Node) -> str:
    """Give the source of a path, for messages; `x` for what is not one."""
    match node:
        case Name():
            return node.name
        case Select():
            return (
                source_of(node.operand)
                + (".?" if node.optional else "")
                + step(node.field).lstrip("." if node.optional else "")
            )
        case Index(key=Literal(value=value)):
            return f"{source_of(node.operand)}[{value}]"
        case _:
            return "x"
