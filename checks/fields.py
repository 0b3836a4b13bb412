"""What the resources of a check look like where no model of the provider's says it: as declared.

A check declares each member that a rule may read, by path, in words:

    properties.minimumTlsVersion: "string? TLS1_0 TLS1_1 TLS1_2"    may be absent; known values
    properties.securityRules[].name: string                          in each element of a list
    properties.encryption: object?                                   the part itself may be absent
    tags: map?                                                       any members, of text

The kinds are `string`, `bool`, `int`, `number`, `time`, `object`, `map` and `any`, a list of one
of them in brackets (`[string]`). Parts on the way to a member need no line of their own, unless
they may be absent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy

from checks.model import Check
from checks.schema import (
    ANY,
    BOOLEAN,
    INTEGER,
    NUMBER,
    STRING,
    TIME,
    Schema,
    array,
    mapping,
    record,
)

KINDS: Mapping[str, Schema] = {
    "string": STRING,
    "bool": BOOLEAN,
    "int": INTEGER,
    "number": NUMBER,
    "time": TIME,
    "object": record({}),
    "map": mapping(STRING),
    "any": ANY,
}

_DECLARED = re.compile(r"(\[)?([a-z]+)(?(1)\])(\?)?((?: +\S+)*)\Z")


class FieldError(ValueError):
    """A declaration is not understood."""


def read_field(declared: str) -> tuple[Schema, bool]:
    """The schema that a declaration gives, and whether it may be absent. Raises `FieldError`."""
    found = _DECLARED.match(declared)
    if not found or found[2] not in KINDS:
        raise FieldError(f"'{declared}' is not one of {', '.join(KINDS)}, such as 'string?'")
    schema = deepcopy(KINDS[found[2]])
    known = found[4].split()
    if known and schema not in (STRING, INTEGER):
        raise FieldError(f"'{declared}': only string and int have known values")
    if known:
        schema["x-known-values"] = known if schema == STRING else [int(word) for word in known]
    return (array(schema) if found[1] else schema), bool(found[3])


def declared_schema(check: Check, others: Mapping[str, Check]) -> Schema:
    """The JSON Schema of `check`'s attributes with all facets and joins."""
    schema = _listing(check, facets=True)
    for join in check.joins:
        rows = listing_schema(others[join.check], others)
        schema["properties"][join.name] = array(rows) if join.many else rows
        _require(schema, join.name, wanted=join.many)
    return {"title": check.name, "description": check.doc, **schema}


def listing_schema(check: Check, others: Mapping[str, Check]) -> Schema:
    """The schema of what the listing alone gives, as it is seen where the check is joined."""
    if check.fields:
        return _listing(check, facets=False)
    from checks.aws.schema import listing_schema as modelled  # noqa: PLC0415 - the SDK's models

    return modelled(check, others)


def _listing(check: Check, *, facets: bool) -> Schema:
    apart = {facet.name for facet in check.facets}
    schema = record({})
    for path, declared in sorted(check.fields.items()):
        if facets or path.partition(".")[0].replace("[]", "") not in apart:
            _place(schema, path, declared)
    for path in check.defaults:
        _always(schema, path.replace("[]", "").split("."))
    for facet in check.facets if facets else ():
        schema["properties"].setdefault(facet.name, dict(ANY))
        _require(schema, facet.name, wanted=not facet.optional)
    return schema


def _place(schema: Schema, path: str, declared: str) -> None:
    """Put the member that `path` names into `schema`, making the parts on the way."""
    wanted, optional = read_field(declared)
    *above, last = path.split(".")
    holder = schema
    for step in above:
        holder = _part(holder, step)
    name = last.replace("[]", "")
    for _ in range(last.count("[]")):
        wanted = array(wanted)
    holder["properties"][name] = wanted
    _require(holder, name, wanted=not optional)


def _part(holder: Schema, step: str) -> Schema:
    """The object inside `holder` that `step` leads to; in a list, that of its elements."""
    name = step.replace("[]", "")
    if name not in holder["properties"]:
        made = record({})
        for _ in range(step.count("[]")):
            made = array(made)
        holder["properties"][name] = made
        _require(holder, name, wanted=True)
    found: Schema = holder["properties"][name]
    while found.get("type") == "array":
        found = found["items"]
    return found


def _always(schema: Schema, steps: list[str]) -> None:
    """A member with a default is there whenever what holds it is."""
    for step in steps[:-1]:
        schema = _part(schema, step)
    if steps[-1] in schema["properties"]:
        _require(schema, steps[-1], wanted=True)


def _require(holder: Schema, name: str, *, wanted: bool) -> None:
    others = [one for one in holder["required"] if one != name]
    holder["required"] = [*others, name] if wanted else others
