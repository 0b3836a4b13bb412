"""Name a request to the AWS API: which service, which operation, in which region.

The wire does not say it in one place: JSON services send `X-Amz-Target`, query services `Action=`,
CBOR services a path, and REST services only a method, a path and query keys, which are matched
with botocore's own models. Method of the study `peers.md`, section 2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from msgspec import Struct


class Request(Struct, frozen=True, kw_only=True):
    """What the naming needs of an HTTP request."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class Named(Struct, frozen=True, kw_only=True):
    """One call, named."""

    service: str
    """botocore's name of the service (`elbv2`)."""
    operation: str
    region: str
    protocol: str
    """botocore's name of the wire protocol: `query`, `ec2`, `json`, `rest-xml` ..."""

    @property
    def name(self) -> str:
        """`service:operation`."""
        return f"{self.service}:{self.operation}"


def name_call(request: Request) -> Named | None:
    """The call that `request` makes; None when it is not a signed call of the AWS API."""
    scope = re.search(
        r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/", request.headers.get("authorization", "")
    )
    if scope is None:
        return None
    region, signing = scope.group(1), scope.group(2).lower()
    form = _form(request)
    service = _service(signing, request, form)
    operation = _operation(service, request, form)
    if not operation:
        return None
    return Named(
        service=service, operation=operation, region=region, protocol=_protocol(service, request)
    )


# Services whose requests are signed with a name that is not botocore's.
_SIGNED_AS = {
    "elasticloadbalancing": "elb",
    "elasticfilesystem": "efs",
    "monitoring": "cloudwatch",
    "sso": "sso-admin",
    "states": "stepfunctions",
    "email": "ses",
}


def _form(request: Request) -> Mapping[str, list[str]]:
    """The fields of a form, which is how the query and ec2 protocols send their parameters."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return {}
    return parse_qs(request.body.decode())


def _service(signing: str, request: Request, form: Mapping[str, list[str]]) -> str:
    if signing == "s3" and request.path.startswith("/v20180820/"):
        return "s3control"
    if signing == "elasticloadbalancing" and form.get("Version") == ["2015-12-01"]:
        return "elbv2"
    return _SIGNED_AS.get(signing, signing)


def _operation(service: str, request: Request, form: Mapping[str, list[str]]) -> str:
    if target := request.headers.get("x-amz-target"):
        return target.rpartition(".")[2]
    if action := form.get("Action"):
        return action[0]
    if cbor := re.fullmatch(r"/service/[^/]+/operation/([^/]+)", request.path):
        return cbor.group(1)
    keys = set(parse_qs(request.query, keep_blank_values=True))
    for route in _routes(service):
        if (
            route.method == request.method
            and route.keys <= keys
            and route.path.fullmatch(request.path)
        ):
            return route.operation
    return ""


def _protocol(service: str, request: Request) -> str:
    if request.path.startswith("/service/"):
        return "smithy-rpc-v2-cbor"
    if "x-amz-target" in request.headers:
        return "json"
    return str(_model(service).metadata["protocol"])


class _Route(Struct, frozen=True, kw_only=True):
    operation: str
    method: str
    path: re.Pattern[str]
    keys: frozenset[str]
    weight: tuple[int, int, bool]
    """Query keys, literal characters, not deprecated: the most specific is tried first."""


@cache
def _routes(service: str) -> tuple[_Route, ...]:
    model = _model(service)
    routes = (_route(model.operation_model(name)) for name in model.operation_names)
    return tuple(sorted(routes, key=lambda route: route.weight, reverse=True))


def _route(operation: OperationModel) -> _Route:
    http: Mapping[str, Any] = operation.http
    path, _, query = str(http["requestUri"]).partition("?")
    keys = frozenset(part.partition("=")[0] for part in query.split("&") if part)
    literal = re.sub(r"\{[^}]+\}", "", path)
    pieces = re.split(r"(\{[^}]+\})", path.rstrip("/"))
    pattern = "".join(_piece(piece) for piece in pieces)
    return _Route(
        operation=operation.name,
        method=str(http["method"]),
        path=re.compile(pattern + "/?"),
        keys=keys,
        weight=(len(keys), len(literal), not operation.deprecated),
    )


def _piece(piece: str) -> str:
    if not piece.startswith("{"):
        return re.escape(piece)
    return ".+" if piece.endswith("+}") else "[^/]+"


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)
