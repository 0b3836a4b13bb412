"""Sorts what Google and its libraries say went wrong into the causes that all clouds share.

Reasons: google/api/error_reason.proto, cloud.google.com/apis/design/errors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from google.api_core import exceptions as api
from google.auth import exceptions as auth

from checks.model import CallError, Cause

NOT_ENABLED = frozenset(
    {
        "API_DISABLED",
        "BILLING_DISABLED",
        "CONSUMER_INVALID",
        "SERVICE_DISABLED",
        "accessNotConfigured",
    }
)
THROTTLED = frozenset(
    {
        "RATE_LIMIT_EXCEEDED",
        "RESOURCE_EXHAUSTED",
        "USER_PROJECT_RATE",
        "quotaExceeded",
        "rateLimitExceeded",
        "userRateLimitExceeded",
    }
)

_KINDS: tuple[tuple[tuple[type[Exception], ...], Cause], ...] = (
    # Over gRPC the second is raised, over REST the first, which it is a kind of.
    ((api.TooManyRequests, api.ResourceExhausted), Cause.THROTTLED),
    ((api.Unauthorized,), Cause.AUTH),
    ((api.Forbidden,), Cause.DENIED),
    ((api.NotFound,), Cause.NOT_FOUND),
    (
        (api.ServiceUnavailable, api.GatewayTimeout, api.InternalServerError, api.Aborted),
        Cause.TRANSIENT,
    ),
    ((api.RetryError,), Cause.TRANSIENT),
)

_BY_STATUS = {
    401: Cause.AUTH,
    403: Cause.DENIED,
    404: Cause.NOT_FOUND,
    408: Cause.TRANSIENT,
    429: Cause.THROTTLED,
}

_HOPELESS = "CERTIFICATE_VERIFY_FAILED"


def from_api_error(error: api.GoogleAPIError) -> CallError:
    """What the service answered instead of what was asked, as a cause."""
    reason = str(getattr(error, "reason", None) or "")
    message = one_line(getattr(error, "message", "") or error)
    status = int(getattr(error, "code", None) or 0)
    cause = next((cause for kinds, cause in _KINDS if isinstance(error, kinds)), Cause.INVALID)
    if reason in NOT_ENABLED:
        cause = Cause.NOT_ENABLED
    elif reason in THROTTLED:
        cause = Cause.THROTTLED
    if _HOPELESS in message:
        cause = Cause.INVALID
    metadata: Mapping[str, str] = getattr(error, "metadata", None) or {}
    needs = metadata.get("permission", "")
    return CallError(
        cause,
        reason or type(error).__name__,
        message,
        status=status,
        needs=(needs,) if needs else (),
    )


def from_auth_error(error: auth.GoogleAuthError) -> CallError:
    """What the library could not do to prove who we are, as a cause."""
    message = one_line(error)
    if isinstance(error, auth.TransportError):
        cause = Cause.INVALID if _HOPELESS in message else Cause.TRANSIENT
        return CallError(cause, "TokenEndpoint", message)
    if isinstance(error, auth.RefreshError) and error.retryable:
        return CallError(Cause.TRANSIENT, "TokenEndpoint", message)
    return CallError(Cause.AUTH, type(error).__name__, message)


def from_answer(status: int, headers: Mapping[str, str], body: bytes) -> CallError:
    """What a REST API answered instead of what was asked, as a cause."""
    reason, message = _said(body)
    cause = _BY_STATUS.get(status, Cause.TRANSIENT if status >= 500 else Cause.INVALID)  # noqa: PLR2004  # HTTP
    if reason in NOT_ENABLED:
        cause = Cause.NOT_ENABLED
    elif reason in THROTTLED:
        cause = Cause.THROTTLED
    after = headers.get("retry-after", "")
    return CallError(
        cause,
        reason or str(status),
        message,
        status=status,
        retry_after=float(after) if re.fullmatch(r"[0-9]{1,6}", after) else None,
    )


def one_line(words: object) -> str:
    """Words of an error in one line of at most 500 characters."""
    return " ".join(str(words).split())[:500]


def _said(body: bytes) -> tuple[str, str]:
    try:
        error = json.loads(body)["error"]
        details = [one.get("reason", "") for one in error.get("details", [])]
        reasons = [one.get("reason", "") for one in error.get("errors", [])]
        reason = next(filter(None, [*details, *reasons]), error.get("status", ""))
        return str(reason), one_line(error.get("message") or "(no message)")
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", one_line(body[:200].decode("utf-8", "replace")) or "(no message)"
