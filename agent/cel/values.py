"""What operators do with values: CEL's equality, order and arithmetic on plain Python values.

Values are None, bool, int, float, str, list, dict with text keys, aware `datetime` (timestamp),
`timedelta` (duration) and `Optional`. Python's own operators are not enough: there `True == 1`,
`-7 // 2 == -4`, `[1][-1] == 1`, `"ab"[0] == "a"`, and an int has no end.
Rules: https://github.com/google/cel-spec/blob/master/doc/langdef.md#standard-definitions
"""

from __future__ import annotations

import datetime as dt
import math
import operator
from collections.abc import Callable
from typing import Any, Final

from agent.cel.errors import Fault

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
BUDGET: Final = 1_000_000
"""Steps of one evaluation: turns of loops times the size of their bodies; about a second."""
# 64 bits of nanoseconds, some 292 years: what other implementations hold
DURATION_MAX: Final = dt.timedelta(microseconds=INT_MAX // 1000)


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
    _charge(len(value) * cost, budget)
    return value


def _charge(cost: int, budget: list[int]) -> None:
    budget[0] -= cost
    if budget[0] < 0:
        raise Fault("budget", "the evaluation takes too many steps")


def joined(left: Any, right: Any, budget: list[int]) -> Any:
    """`+` in a program with loops, where texts and lists could be doubled again and again."""
    found = compute("+", left, right)
    if type(found) is str or type(found) is list:
        _charge(len(found) >> 4, budget)
    return found


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


def whole(value: int) -> int:
    """`value` if it fits in 64 bits."""
    if INT_MIN <= value <= INT_MAX:
        return value
    raise Fault("overflow", "the result does not fit in 64 bits")


def span(value: dt.timedelta) -> dt.timedelta:
    """`value` if it is in the range of a duration."""
    if -DURATION_MAX <= value <= DURATION_MAX:
        return value
    raise Fault("range", "the duration is out of range")


def _check_divisor(value: int) -> None:
    if value == 0:
        raise Fault("division", "division by zero")


def _quotient(left: int, right: int) -> int:
    """Give rounded to zero, as in CEL; Python rounds down."""
    _check_divisor(right)
    found = abs(left) // abs(right)
    return found if (left < 0) == (right < 0) else -found


def _remainder(left: int, right: int) -> int:
    """With the sign of the dividend."""
    _check_divisor(right)
    # the quotient overflows, and so does the remainder of it in CEL
    if left == INT_MIN and right == -1:
        raise Fault("overflow", "the result does not fit in 64 bits")
    found = abs(left) % abs(right)
    return found if left >= 0 else -found


def _double_quotient(left: float, right: float) -> float:
    """By IEEE 754: division by zero is infinite, or not a number."""
    if right:
        return left / right
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1, right)


_INT: Final[dict[str, Callable[[int, int], int]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _quotient,
    "%": _remainder,
}
_DOUBLE: Final[dict[str, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _double_quotient,
}
_TIMES: Final = {
    ("+", dt.datetime, dt.timedelta): operator.add,
    ("+", dt.timedelta, dt.datetime): operator.add,
    ("-", dt.datetime, dt.timedelta): operator.sub,
    ("-", dt.datetime, dt.datetime): operator.sub,
    ("+", dt.timedelta, dt.timedelta): operator.add,
    ("-", dt.timedelta, dt.timedelta): operator.sub,
}


def compute(op: str, left: Any, right: Any) -> Any:
    """`+ - * / %`: of two ints, two doubles, two texts or lists, or of times and durations."""
    kind = type(left)
    if kind is type(right):
        if kind is int and op in _INT:
            return whole(_INT[op](left, right))
        if kind is float and op in _DOUBLE:
            return _DOUBLE[op](left, right)
        if op == "+" and kind in (str, list):
            return left + right
    if (op, kind, type(right)) in _TIMES:
        return _compute_time(op, left, right)
    raise wrong(f"there is no '{op}' for these", left, right)


def _compute_time(op: str, left: Any, right: Any) -> Any:
    try:
        found = _TIMES[op, type(left), type(right)](left, right)
    except OverflowError:
        raise Fault("range", "the time is out of range") from None
    return span(found) if type(found) is dt.timedelta else found


def negative(value: Any) -> Any:
    """`-x`."""
    if type(value) is int:
        return whole(-value)
    if type(value) is float:
        return -value
    raise wrong("a number is needed", value)
