"""What operators do with values: CEL's equality, order and look-ups on plain Python values.

Values are None, bool, int, float, str, list, dict with text keys, aware `datetime` (timestamp),
`timedelta` (duration) and `Optional`. Python's own operators are not enough: there `True == 1`,
`[1][-1] == 1` and `"ab"[0] == "a"`.
Rules: https://github.com/google/cel-spec/blob/master/doc/langdef.md#standard-definitions
"""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Callable
from typing import Any, Final

from agent.cel.errors import Fault

BUDGET: Final = 1_000_000
"""Steps of one evaluation: turns of loops times the size of their bodies; about a second."""


class Optional:
    """What `.?` gives: `held` is a tuple of one value, or empty."""

    __slots__ = ("held",)

    def __init__(self, *held: Any) -> None:
        self.held = held


NONE: Final = Optional()

KINDS: Final[dict[type, str]] = {
    type(None): "null",
    bool: "bool",
    int: "int",
    float: "double",
    str: "string",
    list: "list",
    dict: "map",
    dt.datetime: "timestamp",
    dt.timedelta: "duration",
    Optional: "optional",
}
_NUMBER: Final = frozenset({int, float})
_ORDERED: Final = frozenset({int, float, bool, str, dt.datetime, dt.timedelta})


def kind_of(value: Any) -> str:
    """Give the name of the CEL type of a value."""
    return KINDS.get(type(value), type(value).__name__)


def a_kind(value: Any) -> str:
    """Give the same with its article, for messages."""
    kind = kind_of(value)
    return kind if kind == "null" else f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def boolean(value: Any) -> bool:
    """`value` itself if it is true or false: what a condition, `!`, `&&` and `||` need."""
    if value is True or value is False:
        return bool(value)
    raise wrong("true or false is needed", value)


def wrong(what: str, *values: Any) -> Fault:
    """Give the fault for operands of a type that does not fit; null has its own code."""
    code = "null" if any(value is None for value in values) else "type"
    return Fault(code, f"{what}, found {' and '.join(map(a_kind, values))}")


def equal(left: Any, right: Any) -> bool:
    """`==`: numbers by value whatever their type; values of different types are never equal."""
    kind, other = type(left), type(right)
    if kind is not other:
        return kind in _NUMBER and other in _NUMBER and _as_double(left) == _as_double(right)
    if kind is list:
        return len(left) == len(right) and all(map(equal, left, right))
    if kind is dict:
        return len(left) == len(right) and all(
            key in right and equal(value, right[key]) for key, value in left.items()
        )
    if kind is Optional:
        return equal(list(left.held), list(right.held))
    return bool(left == right)


def unequal(left: Any, right: Any) -> bool:
    """`!=`."""
    return not equal(left, right)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Give the comparison for two values of one ordered type, or for any two numbers."""

    def check(left: Any, right: Any) -> bool:
        kind, other = type(left), type(right)
        if kind is other:
            if kind in _ORDERED:
                return compare(left, right)
        elif kind in _NUMBER and other in _NUMBER:
            # as doubles, which is inexact near the ends of 64 bits, but the rule of CEL
            return compare(_as_double(left), _as_double(right))
        raise wrong("values of one ordered type are needed", left, right)

    return check


def _as_double(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        raise Fault("overflow", "the number does not fit in a double") from None


less: Final = _ordered(operator.lt)
at_most: Final = _ordered(operator.le)
greater: Final = _ordered(operator.gt)
at_least: Final = _ordered(operator.ge)


def contains(element: Any, container: Any) -> bool:
    """`element in container`: an element of a list or a key of a map."""
    if type(container) is list:
        # for text Python's own search agrees with equal(), and is much faster
        if type(element) is str:
            return element in container
        return any(equal(element, each) for each in container)
    if type(container) is dict:
        return _is_key(element) and element in container
    raise wrong("a list or a map is needed", container)


def _is_key(value: Any) -> bool:
    """Whether a map can have the key; what may not even be asked for is an error."""
    if type(value) not in (str, int, float, bool):
        raise wrong("the key of a map must be a string", value)
    return type(value) is str


def item(container: Any, key: Any) -> Any:
    """`container[key]`."""
    found = maybe_item(container, key)
    if not found.held:
        raise Fault("missing", f"there is no element {_shown(key)}")
    return found.held[0]


def maybe_item(container: Any, key: Any) -> Optional:
    """`container[?key]`; a double that is whole may be the index of a list."""
    if type(container) is list:
        index = int(key) if type(key) is float and key.is_integer() else key
        if type(index) is not int:
            raise wrong("the index of a list must be an int", key)
        return Optional(container[index]) if 0 <= index < len(container) else NONE
    if type(container) is dict:
        return Optional(container[key]) if _is_key(key) and key in container else NONE
    if type(container) is Optional:
        return maybe_item(container.held[0], key) if container.held else NONE
    raise wrong("a list or a map is needed", container)


def maybe_field(container: Any, field: str) -> Optional:
    """`container.?field`, and `.field` of what is itself optional."""
    if type(container) is dict:
        return Optional(container[field]) if field in container else NONE
    if type(container) is Optional:
        return maybe_field(container.held[0], field) if container.held else NONE
    raise wrong("a map is needed", container)


def has_field(container: Any, field: str) -> bool:
    """`has(container.field)`."""
    if type(container) is dict:
        return field in container
    return bool(maybe_field(container, field).held)


def turns(value: Any, cost: int, budget: list[int]) -> list[Any] | dict[str, Any]:
    """Give what a loop runs over: the elements of a list, the keys of a map.

    Takes the cost of all turns from the budget beforehand, so that both ways of evaluating,
    compiled and interpreted, run out of it at the same point.
    """
    if type(value) is not list and type(value) is not dict:
        raise wrong("a list or a map is needed", value)
    charge(len(value) * cost, budget)
    return value


def charge(cost: int, budget: list[int]) -> None:
    """Take steps from the budget of an evaluation; a Fault when it is used up."""
    budget[0] -= cost
    if budget[0] < 0:
        raise Fault("budget", "the evaluation takes too many steps")


def or_value(holder: Any, default: Callable[[], Any]) -> Any:
    """`holder.orValue(default)`; the default is evaluated only when it is needed."""
    if type(holder) is not Optional:
        raise wrong("an optional is needed", holder)
    return holder.held[0] if holder.held else default()


def either(holder: Any, other: Callable[[], Any]) -> Any:
    """`holder.or(other)`."""
    if type(holder) is not Optional:
        raise wrong("an optional is needed", holder)
    return holder if holder.held else other()


def value_of(holder: Any) -> Any:
    """`holder.value()`."""
    if type(holder) is not Optional:
        raise wrong("an optional is needed", holder)
    if not holder.held:
        raise Fault("missing", "the optional is empty")
    return holder.held[0]


def has_value(holder: Any) -> bool:
    """`holder.hasValue()`."""
    if type(holder) is not Optional:
        raise wrong("an optional is needed", holder)
    return bool(holder.held)


def map_of_entries(*parts: Any) -> dict[str, Any]:
    """Give a map from keys and values in turn."""
    made: dict[str, Any] = {}
    for key, value in zip(parts[::2], parts[1::2], strict=True):
        if type(key) is not str:
            raise wrong("the key of a map must be a string", key)
        if key in made:
            raise Fault("value", f"the map has the key {key!r} twice")
        made[key] = value
    return made


def _shown(key: Any) -> str:
    return repr(key) if isinstance(key, str | int | float) else a_kind(key)
