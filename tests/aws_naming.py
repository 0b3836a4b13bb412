"""How a request to the pretended AWS is named: `service:operation`, region, and who asks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, unquote

import botocore.loaders
from botocore.model import OperationModel, ServiceModel

QUERY_VERSIONS = {"2012-06-01": "elb", "2015-12-01": "elbv2"}
"""The API versions by which the two services that sign as `elasticloadbalancing` differ."""

SIGNED_AS = {
    "elasticfilesystem": "efs",
    "monitoring": "cloudwatch",
    "es": "opensearch",
    "states": "stepfunctions",
    "sso": "sso-admin",
    "access-analyzer": "accessanalyzer",
    "elasticmapreduce": "emr",
}
"""Signing name -> the SDK's name, where they differ."""


@dataclass(frozen=True)
class Sent:
    """One request as the server saw it."""

    service: str
    operation: str
    region: str
    path: str
    query: str
    body: str
    account_key: str

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"

    def mentions(self, text: str) -> bool:
        """Whether the path, query or body holds `text` (the name of a bucket, a token)."""
        return text in unquote(self.path) or text in unquote(self.query) or text in self.body


def identify(environ: dict[str, Any]) -> Sent:
    """Name a request; its body can still be read."""
    body = _body(environ)
    scope = re.search(
        r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/", environ.get("HTTP_AUTHORIZATION", "")
    )
    key, region, signed = scope.groups() if scope else ("", "", "unsigned")
    service = SIGNED_AS.get(signed, signed)
    path = environ.get("RAW_URI", environ["PATH_INFO"]).split("?")[0]
    query = environ.get("QUERY_STRING", "")
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    form = parse_qs(
        body if body.startswith(("Action=", "Version=")) or "Action=" in body[:4000] else query
    )
    if target:
        operation = target.rsplit(".", 1)[-1]
    elif "Action" in form:
        operation = form["Action"][0]
        if service == "elasticloadbalancing":
            service = QUERY_VERSIONS[form["Version"][0]]
    else:
        if service == "s3" and path.startswith("/v20180820/"):
            service = "s3control"
        operation = _rest_operation(service, environ["REQUEST_METHOD"], path, query)
    return Sent(service, operation, region, path, query, body, key)


def _body(environ: dict[str, Any]) -> str:
    """Read the body and put it back."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    raw = environ["wsgi.input"].read(length) if length else b""
    environ["wsgi.input"] = BytesIO(raw)
    return raw.decode("utf-8", errors="replace")


def _rest_operation(service: str, method: str, path: str, query: str) -> str:
    """The operation of a REST request: the pattern with most literals among those that fit."""
    given = {part.split("=")[0] for part in query.split("&") if part}
    fitting = [
        (len(flags), literal, name)
        for name, verb, pattern, flags, literal in _rest_patterns(service)
        if verb == method
        and pattern.fullmatch(path)
        and flags <= given
        and name != "ListDirectoryBuckets"  # the same request as ListBuckets, to another host
    ]
    return max(fitting)[2] if fitting else f"{method} {path}"


@cache
def _rest_patterns(service: str) -> list[tuple[str, str, re.Pattern[str], frozenset[str], int]]:
    try:
        model = _model(service)
    except botocore.exceptions.UnknownServiceError:
        return []
    return [_rest_pattern(model.operation_model(name)) for name in model.operation_names]


def _rest_pattern(
    operation: OperationModel,
) -> tuple[str, str, re.Pattern[str], frozenset[str], int]:
    uri, _, flags = operation.http["requestUri"].partition("?")
    pattern = "".join(
        ".+" if part.endswith("+}") else "[^/]+" if part.startswith("{") else re.escape(part)
        for part in re.split(r"(\{[^}]+\})", uri)
    )
    named = frozenset(flag.split("=")[0] for flag in flags.split("&") if flag)
    literal = len(re.sub(r"\{[^}]+\}", "", uri))
    return operation.name, operation.http["method"], re.compile(pattern + "/?"), named, literal


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(botocore.loaders.Loader().load_service_model(service, "service-2"), service)


def protocol_of(service: str) -> str:
    """The wire protocol in which a service answers."""
    try:
        return str(_model(service).metadata["protocol"])
    except botocore.exceptions.UnknownServiceError:
        return "json"
