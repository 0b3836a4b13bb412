"""Copies of checkpoints in Cloud Storage: Google's own library talks to a small fake over HTTP."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
from copies_kit import NAME, note_of, served, verify_compared, verify_longest_first
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from agent.evidence.anchors.gcp import GcsCopies
from agent.evidence.anchors.model import AnchorError
from agent.evidence.anchors.settings import GcsSettings

DAY = 86400


@dataclass
class Storage:
    """One bucket: objects by name, and its policy."""

    policy: dict | None = field(
        default_factory=lambda: {"isLocked": True, "retentionPeriod": str(400 * DAY)}
    )
    objects: dict[str, bytes] = field(default_factory=dict)
    page: int = 2
    url: str = ""

    def answer(self, method, path, query, headers, body):
        """Give (status, headers, content) as the JSON API does."""
        if path != "/token":
            assert headers["Authorization"] == "Bearer t"
        status, answer = self.said(method, path, query, body)
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return status, {}, content

    def said(self, method, path, query, body):
        if path == "/token":
            return 200, {"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}
        if path == "/storage/v1/b/kept":
            return 200, {"retentionPolicy": self.policy} if self.policy else {}
        if path == "/upload/storage/v1/b/kept/o" and method == "POST":
            assert query["ifGenerationMatch"] == "0"
            if query["name"] in self.objects:
                return 412, {"error": "conditionNotMet"}
            self.objects[query["name"]] = body
            return 200, {}
        return self.objects_of(path, query)

    def objects_of(self, path, query):
        if path == "/storage/v1/b/kept/o":
            names = sorted(n for n in self.objects if n.startswith(query["prefix"]))
            at = int(query.get("pageToken") or 0)
            items = [{"name": n, "generation": "7"} for n in names[at : at + self.page]]
            more = {"nextPageToken": str(at + self.page)} if at + self.page < len(names) else {}
            return 200, {"items": items, **more}
        name = unquote(path.removeprefix("/storage/v1/b/kept/o/"))
        if name not in self.objects:
            return 404, {"error": {"message": "not\nthere"}}
        if query.get("alt") == "media":
            return 200, self.objects[name]
        return 200, {"generation": "7", "timeCreated": "2026-01-01T01:00:00.250Z"}


@pytest.fixture
def storage():
    with served(Storage()) as storage:
        yield storage


@pytest.fixture
def anchor(storage, tmp_path):
    """The anchor, as a service account whose tokens the fake gives."""
    key = rsa.generate_private_key(65537, 2048)
    file = tmp_path / "account.json"
    account = {
        "type": "service_account",
        "client_email": "a@b.iam.gserviceaccount.com",
        "token_uri": f"{storage.url}/token",
        "private_key": key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ).decode(),
    }
    file.write_text(json.dumps(account))
    anchor = GcsCopies(GcsSettings(bucket="kept", endpoint_url=storage.url), str(file))
    yield anchor
    if anchor._session is not None:
        anchor._session.close()


def test_a_copy_is_made_once_and_read_back(anchor, storage):
    given = anchor.put(note_of(7), 7)
    assert given.time == datetime(2026, 1, 1, 1, 0, 0, 250_000, UTC)
    until = given.time + timedelta(days=400)
    assert json.loads(given.proof)["retain_until"] == until.isoformat()
    assert anchor.put(note_of(7), 7) == given
    assert list(storage.objects) == [NAME]
    storage.objects[NAME] = b"something else"
    with pytest.raises(AnchorError, match="holds something else: nothing was overwritten"):
        anchor.put(note_of(7), 7)


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (None, "has no retention policy: copies can be deleted"),
        ({"retentionPeriod": str(400 * DAY)}, "is not locked: whoever administers the bucket"),
        ({"isLocked": True, "retentionPeriod": str(30 * DAY)}, "for 30 days, less than 400d"),
    ],
    ids=["none", "not locked", "too short"],
)
def test_a_bucket_that_lets_copies_go_is_refused(anchor, storage, policy, message):
    assert anchor.check() == "the retention policy of 400 days is locked"
    storage.policy = policy
    for ask in (anchor.check, lambda: anchor.put(note_of(7), 7)):
        with pytest.raises(AnchorError, match=message):
            ask()
    assert storage.objects == {}


def test_copies_come_longest_first_over_all_pages(anchor):
    verify_longest_first(anchor)


def test_what_the_service_says_is_one_line(anchor, storage):
    storage.said = lambda *_: (403, {"error": {"message": "no\nstorage.objects.create"}})
    with pytest.raises(AnchorError, match="kept: ") as caught:
        anchor.check()
    assert "\n" not in str(caught.value)


def test_nobody_at_the_address_is_one_line(anchor, storage):
    anchor._host = "http://127.0.0.1:9"
    with pytest.raises(AnchorError, match="kept: cannot be asked") as caught:
        anchor.check()
    assert "\n" not in str(caught.value)
    assert storage.objects == {}


def test_a_log_is_compared_with_its_copies(tmp_path, anchor):
    verify_compared(tmp_path, anchor, "gs://kept/checkpoints")
