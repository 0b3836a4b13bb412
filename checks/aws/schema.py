"""Says what the resources of a check look like: JSON Schema, from the SDK's models and the check.

A member is required unless the check declares it optional, its facet can answer "there is none",
or its join gives one row or none. Values of an enumeration are hints (`x-known-values`): AWS adds
to them. Offline and pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from functools import partial
from typing import Any

from checks.aws.documents import DECODED
from checks.aws.shapes import answer_schema
from checks.aws.walk import WalkError, items, member, schema_of_query
from checks.fields import listing_schema as declared_listing
from checks.model import Call, Check, Scope
from checks.schema import ANY, STRING, Schema, array, mapping, record
from checks.template import places


def schema_of(check: Check, others: Mapping[str, Check]) -> Schema:
    """The JSON Schema of `check`'s attributes with all facets and joins.

    Raises `WalkError` or `UnknownCallError` when the check names what AWS does not have;
    `checks.aws.verify.problems` tells where.
    """
    schema = listing_schema(check, others)
    properties, required = schema["properties"], schema["required"]
    for facet in check.facets:
        properties[facet.name] = call_schema(facet.call)
        if not facet.optional:
            required.append(facet.name)
    for join in check.joins:
        rows = listing_schema(others[join.check], others)
        properties[join.name] = array(rows) if join.many else rows
        if join.many:
            required.append(join.name)
    _declare(check, schema, lambda path: path_head(path) in facet_names(check))
    return {"title": check.name, "description": check.doc, **schema}


def listing_schema(check: Check, others: Mapping[str, Check]) -> Schema:
    """The schema of what the listing alone gives, as it is seen where the check is joined."""
    if check.fields:
        return declared_listing(check, others)  # people of a roster, joined to accounts
    schema = _singleton(check) if check.list is None else _listed(check, others)
    _declare(check, schema, lambda path: path_head(path) not in facet_names(check))
    return schema


def call_schema(call: Call) -> Schema:
    """The schema of the selected and decoded part of a call's answer."""
    found = schema_of_query(call.select, answer_schema(call.service, call.operation))
    return decoded(deepcopy(found), call.decode)


def decoded(schema: Schema, codecs: Mapping[str, str]) -> Schema:
    """`schema` with each member that is decoded replaced by what its codec gives."""
    for path, codec in codecs.items():
        if path == "@":
            schema = deepcopy(DECODED[codec])
        else:
            replace_at(schema, path, partial(_by_codec, codec))
    return schema


def replace_at(schema: Schema, path: str, change: Callable[[Schema], Schema]) -> None:
    """Replace the schema of what `path` names; a list on the way is gone through."""
    *above, last = path.replace("[]", "").split(".")
    for holder in _holders(schema, above):
        known = member(holder, last)
        holder.setdefault("properties", {})[last] = change(known)


def _by_codec(codec: str, _: Schema) -> Schema:
    return deepcopy(DECODED[codec])


def facet_names(check: Check) -> frozenset[str]:
    """Members that do not come with the listing."""
    return frozenset([*(f.name for f in check.facets), *(j.name for j in check.joins)])


def path_head(path: str) -> str:
    """The first member of a path."""
    return path.partition(".")[0].replace("[]", "")


def _singleton(check: Check) -> Schema:
    members = ["AccountId", "Partition", *(["Region"] if check.scope is Scope.REGION else [])]
    return record({name: dict(STRING) for name in members})


def _listed(check: Check, others: Mapping[str, Check]) -> Schema:
    listing = check.list
    assert listing is not None  # noqa: S101  # the only caller has looked
    answer = answer_schema(listing.service, listing.operation)
    whole = {key: codec for key, codec in listing.decode.items() if key == "@"}
    rows = decoded(deepcopy(schema_of_query(listing.select, answer)), whole)
    row = items(rows)
    schema = record({check.item: row}) if check.item else deepcopy(row)
    if schema == ANY or schema.get("type") != "object":
        raise WalkError(f"'{listing.select}' does not list objects")
    schema = decoded(schema, {k: codec for k, codec in listing.decode.items() if k != "@"})
    if check.batch:
        described = items(call_schema(check.batch))
        schema["properties"] |= described["properties"]
        schema["required"] = list(dict.fromkeys([*schema["required"], *described["required"]]))
    for name, template in check.keep.items():
        schema["properties"][name] = _kept(check, template, schema, others)
        schema["required"].append(name)
    return schema


def _kept(check: Check, template: str, row: Schema, others: Mapping[str, Check]) -> Schema:
    """The schema of a member made by a template: of what it names, or text."""
    named = list(places(template))
    if len(named) != 1 or template != f"{{{named[0]}}}":
        return dict(STRING)
    head, _, rest = named[0].partition(".")
    if head == "parent":
        return _at(listing_schema(others[check.parent], others), rest)
    return dict(STRING) if head in {"account", "region", "partition"} else _at(row, named[0])


def _at(schema: Schema, path: str) -> Schema:
    for step in path.split("."):
        schema = member(schema, step)
    return deepcopy(schema)


def _declare(check: Check, schema: Schema, concerned: Callable[[str], bool]) -> None:
    """Apply what the check says of absence and of secrets to the members concerned."""
    for path in filter(concerned, check.optional):
        _require(schema, path, wanted=False)
    for path in filter(concerned, check.defaults):
        _require(schema, path, wanted=True)
    for path in filter(concerned, check.redact):
        replace_at(schema, path, _redacted)


def _require(schema: Schema, path: str, *, wanted: bool) -> None:
    *above, last = path.replace("[]", "").split(".")
    for holder in _holders(schema, above):
        holder.setdefault("properties", {})[last] = member(holder, last)
        required = [name for name in holder.get("required", []) if name != last]
        holder["required"] = [*required, last] if wanted else required


def _holders(schema: Schema, steps: list[str]) -> list[Schema]:
    """The object schemas, inside `schema`, that the members `steps` lead to."""
    while schema.get("type") == "array":
        schema = schema["items"]
    if not steps:
        return [schema] if schema != ANY else []
    known = member(schema, steps[0])
    if schema != ANY:
        properties = schema.setdefault("properties", {})
        known = properties.setdefault(steps[0], known)
    return _holders(known, steps[1:])


def _redacted(schema: Schema) -> Schema:
    """The same structure with text at its leaves."""
    if schema.get("type") == "array":
        return array(_redacted(schema["items"]))
    if schema.get("type") == "object" and "properties" in schema:
        members: dict[str, Any] = {k: _redacted(v) for k, v in schema["properties"].items()}
        return {**schema, "properties": members}
    if schema.get("type") == "object":
        return mapping(_redacted(schema.get("additionalProperties", dict(ANY))))
    return dict(STRING)
