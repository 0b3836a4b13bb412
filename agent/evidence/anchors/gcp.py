"""Copies of checkpoints in a Cloud Storage bucket with a locked retention policy.

A policy that is not locked can be taken off by whoever administers the bucket, so it is refused by
name. Objects are made only where there is none (`ifGenerationMatch=0`). API:
cloud.google.com/storage/docs/json_api/v1.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import google.auth
import google.oauth2.service_account
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from requests import RequestException

from agent.duration import parse_duration
from agent.evidence.anchors.model import AnchorError, Given
from agent.evidence.anchors.names import copy_name, folder, size_in
from agent.evidence.anchors.receipt import proof_of_copy
from agent.evidence.anchors.settings import GcsSettings

_SCOPES = ("https://www.googleapis.com/auth/devstorage.read_write",)
_HOST = "https://storage.googleapis.com"
_SECONDS = 20
_MOST = 1 << 16
"""Bytes of a checkpoint that is read back."""
_OK, _REDIRECTS, _THERE = 200, 300, 412


class GcsCopies:
    """One bucket: an `Anchor`, and its `Copies`."""

    kind = "gcs"

    def __init__(self, settings: GcsSettings, credentials_file: str) -> None:
        """Nothing is asked yet. No file: the default credentials of the environment."""
        self._settings, self._file = settings, credentials_file
        self._session: Any = None
        self._host = settings.endpoint_url or _HOST
        self._bucket = f"/storage/v1/b/{settings.bucket}"
        self.every = parse_duration(settings.every)
        self.place = f"gs://{settings.bucket}/{settings.prefix}"

    def put(self, note: bytes, size: int) -> Given:
        """Keep a copy that nobody can take away, and read back that it is so."""
        until = self._retained()
        name = copy_name(self._settings.prefix, note, size)
        self._ask(
            "POST",
            f"/upload{self._bucket}/o",
            allow=_THERE,
            params={"uploadType": "media", "name": name, "ifGenerationMatch": "0"},
            headers={"Content-Type": "text/plain; charset=utf-8"},
            data=note,
        )
        place = f"{self._bucket}/o/{quote(name, safe='')}"
        found = self._ask("GET", place).json()
        if self._content(place, found["generation"]) != note:
            raise AnchorError(f"{name} holds something else: nothing was overwritten")
        made = datetime.fromisoformat(found["timeCreated"]).astimezone(UTC)
        where = {
            "bucket": self._settings.bucket,
            "key": name,
            "version": str(found["generation"]),
            "mode": "locked",
            "retain_until": (made + until).isoformat(),
        }
        return Given(time=made, proof=proof_of_copy(note, where))

    def check(self) -> str:
        """See that the retention policy is locked and long enough. Raises `AnchorError`."""
        kept = self._retained()
        return f"the retention policy of {kept.days} days is locked"

    def copies(self, after: int) -> Iterator[bytes]:
        """Give the checkpoints of logs longer than `after`, the longest first."""
        prefix = self._settings.prefix
        found, token = [], ""
        while True:
            params = {"prefix": folder(prefix), "versions": "true", "pageToken": token}
            page = self._ask("GET", f"{self._bucket}/o", params=params).json()
            for each in page.get("items", ()):
                size = size_in(prefix, each["name"])
                if size > after:
                    found.append((size, each["name"], each["generation"]))
            token = page.get("nextPageToken", "")
            if not token:
                break
        for _, name, generation in sorted(found, reverse=True):
            yield self._content(f"{self._bucket}/o/{quote(name, safe='')}", generation)

    def _retained(self) -> timedelta:
        """Give for how long the bucket keeps what is in it. Raises `AnchorError`."""
        settings = self._settings
        answer = self._ask("GET", self._bucket, params={"fields": "retentionPolicy"}).json()
        policy = answer.get("retentionPolicy", {})
        if not policy:
            raise AnchorError(f"{settings.bucket} has no retention policy: copies can be deleted")
        if not policy.get("isLocked"):
            raise AnchorError(
                f"the retention policy of {settings.bucket} is not locked: whoever administers the"
                " bucket can take it off; lock it (it cannot be undone)"
            )
        kept = timedelta(seconds=int(policy["retentionPeriod"]))
        if kept < parse_duration(settings.retain):
            raise AnchorError(
                f"{settings.bucket} keeps objects for {kept.days} days, less than {settings.retain}"
            )
        return kept

    def _content(self, place: str, generation: str) -> bytes:
        params = {"alt": "media", "generation": str(generation)}
        content: bytes = self._ask("GET", place, params=params).content
        return content[:_MOST]

    def _ask(self, method: str, path: str, *, allow: int = 0, **more: Any) -> Any:
        """Call the API; `allow` is one more status that is an answer. Raises `AnchorError`."""
        try:
            if self._session is None:
                kind: Any = AuthorizedSession  # Google ships no types
                self._session = kind(self._credentials())
            answer = self._session.request(method, self._host + path, timeout=_SECONDS, **more)
        except (GoogleAuthError, RequestException, OSError, ValueError) as error:
            said = " ".join(str(error).split())
            raise AnchorError(f"{self._settings.bucket}: cannot be asked: {said}") from error
        if not _OK <= answer.status_code < _REDIRECTS and answer.status_code != allow:
            said = " ".join(answer.text[:300].split())
            raise AnchorError(f"{self._settings.bucket}: {answer.status_code}: {said}")
        return answer

    def _credentials(self) -> Any:
        if self._file:
            kind: Any = google.oauth2.service_account.Credentials
            return kind.from_service_account_file(self._file, scopes=_SCOPES)
        return google.auth.default(scopes=_SCOPES)[0]
