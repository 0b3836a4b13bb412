"""Says what the resources of a check look like, as JSON Schema: the words for it, and who knows.

The resources of a check that declares its `fields` look as declared (`checks.fields`); those of
AWS look as the SDK's own models say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.model import Check

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
BOOLEAN: Schema = {"type": "boolean"}
INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
TIME: Schema = {"type": "string", "format": "date-time"}
ANY: Schema = {}


def schema_of(check: Check, others: Mapping[str, Check]) -> Schema:
    """The JSON Schema of `check`'s attributes with all facets and joins."""
    if check.fields:
        from checks.fields import declared_schema  # noqa: PLC0415 - it speaks the words above

        return declared_schema(check, others)
    from checks.aws.schema import schema_of as modelled  # noqa: PLC0415 - loads the SDK's models

    return modelled(check, others)


def record(properties: Mapping[str, Schema], optional: tuple[str, ...] = ()) -> Schema:
    """An object with exactly these members, all of them present but the optional ones."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def array(items: Schema) -> Schema:
    """A list of one kind."""
    return {"type": "array", "items": items}


def mapping(values: Schema) -> Schema:
    """An object with any members of one kind."""
    return {"type": "object", "additionalProperties": values}
