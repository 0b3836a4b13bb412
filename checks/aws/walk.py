"""Walks JMESPath expressions over schemas instead of values: what would be found, what is not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from checks.aws.documents import TEXTS
from checks.query import parse
from checks.schema import ANY, BOOLEAN, INTEGER, STRING, Schema, array, record


class WalkError(Exception):
    """An expression names a member that a schema does not have, or takes it for what it is not."""


def schema_of_query(expression: str, schema: Schema) -> Schema:
    """The schema of what `expression` finds in a value of `schema`. Raises `WalkError`."""
    return _walk(parse(expression).parsed, schema) if expression else schema


def member(schema: Schema, name: str) -> Schema:
    """The schema of one member. Raises `WalkError`, with what was probably meant."""
    if schema == ANY:
        return dict(ANY)
    if schema.get("type") != "object":
        raise WalkError(f"'{name}' is asked of a {schema.get('type')}")
    properties = schema.get("properties", {})
    if name in properties:
        return dict(properties[name])
    if isinstance(schema.get("additionalProperties"), dict):
        return dict(schema["additionalProperties"])
    raise WalkError(f"there is no member '{name}'{meant(name, properties)}")


def meant(name: str, known: Iterable[str]) -> str:
    """What was probably meant, as the end of a message; AWS spells `Arn` in four ways."""
    folded = {one.lower(): one for one in known}
    close = get_close_matches(name.lower(), list(folded), n=1)
    return f"; did you mean '{folded[close[0]]}'?" if close else ""


def items(schema: Schema) -> Schema:
    """The schema of a list's elements. Raises `WalkError`."""
    if schema == ANY:
        return dict(ANY)
    if schema.get("type") != "array":
        raise WalkError(f"a list is asked of a {schema.get('type')}")
    return dict(schema["items"])


def _walk(node: Mapping[str, Any], schema: Schema) -> Schema:
    kind = node["type"]
    if kind not in _NODES:
        raise WalkError(f"'{kind}' is not understood here")
    return _NODES[kind](node, schema)


def _field(node: Mapping[str, Any], schema: Schema) -> Schema:
    return member(schema, node["value"])


def _chain(node: Mapping[str, Any], schema: Schema) -> Schema:
    for child in node["children"]:
        schema = _walk(child, schema)
    return schema


def _projection(node: Mapping[str, Any], schema: Schema) -> Schema:
    left, right = node["children"][:2]
    return array(_walk(right, items(_walk(left, schema))))


def _value_projection(node: Mapping[str, Any], schema: Schema) -> Schema:
    left, right = node["children"][:2]
    found = _walk(left, schema)
    values = found.get("additionalProperties")
    return array(_walk(right, values if isinstance(values, dict) else dict(ANY)))


def _filter(node: Mapping[str, Any], schema: Schema) -> Schema:
    left, right, condition = node["children"]
    element = items(_walk(left, schema))
    _walk(condition, element)
    return array(_walk(right, element))


def _flatten(node: Mapping[str, Any], schema: Schema) -> Schema:
    inner = _walk(node["children"][0], schema)
    element = items(inner)
    return element if element.get("type") == "array" else inner


def _index(_: Mapping[str, Any], schema: Schema) -> Schema:
    return items(schema)


def _slice(_: Mapping[str, Any], schema: Schema) -> Schema:
    return schema


def _list(node: Mapping[str, Any], schema: Schema) -> Schema:
    found = [_walk(child, schema) for child in node["children"]]
    return array(found[0] if all(one == found[0] for one in found) else dict(ANY))


def _dict(node: Mapping[str, Any], schema: Schema) -> Schema:
    pairs = {child["value"]: _walk(child["children"][0], schema) for child in node["children"]}
    return record(pairs)


def _either(node: Mapping[str, Any], schema: Schema) -> Schema:
    first, second = (_walk(child, schema) for child in node["children"])
    return first if first == second else dict(ANY)


def _boolean(node: Mapping[str, Any], schema: Schema) -> Schema:
    for child in node["children"]:
        _walk(child, schema)
    return dict(BOOLEAN)


def _literal(node: Mapping[str, Any], _: Schema) -> Schema:
    value = node["value"]
    if isinstance(value, bool):
        return dict(BOOLEAN)
    if isinstance(value, int):
        return dict(INTEGER)
    return dict(STRING) if isinstance(value, str) else dict(ANY)


def _function(node: Mapping[str, Any], schema: Schema) -> Schema:
    for child in node["children"]:
        if child["type"] != "expref":
            _walk(child, schema)
    return dict(_RESULTS.get(node["value"], ANY))


_RESULTS: Mapping[str, Schema] = {
    "length": INTEGER,
    "keys": TEXTS,
    "contains": BOOLEAN,
    "starts_with": BOOLEAN,
    "ends_with": BOOLEAN,
    "join": STRING,
    "type": STRING,
    "to_string": STRING,
}

_NODES: Mapping[str, Callable[[Mapping[str, Any], Schema], Schema]] = {
    "field": _field,
    "subexpression": _chain,
    "index_expression": _chain,
    "pipe": _chain,
    "projection": _projection,
    "value_projection": _value_projection,
    "filter_projection": _filter,
    "flatten": _flatten,
    "index": _index,
    "slice": _slice,
    "multi_select_list": _list,
    "multi_select_dict": _dict,
    "or_expression": _either,
    "and_expression": _either,
    "not_expression": _boolean,
    "comparator": _boolean,
    "literal": _literal,
    "function_expression": _function,
    "identity": lambda _, schema: schema,
    "current": lambda _, schema: schema,
}
