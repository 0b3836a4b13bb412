"""What the pretended AWS answers: moto's word, a refusal in the service's own, half an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from aws_naming import Sent, protocol_of
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

SENT = "assay.sent"
"""Where the environment of a request keeps how it was named."""


def play() -> DomainDispatcherApplication:
    """Moto, which answers 501 `NotImplemented` to each call that it does not play.

    So the run has a gap there, of a service that answers, and not a connection that breaks.
    """
    return DomainDispatcherApplication(_play_service)


def _play_service(service: Any) -> Any:
    """What moto has of a service: None is one of which it has nothing."""
    if service is None:
        return _not_played
    app = create_backend_app(service)
    # What it raises for an operation; Flask takes a WSGI application for an answer.
    app.register_error_handler(NotImplementedError, lambda _: _not_played)
    return app


def _not_played(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    sent: Sent = environ[SENT]
    message = f"moto does not play {sent.name}"
    return refuse(sent.service, start_response, status=501, code="NotImplemented", message=message)


def refuse(
    service: str,
    start_response: Callable[..., Any],
    *,
    status: int,
    code: str,
    message: str,
    headers: Mapping[str, str] | None = None,
) -> Iterable[bytes]:
    """An error document in the service's own protocol."""
    protocol = protocol_of(service)
    request_id = "00000000-0000-4000-8000-00000000dead"
    said = [*(headers or {}).items(), ("x-amzn-RequestId", request_id)]
    phrase = HTTPStatus(status).phrase
    if protocol in {"json", "rest-json", "smithy-rpc-v2-cbor"}:
        kind = ("Content-Type", "application/json")
        start_response(f"{status} {phrase}", [*said, kind, ("x-amzn-ErrorType", code)])
        return [json.dumps({"__type": code, "message": message}).encode()]
    error = f"<Code>{code}</Code><Message>{message}</Message>"
    if protocol == "ec2":
        document = (
            f"<Response><Errors><Error>{error}</Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>"
        )
    elif service == "s3":
        document = f"<Error>{error}<RequestId>{request_id}</RequestId></Error>"
    else:
        document = (
            f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    start_response(f"{status} {phrase}", [*said, ("Content-Type", "text/xml")])
    return [document.encode()]


def cut(
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


def as_json(value: object, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A value as a page."""
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(value).encode()]
