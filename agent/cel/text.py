"""Functions on text: patterns, and conversions from and to it.

Regular expressions are RE2's (https://github.com/google/re2/wiki/Syntax), whose time is linear in
the text: with Python's own, `(a+)+$` on 29 characters takes half a minute.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from functools import lru_cache
from typing import Any, Final

import re2

from agent.cel.arithmetic import INT_MAX, INT_MIN, whole
from agent.cel.errors import Fault
from agent.cel.times import epoch_seconds, rfc3339, seconds_text

MAX_PATTERN: Final = 1000
_INT: Final = re.compile(r"[-+]?[0-9]{1,25}")
_DOUBLE: Final = re.compile(
    r"[-+]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,5})?|inf|infinity|nan)",
    re.IGNORECASE | re.ASCII,
)
_TRUE: Final = frozenset({"true", "True", "TRUE", "t", "1"})
_FALSE: Final = frozenset({"false", "False", "FALSE", "f", "0"})


@lru_cache(maxsize=512)
def _pattern(text: str) -> Any:
    if len(text) > MAX_PATTERN:
        raise Fault("regex", f"a regular expression has at most {MAX_PATTERN:,} characters")
    options = re2.Options()
    options.log_errors = False  # the error is raised; RE2 would print it as well
    try:
        return re2.compile(text, options)
    except re2.error as error:
        detail = error.args[0] if error.args else ""
        reason = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
        raise Fault("regex", f"bad regular expression: {reason}") from None


def matches(text: str, pattern: str) -> bool:
    """Whether the RE2 pattern is found anywhere in the text; anchor it with ^ and $."""
    # of bytes re2 does not also work out at which characters it found it
    return _pattern(pattern).search(text.encode()) is not None


def check_pattern(text: str) -> None:
    """Check what a literal pattern must fulfil."""
    _pattern(text)


def glob(pattern: str, text: str) -> bool:
    """Whether `*` (any characters) and `?` (one) make the pattern the whole text; case counts."""
    at = star = back = 0
    mark = -1
    while at < len(text):
        if star < len(pattern) and pattern[star] == "*":
            mark, back = star, at
            star += 1
        elif star < len(pattern) and pattern[star] in ("?", text[at]):
            star, at = star + 1, at + 1
        elif mark >= 0:
            back += 1
            star, at = mark + 1, back
        else:
            return False
    return not pattern[star:].strip("*")


def to_string(value: Any) -> str:
    """Give `string()`: of a bool, a number, a time (RFC 3339, UTC) or a duration (`90s`)."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _double_text(value)
        case dt.timedelta():
            return seconds_text(value)
        case _:
            return rfc3339(value)


def _double_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value).removesuffix(".0")


def to_int(value: Any) -> int:
    """`int()`: of decimal text, of a double (cut towards zero), of a time (seconds since 1970)."""
    match value:
        case str():
            if not _INT.fullmatch(value):
                raise Fault("value", f"{value[:40]!r} is not an int")
            return whole(int(value))
        case float():
            # the bounds themselves are refused: not every double near them is exact
            if not INT_MIN < value < INT_MAX:
                raise Fault("overflow", "the number does not fit in 64 bits")
            return int(value)
        case dt.datetime():
            return epoch_seconds(value)
        case _:
            return whole(value)


def to_double(value: Any) -> float:
    """`double()`: of decimal text or an int."""
    if isinstance(value, str) and not _DOUBLE.fullmatch(value):
        raise Fault("value", f"{value[:40]!r} is not a double")
    try:
        return float(value)
    except OverflowError:
        raise Fault("overflow", "the number does not fit in a double") from None


def to_bool(value: Any) -> bool:
    """`bool()`: of true, True, TRUE, t, 1 and their opposites."""
    if value in _TRUE or value in _FALSE or isinstance(value, bool):
        return value in _TRUE or value is True
    raise Fault("value", f"{value[:40]!r} is neither true nor false")
