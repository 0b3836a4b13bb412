"""The Admin SDK: people and their second factors, by requests that Google's own library signs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession

from checks.gcp.access import Access
from checks.gcp.credentials import directory_credentials_of
from checks.gcp.errors import from_answer, from_auth_error, one_line
from checks.gcp.transport import guard_session
from checks.httpdate import from_http_date
from checks.model import Answer, CallError, Cause

CONNECT, READ = 5.0, 60.0
"""Seconds."""
REFUSED = 400


class Directory:
    """The directory of one Workspace customer."""

    def __init__(self, access: Access) -> None:
        """Make the session; nothing is asked. Raises `CallError` without a credential."""
        self._base = access.admin_endpoint
        self._session = AuthorizedSession(directory_credentials_of(access))  # type: ignore[no-untyped-call] # it has no types
        guard_session(self._session, access)

    def get(self, path: str, params: Mapping[str, Any], after: Any = None) -> Answer:
        """Read one page. Raises `CallError`."""
        query = {**params, **({"pageToken": after} if after else {})}
        try:
            reply = self._session.get(
                f"{self._base}/{path}", params=query, timeout=(CONNECT, READ), allow_redirects=False
            )
        except GoogleAuthError as error:
            raise from_auth_error(error) from error
        except requests.RequestException as error:
            hopeless = isinstance(error, requests.exceptions.SSLError)
            cause = Cause.INVALID if hopeless else Cause.TRANSIENT
            raise CallError(cause, type(error).__name__, one_line(error)) from error
        headers = {name.lower(): value for name, value in reply.headers.items()}
        if reply.status_code >= REFUSED:
            raise from_answer(reply.status_code, headers, reply.content)
        data = _object(reply.status_code, reply.content)
        return Answer(
            data=data,
            next=data.get("nextPageToken") or None,
            request_id=str(data.get("etag", "")).strip('"'),
            date=from_http_date(headers.get("date", "")),
            status=reply.status_code,
        )


def _object(status: int, body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except ValueError as error:
        raise CallError(
            Cause.INVALID, "MalformedAnswer", f"the answer is not JSON: {error}", status=status
        ) from error
    if not isinstance(data, dict):
        raise CallError(
            Cause.INVALID, "MalformedAnswer", "the answer is not an object", status=status
        )
    return data
