"""A pretended AWS on loopback: moto behind a counter that can also misbehave.

The real SDK talks to it over HTTP. Every request is counted as (`service:operation`, region); a
`Fault` makes chosen requests fail in one of the ways in which a cloud fails. As a program it
serves until its input ends, so that a benchmark can keep the server's work out of its own:
`python tests/aws_endpoint.py` prints `http://127.0.0.1:PORT`; `GET /counts` answers the counts.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from io import BytesIO
from typing import Any, Self
from urllib.parse import parse_qs, unquote
from urllib.request import Request as HttpRequest
from urllib.request import urlopen

import botocore.loaders
from botocore.model import OperationModel, ServiceModel
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

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

CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
"""What moto takes for an administrator of account 123456789012."""


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


@dataclass
class Fault:
    """What goes wrong with which requests.

    `kind`: `error` (an AWS error document), `drop` (the connection is cut before an answer),
    `cut` (the answer ends in its middle), `garbage` (a page of HTML, as a captive portal gives),
    `empty` (200 and nothing in it), `delay` (the true answer, `seconds` late), `delete` (the S3
    bucket that is asked of is deleted first, and the answer is true).
    """

    call: str = "*"
    """`service:operation`, `service:*` or `*`."""
    kind: str = "error"
    status: int = 403
    code: str = "AccessDenied"
    message: str = "User is not authorized to perform this action"
    region: str = ""
    mentions: str = ""
    skip: int = 0
    """How many matching requests go through first: 1 loses page two."""
    times: int | None = None
    """How many requests it spoils; None: all."""
    seconds: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)
    seen: int = 0

    def strikes(self, sent: Sent) -> bool:
        """Whether this request is spoiled; counts it."""
        named = self.call in {"*", f"{sent.service}:*", sent.name}
        if not named or (self.region and self.region != sent.region):
            return False
        if self.mentions and not sent.mentions(self.mentions):
            return False
        self.seen += 1
        return self.seen > self.skip and (self.times is None or self.seen <= self.skip + self.times)


class Endpoint:
    """The server, what it has seen, and what it does wrong. Use as a context manager."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.faults: list[Fault] = []
        self.keep_sent = True
        self.counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self, threaded=True, request_handler=_Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(timeout=10)
        self._server.server_close()

    def reset(self) -> None:
        """Forget every resource, count and fault."""
        with urlopen(
            HttpRequest(f"{self.url}/moto-api/reset", method="POST"), timeout=30
        ) as answer:
            answer.read()
        self.forget()
        self.faults.clear()

    def forget(self) -> None:
        """Forget what was counted; the resources and faults stay."""
        with self._lock:
            self.sent.clear()
            self.counts.clear()

    def calls(self) -> dict[str, int]:
        """`service:operation` -> requests seen, all regions together."""
        totals: Counter[str] = Counter()
        for (name, _region), count in self.counts.items():
            totals[name] += count
        return dict(totals)

    def calls_in(self, region: str) -> dict[str, int]:
        """`service:operation` -> requests seen in one region."""
        return {name: n for (name, where), n in self.counts.items() if where == region}

    @contextmanager
    def broken(self, call: str = "*", **how: Any) -> Iterator[Fault]:
        """Spoil matching requests for as long as the block lasts."""
        fault = Fault(call=call, **how)
        self.faults.append(fault)
        try:
            yield fault
        finally:
            self.faults.remove(fault)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/counts":
            return _as_json(self.calls(), start_response)
        if environ["PATH_INFO"].startswith("/moto-api"):
            return self._moto(environ, start_response)
        sent = _identify(environ)
        with self._lock:
            self.counts[sent.name, sent.region] += 1
            if self.keep_sent:
                self.sent.append(sent)
            fault = next((fault for fault in self.faults if fault.strikes(sent)), None)
        if fault is None:
            return self._true_answer(sent, environ, start_response)
        return self._misbehave(fault, sent, environ, start_response)

    def _delete_bucket(self, environ: dict[str, Any]) -> None:
        deletion = {**environ, "REQUEST_METHOD": "DELETE", "QUERY_STRING": ""}
        b"".join(self._moto(deletion, lambda *_: None))

    def _true_answer(
        self, sent: Sent, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        try:
            return self._moto(environ, start_response)
        except NotImplementedError as error:
            # moto's word for a call that it does not play. Told to the SDK as a service's answer
            # (501), so that the run has a gap there and not a connection that breaks.
            unknown = Fault(status=501, code="NotImplemented", message=str(error))
            return refuse(unknown, sent, start_response)

    def _misbehave(
        self,
        fault: Fault,
        sent: Sent,
        environ: dict[str, Any],
        start_response: Callable[..., Any],
    ) -> Iterable[bytes]:
        if fault.kind == "delay":
            time.sleep(fault.seconds)
            return self._moto(environ, start_response)
        if fault.kind == "delete":
            self._delete_bucket(environ)
            return self._moto(environ, start_response)
        if fault.kind == "drop":
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError
        if fault.kind == "cut":
            return _cut(self._moto, environ, start_response)
        if fault.kind in {"garbage", "empty"}:
            page = b"<html><body>Sign in to the network</body></html>"
            start_response("200 OK", [("Content-Type", "text/html")])
            return [page if fault.kind == "garbage" else b""]
        return refuse(fault, sent, start_response)


class _Handler(MotoRequestHandler):
    """Keeps connections open, as AWS does, and writes no log."""

    protocol_version = "HTTP/1.1"

    def log(self, *_: object) -> None:
        return

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, ValueError):
            return


