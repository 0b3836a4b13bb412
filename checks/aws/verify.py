"""Finds what a check says of AWS that AWS does not have, in the SDK's models. Offline.

Operations and services, parameters (names, types, those required), selected members, the members
that templates, joins, batches and declarations name, pages, and regions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from botocore.validate import ParamValidator

from checks.aws.schema import call_schema, listing_schema, schema_of
from checks.aws.shapes import (
    UnknownCallError,
    answer_schema,
    operation_model,
    regions_of,
    schema_of_shape,
)
from checks.aws.walk import WalkError, items, meant, member, schema_of_query
from checks.model import Call, Check, Scope
from checks.template import NAMES, places

Schema = dict[str, Any]


def problems(check: Check, checks: Mapping[str, Check]) -> list[str]:
    """Everything that is wrong with `check`, each as one line; none when it can be right."""
    found = [f"{check.name}: {line}" for line in _of_calls(check)]
    if found:
        return found
    try:
        whole = schema_of(check, checks)
        row = listing_schema(check, checks)
        parent = listing_schema(checks[check.parent], checks) if check.parent else None
    except (WalkError, UnknownCallError) as error:
        return [f"{check.name}: {error}"]
    lines = [
        *_of_templates(check, row, parent),
        *_of_members(check, whole, row),
        *_of_joins(check, checks, row),
        *_of_params(check, row, parent),
    ]
    return [f"{check.name}: {line}" for line in lines]


def _of_calls(check: Check) -> Iterator[str]:
    for call in check.calls(frozenset(facet.name for facet in check.facets)):
        try:
            call_schema(call)
        except (WalkError, UnknownCallError) as error:
            yield f"{call.name}: {error}"
            continue
        if not call.needs:
            yield f"{call.name}: 'needs' is missing"
        yield from _of_absences(call)
        if check.scope is Scope.REGION and not regions_of(call.service):
            yield f"{call.name}: the service has no regions, but the check is of a region"
    if check.before:
        answer = answer_schema(check.before.call.service, check.before.call.operation)
        for name in check.before.until:
            yield from _told("before.until", member, answer, name)
    if check.list and check.observed_at:
        answer = answer_schema(check.list.service, check.list.operation)
        yield from _told("observed_at", schema_of_query, check.observed_at, answer)


def _of_absences(call: Call) -> Iterator[str]:
    """An error code that is almost one of the operation's is taken for a slip."""
    shapes: list[Any] = operation_model(call.service, call.operation).error_shapes
    codes = {str(shape.error_code or shape.name) for shape in shapes} | {s.name for s in shapes}
    for declared in call.absent:
        code = declared.partition(": ")[0]
        close = get_close_matches(code, sorted(codes), n=1, cutoff=0.85)
        if code not in codes and close:
            yield f"{call.name}: no error '{code}'; did you mean '{close[0]}'?"


def _of_templates(check: Check, row: Schema, parent: Schema | None) -> Iterator[str]:
    for text in (check.id, check.label):
        for path in places(text):
            yield from _told(text, _of_place, path, row, parent)


def _of_members(check: Check, whole: Schema, row: Schema) -> Iterator[str]:
    declared = {
        "optional": check.optional,
        "volatile": check.volatile,
        "redact": check.redact,
        "defaults": tuple(check.defaults),
    }
    for key, paths in declared.items():
        for path in paths:
            yield from _told(f"{key}: {path}", _reach, whole, path)
    if check.region:
        yield from _told("region", _reach, row, check.region)
    if check.where:
        names = {"_region": {"type": "string"}, "_account": {"type": "string"}}
        given = {**row, "properties": {**row.get("properties", {}), **names}}
        yield from _told("where", schema_of_query, check.where, given)
    if check.batch:
        described = items(call_schema(check.batch))
        yield from _told("batch.key", _reach, described, check.batch_key)


