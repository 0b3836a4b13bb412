"""Asks JMESPath expressions of JSON values; the one module that knows the library."""

from __future__ import annotations

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