def _identify(environ: dict[str, Any]) -> Sent:
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


def _protocol(service: str) -> str:
    try:
        return str(_model(service).metadata["protocol"])
    except botocore.exceptions.UnknownServiceError:
        return "json"


def refuse(fault: Fault, sent: Sent, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """An error document in the service's own protocol."""
    protocol = _protocol(sent.service)
    request_id = "00000000-0000-4000-8000-00000000dead"
    headers = [*fault.headers.items(), ("x-amzn-RequestId", request_id)]
    phrase = HTTPStatus(fault.status).phrase
    if protocol in {"json", "rest-json", "smithy-rpc-v2-cbor"}:
        kind = ("Content-Type", "application/json")
        start_response(
            f"{fault.status} {phrase}", [*headers, kind, ("x-amzn-ErrorType", fault.code)]
        )
        return [json.dumps({"__type": fault.code, "message": fault.message}).encode()]
    error = f"<Code>{fault.code}</Code><Message>{fault.message}</Message>"
    if protocol == "ec2":
        document = (
            f"<Response><Errors><Error>{error}</Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
    elif sent.service == "s3":
        document = f"<Error>{error}<RequestId>{request_id}</RequestId></Error>"
    else:
        document = (
            f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    start_response(f"{fault.status} {phrase}", [*headers, ("Content-Type", "text/xml")])
    return [document.encode()]


def _cut(
    app: Callable[..., Iterable[bytes]], environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    """The true answer promised whole, half of it sent, and the connection closed."""
    head: list[Any] = []
    whole = b"".join(app(environ, lambda *given: head.extend(given)))
    headers = [(k, v) for k, v in head[1] if k.lower() not in {"content-length", "connection"}]
    start_response(
        head[0], [*headers, ("Content-Length", str(len(whole))), ("Connection", "close")]
    )
    return [whole[: len(whole) // 2]]


def _as_json(value: object, start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(value).encode()]


def main() -> None:
    """Serve until the input ends."""
    with Endpoint() as endpoint:
        endpoint.keep_sent = False
        print(endpoint.url, flush=True)  # noqa: T201  # the benchmark reads the address
        sys.stdin.read()


if __name__ == "__main__":
    main()
