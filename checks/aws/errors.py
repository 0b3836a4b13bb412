"""Sorts what AWS and its SDK say went wrong into the causes that all clouds share.

Codes: docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html, the services' own error
lists, and botocore's throttling codes (`botocore.retries.standard.ThrottledRetryableChecker`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from botocore import exceptions as sdk

from checks.model import CallError, Cause

AUTH = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClientException",
    }
)
DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AllAccessDisabled",
        "AuthorizationError",
        "AuthorizationErrorException",
        "Forbidden",
        "ForbiddenException",
        "KMSAccessDeniedException",
        "NotAuthorizedException",
        "UnauthorizedAccess",
        "UnauthorizedException",
        "UnauthorizedOperation",
        "403",
    }
)
THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
        "429",
    }
)
TRANSIENT = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "InternalServiceError",
        "InternalServiceException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Unavailable",
    }
)
NOT_ENABLED = frozenset(
    {
        "AWSOrganizationsNotInUseException",
        "InvalidAccessException",
        "OptInRequired",
        "SubscriptionRequiredException",
    }
)
NOT_FOUND = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "NoSuchBucket",
        "NoSuchEntity",
        "NoSuchEntityException",
        "NotFound",
        "NotFoundException",
        "QueueDoesNotExist",
        "ResourceNotFoundException",
        "404",
    }
)

_UNSET = re.compile(r"NoSuch\w+|\w*(Configuration|Policy|Controls)NotFound\w*")
"""Codes that say that a part of a resource is not configured, which its check must declare."""
_GONE = re.compile(r"[\w.]*NotFound(Fault|Exception|Error)?")


def from_client_error(error: sdk.ClientError) -> CallError:
    """What the service answered, as a cause."""
    response: Mapping[str, Any] = error.response
    meta = response.get("ResponseMetadata", {})
    code = str(response.get("Error", {}).get("Code", "Unknown"))
    status = int(meta.get("HTTPStatusCode", 0))
    message = _one_line(response.get("Error", {}).get("Message") or "(no message)")
    headers = meta.get("HTTPHeaders", {})
    return CallError(
        cause_of(code, status),
        code,
        message,
        request_id=str(meta.get("RequestId", "")),
        retry_after=_seconds(headers.get("retry-after")),
        status=status,
    )


def cause_of(code: str, status: int) -> Cause:
    """The cause behind an error code; behind the status of HTTP where the code is not known."""
    for codes, cause in _BY_CODE:
        if code in codes:
            return cause
    if _UNSET.fullmatch(code):
        return Cause.NOT_ENABLED
    if _GONE.fullmatch(code):
        return Cause.NOT_FOUND
    return _BY_STATUS.get(status, Cause.TRANSIENT if status >= 500 else Cause.INVALID)  # noqa: PLR2004  # HTTP


def from_sdk_error(error: sdk.BotoCoreError) -> CallError:
    """What the SDK could not do, as a cause."""
    code = type(error).__name__
    message = _one_line(error)
    for kinds, cause in _BY_KIND:
        if isinstance(error, kinds):
            return CallError(cause, code, message)
    return CallError(Cause.INVALID, code, message)


def from_shape_error(error: Exception) -> CallError:
    """An answer that the SDK's parsers cannot read, whatever they raise on it."""
    return CallError(Cause.INVALID, type(error).__name__, f"cannot be read: {_one_line(error)}")


def _one_line(words: object) -> str:
    """Words of an error in one line of at most 500 characters."""
    return " ".join(str(words).split())[:500]


def _seconds(header: str | None) -> float | None:
    """`Retry-After` in seconds; its form as a date is not used by AWS and is passed over."""
    if header is None or not re.fullmatch(r"[0-9]{1,6}(\.[0-9]+)?", header):
        return None
    return float(header)


_BY_CODE = (
    (AUTH, Cause.AUTH),
    (DENIED, Cause.DENIED),
    (THROTTLED, Cause.THROTTLED),
    (TRANSIENT, Cause.TRANSIENT),
    (NOT_ENABLED, Cause.NOT_ENABLED),
    (NOT_FOUND, Cause.NOT_FOUND),
)

_BY_STATUS = {
    401: Cause.AUTH,
    403: Cause.DENIED,
    404: Cause.NOT_FOUND,
    408: Cause.TRANSIENT,
    429: Cause.THROTTLED,
    # The service has no such operation (RFC 9110, 15.6.2), and will have none at the next try;
    # botocore does not try again either (`botocore.retries.standard.TransientRetryableChecker`).
    501: Cause.INVALID,
}

_BY_KIND: tuple[tuple[tuple[type[sdk.BotoCoreError], ...], Cause], ...] = (
    (
        (
            sdk.NoCredentialsError,
            sdk.PartialCredentialsError,
            sdk.CredentialRetrievalError,
            sdk.ProfileNotFound,
            sdk.ConfigNotFound,
            sdk.ConfigParseError,
            sdk.InvalidConfigError,
            sdk.SSOError,
            sdk.TokenRetrievalError,
            sdk.NoAuthTokenError,
            sdk.MetadataRetrievalError,
            sdk.RefreshWithMFAUnsupportedError,
        ),
        Cause.AUTH,
    ),
    (
        (
            sdk.HTTPClientError,
            sdk.ConnectionError,
            sdk.IncompleteReadError,
            sdk.ReadTimeoutError,
        ),
        Cause.TRANSIENT,
    ),
)
