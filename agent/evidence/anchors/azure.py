"""Copies of checkpoints in a container of Azure Blob Storage, each version locked.

The container has immutable storage with versioning, and each copy a time-based policy in the mode
`locked`; an unlocked one can be taken off, so it is refused by name. Blobs are made only where
there is none. API: learn.microsoft.com/rest/api/storageservices, Put Blob, Get Blob, List Blobs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import requests
from azure.core.exceptions import ClientAuthenticationError

from agent.duration import parse_duration
from agent.evidence.anchors.model import AnchorError, Given
from agent.evidence.anchors.names import copy_name, folder, size_in
from agent.evidence.anchors.receipt import proof_of_copy
from agent.evidence.anchors.settings import AzureSettings

_SCOPE = "https://storage.azure.com/.default"
_VERSION = "2023-11-03"
_SECONDS = 20
_MOST = 1 << 16
"""Bytes of a checkpoint that is read back."""
_OK, _REDIRECTS = 200, 300
_THERE = (409, 412)
"""BlobAlreadyExists, ConditionNotMet."""


class AzureCopies:
    """One container: an `Anchor`, and its `Copies`."""

    kind = "azure"

    def __init__(
        self, settings: AzureSettings, credential: Any, now: Callable[[], datetime]
    ) -> None:
        """Nothing is asked yet. `credential` is one of azure-identity's."""
        self._settings, self._credential, self._now = settings, credential, now
        host = settings.endpoint_url or f"https://{settings.account}.blob.core.windows.net"
        self._container = f"{host}/{settings.container}"
        self.every = parse_duration(settings.every)
        self.place = f"azure://{settings.account}/{settings.container}/{settings.prefix}"

    def put(self, note: bytes, size: int) -> Given:
        """Keep a copy that nobody can take away, and read back that it is so."""
        name = copy_name(self._settings.prefix, note, size)
        until = self._now() + parse_duration(self._settings.retain)
        headers = {
            "Content-Type": "text/plain; charset=utf-8",
            "If-None-Match": "*",
            "x-ms-blob-type": "BlockBlob",
            "x-ms-immutability-policy-mode": "locked",
            "x-ms-immutability-policy-until-date": format_datetime(
                until.astimezone(UTC).replace(microsecond=0), usegmt=True
            ),
        }
        self._ask("PUT", f"/{quote(name)}", allow=_THERE, headers=headers, data=note)
        found = self._ask("GET", f"/{quote(name)}")
        if found.content != note:
            raise AnchorError(f"{name} holds something else: nothing was overwritten")
        mode = found.headers.get("x-ms-immutability-policy-mode", "none").lower()
        if mode != "locked":
            raise AnchorError(f"{name}: its immutability policy is {mode}, and not locked")
        where = {
            "account": self._settings.account,
            "container": self._settings.container,
            "key": name,
            "version": found.headers.get("x-ms-version-id", ""),
            "mode": mode,
            "retain_until": found.headers["x-ms-immutability-policy-until-date"],
        }
        made = parsedate_to_datetime(found.headers["Last-Modified"]).astimezone(UTC)
        return Given(time=made, proof=proof_of_copy(note, where))

    def check(self) -> str:
        """See that versions of the container can be locked. Raises `AnchorError`."""
        answer = self._ask("GET", "", params={"restype": "container"})
        if answer.headers.get("x-ms-immutable-storage-with-versioning-enabled") != "true":
            raise AnchorError(
                f"{self._settings.container} has no immutable storage with versioning: copies"
                " cannot be locked; make a container that has it"
            )
        return f"immutable storage is enabled; copies are locked for {self._settings.retain}"

    def copies(self, after: int) -> Iterator[bytes]:
        """Give the checkpoints of logs longer than `after`, the longest first."""
        prefix = self._settings.prefix
        found, marker = [], ""
        while True:
            params = {
                "restype": "container",
                "comp": "list",
                "include": "versions",  # what was deleted is still there as a version
                "prefix": folder(prefix),
                "marker": marker,
            }
            page = _parse(self._ask("GET", "", params=params).content)
            for blob in page.iter("Blob"):
                name = blob.findtext("Name", "")
                if size_in(prefix, name) > after:
                    found.append((size_in(prefix, name), name, blob.findtext("VersionId", "")))
            marker = page.findtext("NextMarker") or ""
            if not marker:
                break
        for _, name, version in sorted(found, reverse=True):
            params = {"versionid": version} if version else {}
            content: bytes = self._ask("GET", f"/{quote(name)}", params=params).content
            yield content[:_MOST]

    def _ask(self, method: str, path: str, *, allow: tuple[int, ...] = (), **more: Any) -> Any:
        """Call the API; `allow` are more statuses that are answers. Raises `AnchorError`."""
        place = self._settings.container
        try:
            headers = {
                **more.pop("headers", {}),
                "Authorization": f"Bearer {self._credential.get_token(_SCOPE).token}",
                "x-ms-version": _VERSION,
            }
            url = self._container + path
            answer = requests.request(method, url, headers=headers, timeout=_SECONDS, **more)
        except (ClientAuthenticationError, requests.RequestException) as error:
            said = " ".join(str(error).split())
            raise AnchorError(f"{place}: cannot be asked: {said}") from error
        if not _OK <= answer.status_code < _REDIRECTS and answer.status_code not in allow:
            said = answer.headers.get("x-ms-error-code") or " ".join(answer.text[:300].split())
            raise AnchorError(f"{place}: {answer.status_code}: {said}")
        return answer


def _parse(data: bytes) -> ET.Element:
    try:
        return ET.fromstring(data)  # noqa: S314 - expat itself limits how far entities expand
    except ET.ParseError as error:
        raise AnchorError(f"the list of blobs cannot be read: {error}") from error
