"""The two ways out to one tenant: Resource Manager and Microsoft Graph, by Azure's own SDK.

The pipelines are the SDK's without four of its policies: the one that registers resource
providers (a write), retries (the collector's, with caps and a deadline), redirects (a token must
not follow them) and logging of requests. The read-only guard is the last policy of each.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import requests
from azure.core import PipelineClient
from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import (
    BearerTokenCredentialPolicy,
    HeadersPolicy,
    ProxyPolicy,
    RequestIdPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest
from azure.mgmt.resource.resources import ResourceManagementClient
from msgspec import Struct
from requests.adapters import HTTPAdapter

from checks.azure.access import Access
from checks.azure.credentials import credential_of
from checks.azure.errors import from_answer, from_sdk_error
from checks.azure.guard import ReadOnlyGuard
from checks.model import CallError, Cause

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

CONNECT = 5.0
"""Seconds for a connection to be made."""
READ = 60.0
"""Seconds of silence after which an answer is given up."""
REFUSED = 400
"""From this status on, HTTP says that the request was not answered as asked."""


class Reply(Struct, frozen=True, kw_only=True):
    """A good answer."""

    data: dict[str, Any]
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""


class Wire:
    """The clients of one identity in one tenant; safe to use from several threads."""

    def __init__(self, access: Access, *, threads: int = 16) -> None:
        """Make the clients; nothing is asked. Raises `CallError` without a usable credential."""
        self.access = access
        self._credential: TokenCredential = credential_of(access)
        cloud = access.cloud
        self.base: Mapping[str, str] = {"arm": cloud.arm, "msgraph": cloud.graph}
        self._scopes: Mapping[str, str] = {
            "arm": f"{cloud.arm_audience or cloud.arm}/.default",
            "msgraph": f"{cloud.graph_audience or cloud.graph}/.default",
        }
        arm = ResourceManagementClient(
            self._credential,
            "",  # a subscription is part of each path
            base_url=cloud.arm,
            credential_scopes=[self._scopes["arm"]],
            policies=self._policies("arm"),
            transport=_transport(access, threads),
        )
        graph: PipelineClient[Any, Any] = PipelineClient(
            cloud.graph,
            policies=self._policies("msgraph"),
            transport=_transport(access, threads),
        )
        self._send: Mapping[str, Callable[[HttpRequest], Any]] = {
            "arm": lambda request: arm.send_request(
                request, connection_timeout=CONNECT, read_timeout=READ
            ),
            "msgraph": lambda request: graph.send_request(
                request, connection_timeout=CONNECT, read_timeout=READ
            ),
        }

    def get(self, service: str, url: str, params: Mapping[str, Any]) -> Reply:
        """Read `url`: a path of `service` (`arm`, `msgraph`), or a link that it gave us."""
        return self._ask(service, HttpRequest("GET", self._whole(service, url), params=params))

    def query(self, path: str, api_version: str, body: Mapping[str, Any]) -> Reply:
        """Ask Resource Manager a question that is too long for a URL."""
        request = HttpRequest(
            "POST", self._whole("arm", path), params={"api-version": api_version}, json=body
        )
        return self._ask("arm", request)

    def claims(self, service: str) -> Mapping[str, Any]:
        """What our own token for `service` says of us (`oid`, `appid`, `tid`); not verified.

        Empty when the token is not one that can be read. Raises `CallError`.
        """
        try:
            token = self._credential.get_token(self._scopes[service]).token
        except AzureError as error:
            raise from_sdk_error(error) from error
        return _claims(token)

    def _whole(self, service: str, url: str) -> str:
        return url if "://" in url else f"{self.base[service]}/{url.lstrip('/')}"

    def _ask(self, service: str, request: HttpRequest) -> Reply:
        try:
            response = self._send[service](request)
            body = response.read()
        except AzureError as error:
            raise from_sdk_error(error) from error
        headers = {name.lower(): value for name, value in response.headers.items()}
        if response.status_code >= REFUSED:
            raise from_answer(response.status_code, headers, body)
        return Reply(
            data=_object(response.status_code, body), status=response.status_code, headers=headers
        )

    def _policies(self, service: str) -> list[Any]:
        return [
            RequestIdPolicy(),
            HeadersPolicy(),
            UserAgentPolicy("assay"),
            ProxyPolicy(),
            BearerTokenCredentialPolicy(self._credential, self._scopes[service]),
            ReadOnlyGuard(self.base[service]),
        ]


def _transport(access: Access, threads: int) -> Any:
    session = requests.Session()
    session.mount("https://", HTTPAdapter(pool_connections=1, pool_maxsize=threads))
    return RequestsTransport(
        session=session, session_owner=False, connection_verify=access.ca_bundle or True
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


def _claims(token: str) -> Mapping[str, Any]:
    try:
        middle = token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (IndexError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
