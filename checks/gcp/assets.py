"""Cloud Asset Inventory: one listing a content type, for all asset types and projects at once.

Every page of a round is asked as of one `read_time`, so that a run sees one moment of all
resources (cloud.google.com/asset-inventory/docs/reference/rest/v1/assets/list).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import requests
from google.api_core.exceptions import GoogleAPIError, Unauthorized
from google.auth.exceptions import GoogleAuthError
from google.cloud import asset_v1
from google.protobuf import json_format

from checks.canonical import rfc3339
from checks.estate import Raw, Row
from checks.gcp.access import Access
from checks.gcp.credentials import account_of, credentials_of
from checks.gcp.errors import from_api_error, from_auth_error, one_line
from checks.gcp.transport import client_of
from checks.model import Answer, CallError, Cause

PAGE = 1000
TIMEOUT = 60.0
"""Seconds for one page."""

PROJECT = "cloudresourcemanager.googleapis.com/Project"
PROJECTS = "projects"
"""The listing of the projects themselves, by which numbers and ids are told apart; one page or two,
read before all else: what is expected and not in it is not visible to us."""

CONTENT = {
    PROJECTS: asset_v1.ContentType.RESOURCE,
    "RESOURCE": asset_v1.ContentType.RESOURCE,
    "IAM_POLICY": asset_v1.ContentType.IAM_POLICY,
    "ORG_POLICY": asset_v1.ContentType.ORG_POLICY,
}
"""Operation of a check's listing -> what is asked of each asset."""

EVERYBODY = ""
"""The owner of rows that every session may read."""


class Assets:
    """Asks for pages of assets, as `checks.estate.Estate` wants them."""

    def __init__(
        self,
        access: Access,
        types: Mapping[str, frozenset[str]],
    ) -> None:
        """`types`: content type -> the asset types that are looked at in it.

        Raises `CallError` without a credential.
        """
        self._credentials = credentials_of(access)
        self.identity = account_of(self._credentials)
        self.client = client_of(access, self._credentials)
        self._parent = access.parent
        self._types = {**types, PROJECTS: frozenset({PROJECT})}
        self._refused: dict[str, frozenset[str]] = {}

    def refused(self, listing: str) -> frozenset[str]:
        """The asset types that the inventory does not take in `listing`; known once it is read."""
        return self._refused.get(listing, frozenset())

    def fetch(self, listing: str, after: Any, at: datetime) -> Raw:
        """One page of `listing` as of `at`. Raises `CallError`.

        One type that the inventory does not know spoils the request for all: it is then looked
        for, by halves, and left out from then on.
        """
        try:
            answer = self._page(listing, self._taken(listing), after, at)
        except CallError as error:
            if after or error.cause is not Cause.INVALID or error.code == "MalformedAnswer":
                raise
            types = sorted(self._taken(listing))
            if self._unknown(listing, types[:1], at) and self._unknown(listing, types[-1:], at):
                raise  # it is not for a type that the request is invalid
            self._refused[listing] = self.refused(listing) | self._unknown(listing, types, at)
            answer = self._page(listing, self._taken(listing), after, at)
        owner = (lambda _: EVERYBODY) if listing == PROJECTS else owner_of
        rows = (json_format.MessageToDict(each._pb) for each in answer.assets)  # noqa: SLF001  # proto-plus
        return Raw(
            rows=tuple(Row(owner(row), row.get("assetType", ""), row) for row in rows),
            answer=Answer(data=None, next=answer.next_page_token or None),
            observed_at=rfc3339(at),
        )

    def _taken(self, listing: str) -> frozenset[str]:
        return self._types[listing] - self.refused(listing)

    def _unknown(self, listing: str, types: list[str], at: datetime) -> frozenset[str]:
        """Those of `types` for which even the smallest request is invalid. Raises `CallError`."""
        try:
            self._page(listing, frozenset(types), None, at, size=1)
        except CallError as error:
            if error.cause is not Cause.INVALID:
                raise
        else:
            return frozenset()
        if len(types) == 1:
            return frozenset(types)
        half = len(types) // 2
        return self._unknown(listing, types[:half], at) | self._unknown(listing, types[half:], at)

    def _page(
        self, listing: str, types: frozenset[str], after: Any, at: datetime, *, size: int = PAGE
    ) -> Any:
        request = asset_v1.ListAssetsRequest(
            parent=self._parent,
            content_type=CONTENT[listing],
            asset_types=sorted(types),
            page_size=size,
            page_token=after or "",
            read_time=at,
        )
        return self._ask(request)

    def _ask(self, request: asset_v1.ListAssetsRequest) -> Any:
        try:
            # Else gRPC would renew it in a thread of its own, and tell no more than "unavailable".
            self._credentials.ready()
            try:
                return self._once(request)
            except Unauthorized:  # taken back before its time: once with a new one
                self._credentials.refresh(None)
                return self._once(request)
        except GoogleAPIError as error:
            raise from_api_error(error) from error
        except GoogleAuthError as error:
            raise from_auth_error(error) from error
        except requests.RequestException as error:
            raise CallError(Cause.TRANSIENT, type(error).__name__, one_line(error)) from error
        except (ValueError, TypeError, AttributeError, json_format.ParseError) as error:
            raise CallError(Cause.INVALID, "MalformedAnswer", one_line(error)) from error

    def _once(self, request: asset_v1.ListAssetsRequest) -> Any:
        pages = self.client.list_assets(request=request, retry=None, timeout=TIMEOUT).pages
        return next(iter(pages))


def owner_of(asset: Mapping[str, Any]) -> str:
    """The project that an asset is in (`projects/123`), else the organization above it."""
    ancestors = list(asset.get("ancestors") or ())
    if not ancestors:
        raise CallError(Cause.INVALID, "MalformedAnswer", f"{asset.get('name')} has no ancestors")
    nearest = str(ancestors[0])
    return nearest if nearest.startswith("projects/") else str(ancestors[-1])
