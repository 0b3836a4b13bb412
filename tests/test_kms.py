"""A signing key that is in AWS KMS: the log is the same to whoever verifies it.

KMS is a fake at the edge of the network, for moto knows no Ed25519 keys: the SDK talks to it over
HTTP, and it signs with cryptography.
"""

import base64
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from agent_kit import configure, items
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from evidence_world import START

from agent.config import ConfigError, load_settings
from agent.evidence.kms import AwsKmsSettings
from agent.evidence.kms_aws import KmsSigner
from agent.evidence.log import Log
from agent.evidence.note import Verifier, open_checkpoint
from agent.evidence.store import Store, StoreUnsigned
from agent.evidence.verify import verify_store
from agent.home import KEY, folder_of, open_log

ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NAME = "example.com/log"


@dataclass
class Kms:
    """One key; `wrong` is how it misbehaves."""

    key: object = field(default_factory=Ed25519PrivateKey.generate)
    spec: str = "ECC_NIST_EDWARDS25519"
    wrong: str = ""
    asked: list = field(default_factory=list)
    url: str = ""

    def answer(self, operation, request):
        self.asked.append((operation, request))
        if self.wrong == "denied" or request["KeyId"] != ARN:
            return 400, {"__type": "AccessDeniedException", "message": "no kms:Sign\non this key"}
        if operation == "GetPublicKey":
            public = self.key.public_key().public_bytes(
                Encoding.DER, PublicFormat.SubjectPublicKeyInfo
            )
            return 200, {"PublicKey": base64.b64encode(public).decode(), "KeySpec": self.spec}
        assert (request["SigningAlgorithm"], request["MessageType"]) == ("ED25519_SHA_512", "RAW")
        message = base64.b64decode(request["Message"])
        signature = self.key.sign(message + (b"x" if self.wrong == "other" else b""))
        return 200, {"Signature": base64.b64encode(signature).decode()}

    @property
    def settings(self):
        return AwsKmsSettings(arn=ARN, endpoint_url=self.url)

    @property
    def verifier(self):
        return Verifier(NAME, self.key.public_key().public_bytes_raw())


@contextmanager
def served(kms):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            operation = self.headers["X-Amz-Target"].removeprefix("TrentService.")
            status, answer = kms.answer(operation, request)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        kms.url = f"http://127.0.0.1:{server.server_port}"
        yield kms
        server.shutdown()
        thread.join()


@pytest.fixture
def kms(monkeypatch):
    from aws_kit import ENVIRONMENT  # noqa: PLC0415 - moto takes seconds

    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with served(Kms()) as kms:
        yield kms


def test_a_log_that_kms_signs_verifies_as_any_other(tmp_path, kms):
    path = tmp_path / "evidence.db"
    with Store.open(path) as store, Log.open(store, KmsSigner(NAME, kms.settings), at=START) as log:
        log.append("agent", {"event": "start"}, START)
        assert open_checkpoint(log.checkpoint(), kms.verifier).size == 2
        verify_store(store, str(kms.verifier))
    assert [operation for operation, _ in kms.asked] == ["GetPublicKey", "Sign", "Sign"]


def test_nothing_is_kept_that_kms_did_not_sign(tmp_path, kms):
    path = tmp_path / "evidence.db"
    with Store.open(path) as store, Log.open(store, KmsSigner(NAME, kms.settings), at=START) as log:
        for kms.wrong, message in (
            ("denied", "cannot be asked: .*AccessDenied"),
            ("other", "what it signed does not hold"),
        ):
            with pytest.raises(StoreUnsigned, match=message) as caught:
                log.append("agent", {"event": "start"}, START)
            assert "\n" not in str(caught.value)
        kms.wrong = ""
        assert log.append("agent", {"event": "start"}, START) == 1
        verify_store(store, kms.verifier)


def test_a_key_of_another_sort_is_refused_with_the_right_one_named(kms):
    kms.key, kms.spec = ec.generate_private_key(ec.SECP256R1()), "ECC_NIST_P256"
    with pytest.raises(StoreUnsigned, match=r"is of ECC_NIST_P256; make .* ECC_NIST_EDWARDS25519"):
        KmsSigner(NAME, kms.settings)


def test_nobody_at_the_address_is_one_line():
    settings = AwsKmsSettings(arn=ARN, endpoint_url="http://127.0.0.1:9")
    with pytest.raises(StoreUnsigned, match="cannot be asked") as caught:
        KmsSigner(NAME, settings)
    assert "\n" not in str(caught.value)


def test_an_agent_with_a_key_in_kms_makes_no_key_file(assay, kms, cloud):
    key = {"kind": "aws-kms", "arn": ARN, "endpoint_url": kms.url}
    config = configure(assay.folder, cloud.url, key=key)
    settings = load_settings(config, {})
    with open_log(settings, at=datetime.now(UTC)):
        assert not (folder_of(settings) / KEY).exists()
    code, out, _ = assay("evidence", "verify", config=config)
    assert (code, "valid: assay.test/agent, 1 entries" in out) == (0, True)
    _, out, _ = assay("doctor", "--format", "json", config=config)
    assert {row["what"]: row["state"] for row in items(out)}["evidence"] == "ok"
    kms.wrong = "denied"
    _, out, _ = assay("doctor", "--format", "json", config=config)
    assert {row["what"]: row["state"] for row in items(out)}["evidence"] == "wrong"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{kind: aws-kms, arn: 'alias/x'}", "key.arn: 'alias/x' is not the ARN of a key"),
        (f"{{kind: aws-kms, arn: '{ARN}', external_id: x}}", "`role_arn` is missing"),
        (f"{{kind: aws-kms, arn: '{ARN}', role_arn: x}}", "key.role_arn: 'x' is not a role"),
        ("{kind: vault}", "key.kind: 'vault' is not known; use aws-kms"),
        ("{kind: aws-kms}", "missing required field `arn`"),
    ],
)
def test_a_wrong_key_is_one_line(tmp_path, text, message):
    path = tmp_path / "assay.yaml"
    path.write_text(f"key: {text}\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(path, {})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
