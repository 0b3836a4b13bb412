"""Reaches the members of JSON values that a path names: `Policy.Statement[].Principal`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

PATH = re.compile(r"@|[A-Za-z_][A-Za-z0-9_:/-]*(\[\])*(\.[A-Za-z_][A-Za-z0-9_:/-]*(\[\])*)*\Z")
"""Members joined by dots; `[]` after a member is every element of its list; `@` is the whole."""


def rewrite(value: Any, path: str, change: Callable[[Any], Any]) -> Any:
    """`value` with what `path` names replaced by `change` of it; what is not there stays absent.

    A list met on the way is gone through whether or not the path says `[]`.
    """
    if path == "@":
        return change(value)
    return _rewrite(value, path.replace("[]", "").split("."), change)


def complete(value: Any, path: str, default: Any) -> Any:
    """`value` with the last member of `path` set to `default` where it is absent.

    Members on the way are not made: a part that was not seen does not come into being.
    """
    return _complete(value, path.replace("[]", "").split("."), default)


def rename(value: Any, path: str, name: str) -> Any:
    """`value` with the last member of `path` called `name`, unless there is one of that name."""
    *above, last = path.replace("[]", "").split(".")

    def change(holder: Any) -> Any:
        if not isinstance(holder, Mapping) or last not in holder or name in holder:
            return holder
        return {(name if key == last else key): inner for key, inner in holder.items()}

    def each(inner: Any) -> Any:
        return [change(one) for one in inner] if isinstance(inner, list) else change(inner)

    return rewrite(value, ".".join(above) or "@", each)


def head_of(path: str) -> str:
    """The first member of a path."""
    return path.partition(".")[0].replace("[]", "")


def _rewrite(value: Any, steps: list[str], change: Callable[[Any], Any]) -> Any:
    if isinstance(value, list):
        return [_rewrite(element, steps, change) for element in value]
    if not isinstance(value, Mapping) or steps[0] not in value:
        return value
    inner = value[steps[0]]
    changed = _rewrite(inner, steps[1:], change) if len(steps) > 1 else change(inner)
    result = {**value, steps[0]: changed}
    if changed is None:
        del result[steps[0]]
    return result


def _complete(value: Any, steps: list[str], default: Any) -> Any:
    if isinstance(value, list):
        return [_complete(element, steps, default) for element in value]
    if not isinstance(value, Mapping):
        return value
    if len(steps) == 1:
        return value if steps[0] in value else {**value, steps[0]: default}
    if steps[0] not in value:
        return value
    return {**value, steps[0]: _complete(value[steps[0]], steps[1:], default)}
