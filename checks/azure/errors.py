"""Sorts what Azure and its SDK say went wrong into the causes that all clouds share.

Codes: learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
and /graph/errors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    ServiceRequestError,
    ServiceResponseError,
)

from checks.model import CallError, Cause

NOT_ENABLED = frozenset(
    {
        "disallowedprovider",
        "invalidresourcetype",
        "missingsubscriptionregistration",
        "noregisteredproviderfound",
        "subscriptionnotregistered",
    }
)
NOT_LICENSED = frozenset(
    {
        "authentication_requestfromnonpremiumtenantorb2ctenant",
        "authentication_requestfromunsupporteduserrole",
    }
)
DENIED = frozenset(
    {
        "accessdenied",
        "authorization_requestdenied",
        "authorizationfailed",
        "forbidden",
        "invalidauthenticationtokentenant",
        "linkedauthorizationfailed",
    }
)
THROTTLED = frozenset({"ratelimiting", "subscriptionrequeststhrottled", "toomanyrequests"})

_BY_CODE = (
    (NOT_LICENSED, Cause.NOT_LICENSED),
    (NOT_ENABLED, Cause.NOT_ENABLED),
    (THROTTLED, Cause.THROTTLED),
)

_BY_STATUS = {
    401: Cause.AUTH,
    403: Cause.DENIED,
    404: Cause.NOT_FOUND,
    408: Cause.TRANSIENT,
    409: Cause.TRANSIENT,
    412: Cause.TRANSIENT,
    429: Cause.THROTTLED,
}

_HOPELESS = ("CERTIFICATE_VERIFY_FAILED", "not permitted for non-TLS")
"""Failures of a connection that another try does not cure."""

LICENCE = (
    "the tenant's licence does not include this report: Microsoft Entra ID P1 or P2 does; buy it,"
    " or disable the rules that read it"
)


def from_answer(status: int, headers: Mapping[str, str], body: bytes) -> CallError:
    """What the service answered instead of what was asked, as a cause."""
    code, message = _said(body)
    cause = cause_of(code, status)
    return CallError(
        cause,
        code or str(status),
        f"{message} ({LICENCE})" if cause is Cause.NOT_LICENSED else message,
        request_id=request_id_of(headers),
        retry_after=_seconds(headers),
        status=status,
    )


def cause_of(code: str, status: int) -> Cause:
    """The cause behind an error code; behind the status of HTTP where the code is not known."""
    for codes, cause in _BY_CODE:
        if code.lower() in codes:
            return cause
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if code.lower() in DENIED:
        return Cause.DENIED
    return Cause.TRANSIENT if status >= 500 else Cause.INVALID  # noqa: PLR2004  # HTTP


def from_sdk_error(error: AzureError) -> CallError:
    """What the SDK could not do, as a cause."""
    message = one_line(error)
    behind = _behind(error)
    code = type(behind).__name__
    if isinstance(behind, ClientAuthenticationError):
        return CallError(Cause.AUTH, code, message)
    if isinstance(behind, ServiceRequestError | ServiceResponseError):
        hopeless = any(words in str(error) for words in _HOPELESS)
        return CallError(Cause.INVALID if hopeless else Cause.TRANSIENT, code, message)
    status = getattr(behind, "status_code", None) or 0
    refused = status >= 400  # noqa: PLR2004  # HTTP
    return CallError(cause_of("", status) if refused else Cause.INVALID, code, message)


def _behind(error: AzureError) -> BaseException:
    """What a request for a token died of, where the SDK takes it for a refusal of ours."""
    inner = error.__cause__ or error.__context__
    taken = isinstance(error, ClientAuthenticationError) and isinstance(inner, AzureError)
    return inner if taken and inner is not None else error


def request_id_of(headers: Mapping[str, str]) -> str:
    """The provider's id of a request: Resource Manager and Graph name it differently."""
    for name in ("x-ms-request-id", "request-id", "x-ms-correlation-request-id"):
        if headers.get(name):
            return headers[name]
    return ""


def one_line(words: object) -> str:
    """Words of an error in one line of at most 500 characters."""
    return " ".join(str(words).split())[:500]


def _said(body: bytes) -> tuple[str, str]:
    try:
        error = json.loads(body)["error"]
        return str(error["code"]), one_line(error.get("message") or "(no message)")
    except (ValueError, KeyError, TypeError):
        return "", one_line(body[:200].decode("utf-8", "replace")) or "(no message)"


def _seconds(headers: Mapping[str, str]) -> float | None:
    """`Retry-After`, or what Resource Graph says of its own quota (`hh:mm:ss`), in seconds."""
    after = headers.get("retry-after", "")
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", after):
        return float(after)
    quota = headers.get("x-ms-user-quota-resets-after", "")
    if re.fullmatch(r"[0-9]{2}:[0-9]{2}:[0-9]{2}", quota):
        hours, minutes, seconds = map(int, quota.split(":"))
        return 3600.0 * hours + 60 * minutes + seconds
    return None