def _of_joins(check: Check, checks: Mapping[str, Check], row: Schema) -> Iterator[str]:
    for join in check.joins:
        other = listing_schema(checks[join.check], checks)
        for key, query, schema in (("local", join.local, row), ("foreign", join.foreign, other)):
            yield from _told(f"{join.name}.{key}", schema_of_query, query, schema)


def _of_params(check: Check, row: Schema, parent: Schema | None) -> Iterator[str]:
    for call in check.calls(frozenset(facet.name for facet in check.facets)):
        of_facet = any(call is facet.call for facet in check.facets)
        values = row if of_facet else {"type": "object", "properties": {}}
        given = dict(call.params)
        shape = operation_model(call.service, call.operation).input_shape
        if check.batch is call:
            yield from _of_batch_param(check, call, shape)
            given[check.batch_param] = ["sample"]
        if shape is None:
            if given:
                yield f"{call.name}: takes no parameters"
            continue
        yield from _of_given(call, shape, given, values, parent)


def _of_batch_param(check: Check, call: Call, shape: Any) -> Iterator[str]:
    known = shape.members.get(check.batch_param) if shape else None
    if known is None or known.type_name != "list":
        yield f"{call.name}: '{check.batch_param}' is not a list of keys"


def _of_given(
    call: Call, shape: Any, given: Mapping[str, Any], row: Schema, parent: Schema | None
) -> Iterator[str]:
    """Validate as the SDK will, with a sample of the right type in the place of each template."""
    try:
        sample = {
            name: _sample(value, shape.members.get(name), row, parent)
            for name, value in given.items()
        }
    except WalkError as error:
        yield f"{call.name}: {error}"
        return
    for name in given:
        if name not in shape.members:
            yield f"{call.name}: no parameter '{name}'{meant(name, shape.members)}"
    report = ParamValidator().validate(
        {name: value for name, value in sample.items() if name in shape.members}, shape
    )
    if report.has_errors():
        yield f"{call.name}: {' '.join(report.generate_report().split())}"


def _sample(value: Any, shape: Any, row: Schema, parent: Schema | None) -> Any:
    if isinstance(value, Mapping):
        members = getattr(shape, "members", {})
        return {k: _sample(v, members.get(k), row, parent) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_sample(v, getattr(shape, "member", None), row, parent) for v in value]
    if not isinstance(value, str):
        return value
    named = list(places(value))
    schemas = [_of_place(path, row, parent) for path in named]
    if not named:
        _known_literal(value, shape)
        return value
    if value != f"{{{named[0]}}}" or shape is None:
        return "sample" * 8
    wanted = schema_of_shape(shape)
    if schemas[0].get("type") not in {wanted.get("type"), None}:
        raise WalkError(f"'{value}' is a {schemas[0]['type']}, not a {wanted.get('type')}")
    return _SAMPLES.get(str(wanted.get("type")), "sample" * 8)


def _known_literal(value: str, shape: Any) -> None:
    known = getattr(shape, "enum", None)
    if known and value not in known:
        raise WalkError(f"'{value}' is not a value of {shape.name}{meant(value, known)}")


def _of_place(path: str, row: Schema, parent: Schema | None) -> Schema:
    """The schema of what a place of a template names. Raises `WalkError`."""
    head, _, rest = path.partition(".")
    if head in NAMES:
        return {"type": "string"}
    if head == "parent" and parent is not None:
        return _reach(parent, rest)
    return _reach(row, path)


def _reach(schema: Schema, path: str) -> Schema:
    for step in path.replace("[]", "").split("."):
        while schema.get("type") == "array":
            schema = items(schema)
        schema = member(schema, step)
    return schema


def _told(what: str, look: Callable[..., object], *given: Any) -> Iterator[str]:
    try:
        look(*given)
    except WalkError as error:
        yield f"{what}: {error}"


_SAMPLES: Mapping[str, Any] = {"integer": 1, "boolean": True, "number": 1.0, "array": []}
