"""Parameters of a rule: their types, their bounds, and rules with other values in force. Pure.

Errors of this module:

    ParamError    a value does not fit its declaration; the message names the parameter
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

import msgspec

from agent.duration import parse_duration, to_text
from agent.rules.rule import Param, Rule


class ParamError(Exception):
    """A value does not fit the declaration of its parameter."""


def with_params(rule: Rule, overrides: Mapping[str, Any]) -> Rule:
    """Put `overrides` in force in place of a rule's defaults. Raises `ParamError`."""
    if not overrides:
        return rule
    values = dict(rule.params)
    for name, value in overrides.items():
        param = rule.declared.get(name)
        if param is None:
            raise ParamError(f"{rule.id} has no parameter '{name}'{suggest(name, rule.declared)}")
        try:
            values[name] = read_param(param, value)
        except ParamError as error:
            raise ParamError(f"{rule.id}: {error}") from None
    kept = {name: as_json(values[name]) for name in rule.keep_params}
    return msgspec.structs.replace(rule, params=values, keep_params=kept)


def declare_param(name: str, document: Mapping[str, Any]) -> Param:
    """Read the declaration of a parameter, whose default must keep to it. Raises `ParamError`."""
    kind = document["type"]
    item = kind.removeprefix("list(").removesuffix(")")
    bounds = {
        key: read_typed(key, item, document[key]) for key in ("min", "max") if key in document
    }
    param = Param(
        name=name,
        type=kind,
        default=None,
        help=document.get("help", ""),
        values=tuple(read_typed("values", item, each) for each in document.get("values", ())),
        **bounds,
    )
    return msgspec.structs.replace(param, default=read_param(param, document["default"]))


def read_param(param: Param, value: Any) -> Any:
    """Give the value of `param` that a document's `value` stands for. Raises `ParamError`."""
    typed = read_typed(param.name, param.type, value)
    items = typed if isinstance(typed, list) else [typed]
    for item in items:
        if param.values and item not in param.values:
            known = ", ".join(str(known) for known in param.values)
            raise ParamError(f"{param.name}: {as_json(item)!r} is not one of {known}")
        if param.min is not None and item < param.min:
            raise ParamError(f"{param.name}: {as_json(item)} is below {as_json(param.min)}")
        if param.max is not None and item > param.max:
            raise ParamError(f"{param.name}: {as_json(item)} is above {as_json(param.max)}")
    return typed


def read_typed(name: str, kind: str, value: Any) -> Any:
    """Read a document's value as `kind`: a duration is written `90d`, everything else as itself."""
    try:
        return _READERS[kind](value)
    except ValueError:
        raise ParamError(f"{name}: {value!r} is not {_ARTICLES[kind]}") from None


def params_of(rule: Rule) -> dict[str, Any]:
    """Give the values in force of all parameters of a rule, as they are written in documents."""
    return {name: as_json(value) for name, value in rule.params.items()}


def as_json(value: Any) -> Any:
    """Give a value as it is written in documents and kept with findings: a duration as text."""
    if not isinstance(value, timedelta):
        return value
    return to_text(value)


def suggest(word: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    """`, did you mean 'x'?`, or nothing when no known word is near."""
    near = get_close_matches(word, list(known), n=1)
    return f", did you mean '{near[0]}'?" if near else ""


def _int(value: Any) -> int:
    if type(value) is not int:
        raise ValueError
    return value


def _double(value: Any) -> float:
    if type(value) not in {int, float}:
        raise ValueError
    return float(value)


def _bool(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004 - one kind of error for every reader
    return value


def _duration(value: Any) -> timedelta:
    return parse_duration(_string(value))


def _list(read: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    def read_list(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValueError  # noqa: TRY004 - one kind of error for every reader
        return [read(item) for item in value]

    return read_list


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "int": _int,
    "double": _double,
    "bool": _bool,
    "string": _string,
    "duration": _duration,
    "list(string)": _list(_string),
    "list(int)": _list(_int),
}

_ARTICLES = {
    "int": "an int",
    "double": "a number",
    "bool": "true or false",
    "string": "a string",
    "duration": "a duration such as 15m, 1h or 7d",
    "list(string)": "a list of strings",
    "list(int)": "a list of ints",
}
