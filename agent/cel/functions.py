"""The functions of the language, in one typed table. To add one, add its entry and its tests.

A function is pure. Its arguments are of the kinds that the table says when it is called, so it
checks values, not types; what it cannot answer it says with a `Fault`, which becomes an error
outcome. `dyn()`, `optional.of()` and the methods of optionals are the language's own: `calls.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from itertools import product
from typing import Any, Final, Literal

from msgspec import Struct

from agent.cel import networks, policies, text, times
from agent.cel.errors import Fault
from agent.cel.types import BOOL, DOUBLE, DURATION, INT, STRING, TIMESTAMP, Type
from agent.cel.values import KINDS, wrong


class Param(Struct, frozen=True):
    """The kinds that an argument may have, and what a literal there must fulfil at load."""

    kinds: tuple[str, ...]
    check: Callable[[Any], None] | None = None


class Function(Struct, frozen=True, kw_only=True):
    """One overload; `run` gets the arguments, with `uses_now` after the time of the evaluation."""

    name: str
    style: Literal["f(x)", "x.f()", "either"] = "f(x)"
    params: tuple[Param, ...]
    result: Type
    run: Callable[..., Any]
    doc: str
    uses_now: bool = False


# what data of a wrong shape makes a function raise; anything else is a mistake in this program
_DATA_ERRORS: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_TEXT: Final = Param(("string",))
_WHOLE: Final = Param(("int",))
_POLICY: Final = Param(("map",))
_CIDR: Final = Param(("string",), networks.check_network)
_TIME: Final = Param(("timestamp", "string"), times.check_timestamp)
_SIZED: Final = Param(("string", "list", "map"))
_ZONE: Final = Param(("string",), times.check_zone)
_PATTERN: Final = Param(("string",), text.check_pattern)


def _check_moment(value: str | int) -> None:
    if isinstance(value, str):
        times.check_timestamp(value)
    else:
        times.timestamp(value)


def _getters(name: str) -> tuple[Function, ...]:
    total = name in times.TOTALS or name == "getMilliseconds"
    kinds = ("timestamp", "duration") if total else ("timestamp",)
    doc = "part of a time in UTC, or in the zone of an offset such as '+02:00'"
    return tuple(
        Function(name=name, style="x.f()", params=params, result=INT, run=times.part(name), doc=doc)
        for params in ((Param(kinds),), (Param(("timestamp",)), _ZONE))
    )


_TABLE: Final = (
    Function(
        name="size",
        style="either",
        params=(_SIZED,),
        result=INT,
        run=len,
        doc="elements of a list, entries of a map, characters of a text",
    ),
    Function(
        name="contains",
        style="x.f()",
        params=(_TEXT, _TEXT),
        result=BOOL,
        run=lambda whole, part: part in whole,
        doc="whether a text occurs in a text",
    ),
    Function(
        name="startsWith",
        style="x.f()",
        params=(_TEXT, _TEXT),
        result=BOOL,
        run=str.startswith,
        doc="whether a text begins so",
    ),
    Function(
        name="endsWith",
        style="x.f()",
        params=(_TEXT, _TEXT),
        result=BOOL,
        run=str.endswith,
        doc="whether a text ends so",
    ),
    Function(
        name="matches",
        style="either",
        params=(_TEXT, _PATTERN),
        result=BOOL,
        run=text.matches,
        doc="whether an RE2 pattern is found in a text; anchor it with ^ and $",
    ),
    Function(
        name="glob",
        params=(_TEXT, _TEXT),
        result=BOOL,
        run=text.glob,
        doc="glob(pattern, text): whether a pattern with * and ? is the whole text",
    ),
    Function(
        name="lower",
        style="either",
        params=(_TEXT,),
        result=STRING,
        run=str.lower,
        doc="the text in lower case",
    ),
    Function(
        name="string",
        params=(Param(("string", "bool", "int", "double", "timestamp", "duration")),),
        result=STRING,
        run=text.to_string,
        doc="as text",
    ),
    Function(
        name="int",
        params=(Param(("int", "double", "string", "timestamp")),),
        result=INT,
        run=text.to_int,
        doc="as an int: decimal text, a double cut towards zero, seconds since 1970 of a time",
    ),
    Function(
        name="double",
        params=(Param(("double", "int", "string")),),
        result=DOUBLE,
        run=text.to_double,
        doc="as a double",
    ),
    Function(
        name="bool",
        params=(Param(("bool", "string")),),
        result=BOOL,
        run=text.to_bool,
        doc="as a bool: of true, True, TRUE, t, 1 and their opposites",
    ),
    Function(
        name="timestamp",
        params=(Param(("timestamp", "string", "int"), _check_moment),),
        result=TIMESTAMP,
        run=times.timestamp,
        doc="a time from RFC 3339 text or seconds since 1970",
    ),
    Function(
        name="duration",
        params=(Param(("duration", "string"), times.check_duration),),
        result=DURATION,
        run=times.duration,
        doc="a duration from text such as '1h30m'",
    ),
    Function(
        name="days", params=(_WHOLE,), result=DURATION, run=times.days, doc="so many times 24 hours"
    ),
    Function(
        name="age_days",
        params=(_TIME,),
        result=INT,
        run=times.age_days,
        doc="whole days from a time to the time of the evaluation; negative for the future",
        uses_now=True,
    ),
    Function(
        name="cidr_contains",
        params=(_CIDR, _CIDR),
        result=BOOL,
        run=networks.cidr_contains,
        doc="cidr_contains(outer, inner): whether all of inner is in outer",
    ),
    Function(
        name="is_public_cidr",
        params=(_CIDR,),
        result=BOOL,
        run=networks.is_public_cidr,
        doc="whether a range is 0.0.0.0/0, ::/0 or nearly as wide (/8, /16) and not private",
    ),
    Function(
        name="port_in",
        params=(Param(("string",), networks.check_ports), _WHOLE),
        result=BOOL,
        run=networks.port_in_range,
        doc="port_in('1000-2000', port); also '22' and '*'",
    ),
    Function(
        name="port_in",
        params=(_WHOLE, _WHOLE, _WHOLE),
        result=BOOL,
        run=networks.port_between,
        doc="port_in(from, to, port), both included; a from of -1 is all ports",
    ),
    Function(
        name="policy_allows",
        params=(_POLICY, _TEXT, _TEXT),
        result=BOOL,
        run=policies.policy_allows,
        doc="policy_allows(policy, principal, action): whether a statement grants it",
    ),
    Function(
        name="policy_denies",
        params=(_POLICY, _TEXT, _TEXT),
        result=BOOL,
        run=policies.policy_denies,
        doc="policy_denies(policy, condition_key, value): whether all such requests are denied",
    ),
    *(function for name in times.PARTS for function in _getters(name)),
)

FUNCTIONS: Final[dict[tuple[str, int], Function]] = {
    (each.name, len(each.params)): each for each in _TABLE
}
NAMES: Final = frozenset(name for name, _ in FUNCTIONS)


def guarded(function: Function) -> Callable[..., Any]:
    """Give the function with its arguments checked; with `uses_now` the first is the time."""
    types = [
        frozenset(kind for kind, name in KINDS.items() if name in param.kinds)
        for param in function.params
    ]
    if function.uses_now:
        types.insert(0, frozenset({dt.datetime}))
    run, name = function.run, function.name
    fitting = frozenset(product(*types))

    def call(*args: Any) -> Any:
        if tuple(map(type, args)) not in fitting:
            pairs = zip(args, types, strict=True)
            value, allowed = next(pair for pair in pairs if type(pair[0]) not in pair[1])
            wanted = " or ".join(sorted(KINDS[each] for each in allowed))
            raise wrong(f"{name}() needs {wanted}", value)
        try:
            return run(*args)
        except _DATA_ERRORS as error:
            raise Fault("function", f"{name}() failed: {type(error).__name__}") from None

    return call


RUN: Final[dict[tuple[str, int], Callable[..., Any]]] = {
    key: guarded(function) for key, function in FUNCTIONS.items()
}
