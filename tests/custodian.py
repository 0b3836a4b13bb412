"""Says in our rule language what Cloud Custodian's `value` filters ask.

cloudcustodian.io/docs/filters.html. Only what is a question about a member of the listing: a path
of names, compared with a literal. Everything else is refused with `Unstated`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any


class Unstated(Exception):  # noqa: N818 - an answer, not an error of ours
    """The filter asks more than our restating says; the message says what."""


def restate(filters: Sequence[Any], root: str, tags: str) -> str:
    """All of `filters` as one expression about `root`; `tags` is the member that holds tags.

    Raises `Unstated`.
    """
    return " && ".join(_one(each, root, tags) for each in filters) or "true"


def _one(given: Any, root: str, tags: str) -> str:
    if not isinstance(given, Mapping):
        raise Unstated(f"the filter {given!r}")
    if "or" in given:
        return "(" + " || ".join(_one(each, root, tags) for each in given["or"]) + ")"
    if "and" in given:
        return "(" + restate(given["and"], root, tags) + ")"
    if "not" in given:
        return "!(" + restate(given["not"], root, tags) + ")"
    if "type" not in given:
        ((key, value),) = given.items()
        return _compared(_path(key, root, tags), "eq", value, "")
    if given["type"] != "value":
        raise Unstated(f"the filter {given['type']}")
    if extra := set(given) - {"type", "key", "op", "value", "value_type"}:
        raise Unstated(f"the key {min(extra)}")
    member = _path(given["key"], root, tags)
    return _compared(member, given.get("op", "eq"), given["value"], given.get("value_type", ""))


def _path(key: str, root: str, tags: str) -> str:
    """The member as an optional value: `resource.?properties.?enabled`."""
    if key.startswith("tag:"):
        return f"{root}.?{tags}[?{json.dumps(key[4:])}]"
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", key):
        raise Unstated("a path that is more than names")
    return root + "".join(f".?{name}" for name in key.split("."))


def _compared(member: str, op: str, value: Any, kind: str) -> str:
    if value in ("absent", "present", "not-null", "empty"):
        return _there(member, value)
    if kind == "swap" and op in {"in", "ni"}:
        said = f"({member}.hasValue() && {json.dumps(value)} in {member}.value())"
        return said if op == "in" else f"!{said}"
    if kind not in {"", "normalize"}:
        raise Unstated(f"values as {kind}")
    text = f"lower(string({member}.value()))" if kind else f"string({member}.value())"
    told = text if kind else f"{member}.value()"
    given = _lower(value) if kind else value
    if op in {"eq", "equal"}:
        return _equal(member, told, given)
    if op in {"ne", "not-equal"}:
        return f"!{_equal(member, told, given)}"
    if op not in _OPERATORS:
        raise Unstated(f"the comparison {op}")
    literal = json.dumps(f"(?i)^(?:{value})" if op == "regex" else given)
    said = _OPERATORS[op].format(text=text, value=f"{member}.value()", literal=literal)
    return f"({member}.hasValue() && {said})"


_OPERATORS = {
    "in": "{text} in {literal}",
    "glob": "glob({literal}, {text})",
    "regex": "{text}.matches({literal})",
    "contains": "{text}.contains({literal})",  # all that were recorded ask it of a text
    "gt": "{value} > {literal}",
    "greater-than": "{value} > {literal}",
}


def _there(member: str, value: str) -> str:
    if value == "absent":
        return f"!{member}.hasValue()"
    if value == "present":
        return f"{member}.hasValue()"
    nothing = f"({member}.orValue('') in ['', 0, false, [], {{}}])"
    return nothing if value == "empty" else f"!{nothing}"


def _equal(member: str, told: str, value: Any) -> str:
    if not isinstance(value, str | bool | int | float):
        raise Unstated("a value that is no literal")
    return f"({member}.hasValue() && {told} == {json.dumps(value)})"


def _lower(value: Any) -> Any:
    if isinstance(value, list):
        return [_lower(each) for each in value]
    return value.strip().lower() if isinstance(value, str) else value
