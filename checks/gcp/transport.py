"""The client of Cloud Asset Inventory, over gRPC or REST, behind the read-only guard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
from google.cloud.asset_v1 import AssetServiceClient
from google.cloud.asset_v1.services.asset_service.transports import (
    AssetServiceGrpcTransport,
    AssetServiceRestTransport,
)
from requests import PreparedRequest

from checks.gcp.access import Access, Transport
from checks.gcp.credentials import CLOUD, Renewed
from checks.gcp.trust import Trusting
from checks.model import CallError, Cause

READS = frozenset({"ListAssets", "BatchGetAssetsHistory"})
"""The methods of the service that are ever called."""


def client_of(access: Access, credentials: Renewed) -> AssetServiceClient:
    """Make the client; nothing is asked yet."""
    if access.transport is Transport.REST:
        return AssetServiceClient(transport=_rest(access, credentials))
    return AssetServiceClient(transport=_grpc(access, credentials))


class Guard(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc] # grpc has no types
    """Lets the reads of the service pass. Raises `CallError` for every other method."""

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        """Look at a call that is about to be made."""
        method = details.method.rpartition("/")[2]
        if method not in READS:
            raise _refused(details.method)
        return continuation(details, request)


class ReadsOnly(Trusting):
    """Sends requests that only read, and no other. Raises `CallError` for them."""

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Look at a request that is about to be sent, then send it."""
        if request.method not in {"GET", "HEAD"}:
            raise _refused(f"{request.method} {request.url}")
        return super().send(request, *args, **kwargs)


def _grpc(access: Access, credentials: Renewed) -> AssetServiceGrpcTransport:
    def channel(host: str, **options: Any) -> Any:
        if access.ca_bundle:
            roots = Path(access.ca_bundle).read_bytes()
            options["ssl_credentials"] = grpc.ssl_channel_credentials(root_certificates=roots)
        made = AssetServiceGrpcTransport.create_channel(host, **options)
        return grpc.intercept_channel(made, Guard())

    return AssetServiceGrpcTransport(
        host=access.asset_endpoint,
        credentials=credentials,
        scopes=[CLOUD],
        channel=channel,
        quota_project_id=access.quota_project or None,
    )


def _rest(access: Access, credentials: Renewed) -> AssetServiceRestTransport:
    transport = AssetServiceRestTransport(host=access.asset_endpoint, credentials=credentials)
    guard_session(transport._session, access)  # noqa: SLF001  # the library offers no other way in
    return transport


def guard_session(session: Any, access: Access) -> None:
    """Let a session of requests only read, and trust what we trust."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, ReadsOnly(access.ca_bundle))


def _refused(what: str) -> CallError:
    return CallError(Cause.BLOCKED_WRITE, "BlockedByGuard", f"{what} is not one of our reads")
