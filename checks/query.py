"""Asks JMESPath expressions of JSON values; the one module that knows the library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import jmespath  # type: ignore[import-untyped]  # ships no types
from jmespath.exceptions import JMESPathError  # type: ignore[import-untyped]  # as above


class QueryError(ValueError):
    """An expression is malformed, or does not fit the value that it is asked of."""


def search(expression: str, value: Any) -> Any:
    """What `expression` finds in `value`; None when there is nothing. Empty: all of it."""
    if not expression:
        return value
    try:
        return parse(expression).search(value)
    except JMESPathError as error:
        raise QueryError(" ".join(str(error).split())) from error


@lru_cache(maxsize=4096)
def parse(expression: str) -> Any:
    """The compiled expression; its `parsed` member is the syntax tree."""
    try:
        return jmespath.compile(expression)
    except JMESPathError as error:
        raise QueryError(" ".join(str(error).split())) from error


def reads(expression: str) -> tuple[str, ...]:
    """The members that `expression` reads of what it is asked of (`sku.name`), each once."""
    return tuple(dict.fromkeys(_reads(parse(expression).parsed)))


def _reads(node: Mapping[str, Any]) -> Iterator[str]:
    kind, children = node["type"], node["children"]
    if kind == "field":
        yield node["value"]
    elif kind == "subexpression" and all(child["type"] in _STEPS for child in children):
        yield ".".join(step for child in children for step in _reads(child))
    elif kind in _OF_THE_LEFT:
        yield from _reads(children[0])
    elif kind != "expref":
        for child in children:
            yield from _reads(child)


_STEPS = frozenset({"field", "subexpression"})
_OF_THE_LEFT = frozenset(
    {
        "filter_projection",
        "flatten",
        "index_expression",
        "pipe",
        "projection",
        "subexpression",
        "value_projection",
    }
)
"""Nodes whose other children are asked of what the first one gives."""
