"""Copies of checkpoints in Blob Storage, against a small fake of its REST API over HTTP."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from azure.core.exceptions import ClientAuthenticationError
from copies_kit import NAME, note_of, served, verify_compared, verify_longest_first
from evidence_world import START

from agent.evidence.anchors.azure import AzureCopies
from agent.evidence.anchors.model import AnchorError
from agent.evidence.anchors.settings import AzureSettings


@dataclass
class Storage:
    """One container: blobs by name, each with its content and its policy's mode."""

    immutable: str = "true"
    blobs: dict[str, tuple[bytes, str, str]] = field(default_factory=dict)
    broken: tuple | None = None
    url: str = ""

    def answer(self, method, path, query, headers, body):
        """Give (status, headers, content) as the REST API does."""
        assert (headers["Authorization"], headers["x-ms-version"]) == ("Bearer t", "2023-11-03")
        if self.broken:
            return self.broken
        name = unquote(path.removeprefix("/kept").removeprefix("/"))
        if not name and query.get("comp") == "list":
            return 200, {}, self.listed(query)
        if not name:
            return 200, {"x-ms-immutable-storage-with-versioning-enabled": self.immutable}, b""
        return self.put(name, headers, body) if method == "PUT" else self.get(name)

    def put(self, name, headers, body):
        assert (headers["If-None-Match"], headers["x-ms-blob-type"]) == ("*", "BlockBlob")
        if name in self.blobs:
            return 409, {"x-ms-error-code": "BlobAlreadyExists"}, b""
        mode = headers["x-ms-immutability-policy-mode"]
        until = headers["x-ms-immutability-policy-until-date"]
        self.blobs[name] = (body, mode, until)
        return 201, {}, b""

    def get(self, name):
        content, mode, until = self.blobs[name]
        return (
            200,
            {
                "Last-Modified": "Thu, 01 Jan 2026 01:00:00 GMT",
                "x-ms-version-id": "v1",
                "x-ms-immutability-policy-mode": mode,
                "x-ms-immutability-policy-until-date": until,
            },
            content,
        )

    def listed(self, query):
        assert query["include"] == "versions"
        names = sorted(name for name in self.blobs if name.startswith(query["prefix"]))
        at = int(query.get("marker") or 0)
        blobs = "".join(
            f"<Blob><Name>{name}</Name><VersionId>v1</VersionId></Blob>"
            for name in names[at : at + 2]
        )
        marker = f"<NextMarker>{at + 2}</NextMarker>" if at + 2 < len(names) else "<NextMarker/>"
        document = f"<EnumerationResults><Blobs>{blobs}</Blobs>{marker}</EnumerationResults>"
        return f'<?xml version="1.0" encoding="utf-8"?>{document}'.encode()


@pytest.fixture
def storage():
    with served(Storage()) as storage:
        yield storage


@pytest.fixture
def credential():
    return SimpleNamespace(get_token=lambda *_: SimpleNamespace(token="t"))


@pytest.fixture
def anchor(storage, credential):
    settings = AzureSettings(account="acme", container="kept", endpoint_url=storage.url)
    return AzureCopies(settings, credential, lambda: START)


def test_a_copy_is_locked_made_once_and_read_back(anchor, storage):
    given = anchor.put(note_of(7), 7)
    assert given.time == datetime(2026, 1, 1, 1, tzinfo=UTC)
    content, mode, until = storage.blobs[NAME]
    assert (content, mode) == (note_of(7), "locked")
    assert until == (START + timedelta(days=400)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert json.loads(given.proof)["retain_until"] == until
    assert anchor.put(note_of(7), 7) == given
    storage.blobs[NAME] = (b"something else", "locked", until)
    with pytest.raises(AnchorError, match="holds something else: nothing was overwritten"):
        anchor.put(note_of(7), 7)


def test_a_policy_that_is_not_locked_is_refused_by_name(anchor, storage):
    storage.blobs[NAME] = (note_of(7), "Unlocked", "")
    with pytest.raises(AnchorError, match="its immutability policy is unlocked, and not locked"):
        anchor.put(note_of(7), 7)


def test_a_container_that_cannot_lock_is_refused(anchor, storage):
    assert anchor.check() == "immutable storage is enabled; copies are locked for 400d"
    storage.immutable = "false"
    with pytest.raises(AnchorError, match="kept has no immutable storage with versioning"):
        anchor.check()


def test_copies_come_longest_first_over_all_pages(anchor):
    verify_longest_first(anchor)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ((403, {"x-ms-error-code": "AuthorizationFailure"}, b""), "kept: 403: AuthorizationFail"),
        ((503, {}, b"<html>\nno\n"), "kept: 503: <html> no"),
        ((200, {}, b"<html>"), "the list of blobs cannot be read"),
    ],
    ids=["denied", "away", "no list"],
)
def test_what_is_wrong_is_one_line(anchor, storage, broken, message):
    storage.broken = broken
    with pytest.raises(AnchorError, match=message) as caught:
        list(anchor.copies(0))
    assert "\n" not in str(caught.value)


def test_an_identity_that_is_not_had_is_one_line(anchor, credential):
    def refuse(*_):
        raise ClientAuthenticationError("no\nidentity")

    credential.get_token = refuse
    with pytest.raises(AnchorError, match="kept: cannot be asked: no identity"):
        anchor.check()


def test_a_log_is_compared_with_its_copies(tmp_path, anchor):
    verify_compared(tmp_path, anchor, "azure://acme/kept/checkpoints")
