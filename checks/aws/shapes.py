"""Reads the SDK's own models of AWS, offline: what an operation takes and what it answers."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import botocore.session
from botocore.exceptions import DataNotFoundError
from botocore.model import OperationModel, ServiceModel

from checks.aws.models import Files, new_loader
from checks.schema import ANY, Schema, array, mapping, record

DEEPEST = 12
"""Levels of nesting that are described; what lies deeper (recursive shapes) is `any`."""


class UnknownCallError(Exception):
    """The SDK knows no such service or operation."""


@lru_cache(maxsize=1)
def service_model(service: str) -> ServiceModel:
    """The model of a service. Raises `UnknownCallError`.

    Only the last one is kept, and the loader, which keeps all, is not: the models of forty services
    are 70 MB that an agent would carry for ever, and what is asked comes service by service.
    """
    # Not `load_service_model`, which looks into the folders of all four hundred services each time.
    # The extras that it adds are members that the SDK makes up for itself (SourceRegion of a copy).
    loader = new_loader(Files())
    try:
        version = loader.determine_latest_version(service, "service-2")
        loaded = loader.load_data(f"{service}/{version}/service-2")
    except DataNotFoundError as error:
        raise UnknownCallError(f"the SDK knows no service '{service}'") from error
    return ServiceModel(loaded, service)


def operation_model(service: str, operation: str) -> OperationModel:
    """The model of an operation. Raises `UnknownCallError`."""
    model = service_model(service)
    if operation not in model.operation_names:
        raise UnknownCallError(f"{service} has no operation '{operation}'")
    return model.operation_model(operation)


@lru_cache(maxsize=8)
def answer_schema(service: str, operation: str) -> Schema:
    """The schema of an operation's answer. Raises `UnknownCallError`."""
    shape = operation_model(service, operation).output_shape
    return schema_of_shape(shape) if shape is not None else record({})


def schema_of_shape(shape: Any, above: tuple[str, ...] = ()) -> Schema:
    """A shape as JSON Schema of its canonical values: every member of a structure is required."""
    if shape.name in above or len(above) > DEEPEST or getattr(shape, "is_document_type", False):
        return dict(ANY)
    if shape.type_name == "structure":
        inside = (*above, shape.name)
        members = {name: schema_of_shape(member, inside) for name, member in shape.members.items()}
        return record(members)
    if shape.type_name == "list":
        return array(schema_of_shape(shape.member, above))
    if shape.type_name == "map":
        return _map(shape, above)
    return _scalar(shape)


def _map(shape: Any, above: tuple[str, ...]) -> Schema:
    """A map; where its keys are an enumeration, they are its known members."""
    values = schema_of_shape(shape.value, above)
    keys = getattr(shape.key, "enum", None)
    known = [key for key in keys or () if key != "All"]
    return (
        {**mapping(values), "properties": dict.fromkeys(known, values)}
        if known
        else (mapping(values))
    )


def _scalar(shape: Any) -> Schema:
    schema = dict(_SCALARS.get(shape.type_name, ANY))
    enum = getattr(shape, "enum", None)
    if enum:
        schema["x-known-values"] = list(enum)
    return schema


@lru_cache(maxsize=1)
def _session() -> botocore.session.Session:
    return botocore.session.Session()


def regions_of(service: str) -> tuple[str, ...]:
    """The regions of the `aws` partition that have the service; none for a global one."""
    return tuple(_session().get_available_regions(service))


_SCALARS: dict[str, Schema] = {
    "string": {"type": "string"},
    "character": {"type": "string"},
    "blob": {"type": "string"},
    "integer": {"type": "integer"},
    "long": {"type": "integer"},
    "short": {"type": "integer"},
    "float": {"type": "number"},
    "double": {"type": "number"},
    "bigdecimal": {"type": "number"},
    "biginteger": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "timestamp": {"type": "string", "format": "date-time"},
}
