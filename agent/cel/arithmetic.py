"""Arithmetic with CEL's rules: ints have 64 bits, and what does not fit is an error.

Python's operators would do otherwise: there `-7 // 2 == -4`, `-7 % 2 == 1`, and an int has no end.
"""

from __future__ import annotations

import datetime as dt
import math
import operator
from collections.abc import Callable
from typing import Any, Final

from agent.cel.errors import Fault
from agent.cel.values import charge, wrong

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
# 64 bits of nanoseconds, some 292 years: what other implementations hold
DURATION_MAX: Final = dt.timedelta(microseconds=INT_MAX // 1000)


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


def joined(left: Any, right: Any, budget: list[int]) -> Any:
    """`+` in a program with loops, where texts and lists could be doubled again and again."""
    found = compute("+", left, right)
    if type(found) is str or type(found) is list:
        charge(len(found) >> 4, budget)
    return found
