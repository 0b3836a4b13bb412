"""The words in which each AWS wire protocol refuses a call."""

from __future__ import annotations

import json
from enum import StrEnum
from xml.sax.saxutils import escape

from msgspec import Struct

from agent.demo.naming import Named


class Kind(StrEnum):
    """Why the call is refused."""

    DENIED = "denied"
    THROTTLED = "throttled"
    MISSING = "missing"
    """moto does not implement the operation. AWS would answer; as a 4xx no SDK tries it again."""


class Refusal(Struct, frozen=True, kw_only=True):
    """An HTTP answer that refuses a call."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def refuse(call: Named, kind: Kind, request_id: str) -> Refusal:
    """The refusal of `call` as its service words it.

    Codes: https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html,
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html and
    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
    """
    message = _message(call, kind)
    code, status = _code(call, kind)
    if call.protocol == "ec2":
        body = (
            f"<Response><Errors><Error><Code>{code}</Code><Message>{escape(message)}</Message>"
            f"</Error></Errors><RequestID>{request_id}</RequestID></Response>"
        )
        return _xml(status, body, request_id)
    if call.protocol == "query":
        body = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>"
            f"<Message>{escape(message)}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return _xml(status, body, request_id)
    if call.protocol == "rest-xml":
        body = (
            f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>"
            f"<RequestId>{request_id}</RequestId></Error>"
        )
        return _xml(status, body, request_id)
    if call.protocol == "smithy-rpc-v2-cbor":
        return Refusal(
            status=status,
            headers=(
                ("Content-Type", "application/cbor"),
                ("smithy-protocol", "rpc-v2-cbor"),
                ("x-amzn-RequestId", request_id),
            ),
            body=_cbor_map({"__type": code, "message": message}),
        )
    return Refusal(
        status=status,
        headers=(
            ("Content-Type", "application/x-amz-json-1.1"),
            ("x-amzn-ErrorType", code),
            ("x-amzn-RequestId", request_id),
        ),
        body=json.dumps({"__type": code, "message": message}).encode(),
    )


def _message(call: Named, kind: Kind) -> str:
    if kind is Kind.THROTTLED:
        return "Rate exceeded"
    if kind is Kind.MISSING:
        return f"moto, which plays AWS here, does not implement {call.name}"
    return (
        "User: arn:aws:iam::123456789012:user/assay is not authorized to perform: "
        f"{call.name} because no identity-based policy allows the action"
    )


def _code(call: Named, kind: Kind) -> tuple[str, str]:
    if kind is Kind.MISSING:
        return "NotImplemented", "400 Bad Request"
    denied = kind is Kind.DENIED
    if call.protocol == "ec2":
        return (
            ("UnauthorizedOperation", "403 Forbidden")
            if denied
            else ("RequestLimitExceeded", "503 Service Unavailable")
        )
    if call.protocol == "rest-xml":
        return (
            ("AccessDenied", "403 Forbidden") if denied else ("SlowDown", "503 Service Unavailable")
        )
    if call.protocol == "query":
        return ("AccessDenied", "403 Forbidden") if denied else ("Throttling", "400 Bad Request")
    if denied:
        return (
            "AccessDeniedException",
            "403 Forbidden" if "rest" in call.protocol else "400 Bad Request",
        )
    return (
        "ThrottlingException",
        "429 Too Many Requests" if "rest" in call.protocol else "400 Bad Request",
    )


def _xml(status: str, body: str, request_id: str) -> Refusal:
    return Refusal(
        status=status,
        headers=(
            ("Content-Type", "text/xml"),
            ("x-amzn-RequestId", request_id),
            ("x-amz-request-id", request_id),
        ),
        body=b'<?xml version="1.0" encoding="UTF-8"?>\n' + body.encode(),
    )


def _cbor_map(pairs: dict[str, str]) -> bytes:
    """RFC 8949: a definite-length map of text to text."""
    return bytes([0xA0 | len(pairs)]) + b"".join(
        _cbor_text(k) + _cbor_text(v) for k, v in pairs.items()
    )


def _cbor_text(text: str) -> bytes:
    data = text.encode()
    return b"\x79" + len(data).to_bytes(2, "big") + data
