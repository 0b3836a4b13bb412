"""Whoever the configuration says we are, the real credential classes get a token with it."""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import azure_kit
import gcp_kit
import pytest
from cloud_kit import look
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from agent.demo.azure.server import Fault
from agent.demo.azure.server import Server as Azure
from agent.demo.gcp.server import Server as Google
from checks.azure.access import Auth
from checks.gcp.access import Auth as GoogleAuth

ONE = azure_kit.ONE
ACCOUNTS = "azure.storage.account"
BUCKETS = "gcp.storage.bucket"


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    world = azure_kit.make_world(ONE)
    azure_kit.put(world, ONE, "Microsoft.Storage/storageAccounts", "store", properties={})
    with azure_kit.serving(world, tmp_path_factory.mktemp("azure")) as server:
        yield server


@pytest.fixture(scope="module")
def google(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Google]:
    world = gcp_kit.make_world("shop")
    data = {"name": "b", "iamConfiguration": {}}
    world.put(gcp_kit.asset("shop", "storage.googleapis.com/Bucket", "b", data))
    with gcp_kit.serving(world, tmp_path_factory.mktemp("gcp")) as server:
        yield server


def seen_by(server: Azure, folder: Path, **changed: str) -> list[str]:
    """What there is to see for who we are."""
    tenant = azure_kit.tenant_on(server, folder, secret_file="", **changed)
    seen = look(tenant.session(ONE), {ACCOUNTS: set()})
    assert seen.gaps == []
    return seen.labels


def test_a_certificate_proves_who_we_are(azure: Azure, tmp_path: Path) -> None:
    file = certificate_in(tmp_path)
    found = seen_by(azure, tmp_path, auth=Auth.CLIENT_CERTIFICATE, certificate_file=str(file))
    assert found == ["store"]


def certificate_in(folder: Path) -> Path:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "assay")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    form, bare = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    file = folder / "certificate.pem"
    file.write_bytes(key.private_bytes(pem, form, bare) + made.public_bytes(pem))
    return file


def test_the_token_of_a_workload_proves_who_we_are(azure: Azure, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("e30.e30.federated")
    found = seen_by(azure, tmp_path, auth=Auth.WORKLOAD_IDENTITY, token_file=str(file))
    assert found == ["store"]


def test_a_managed_identity_is_told_by_the_platform(
    azure: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_for(azure)
    told = {"access_token": token, "expires_on": str(int(time.time()) + 3600), "resource": "x"}
    azure.faults[:] = [Fault(matching="/msi/token", body=json.dumps(told).encode())]
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{azure.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "of the platform")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", azure.authority)
    assert seen_by(azure, tmp_path, auth=Auth.MANAGED_IDENTITY) == ["store"]
    azure.faults.clear()


def token_for(server: Azure) -> str:
    """A token that the fake takes."""
    claims = base64.urlsafe_b64encode(json.dumps({"tid": azure_kit.TENANT}).encode()).decode()
    token = f"e30.{claims.rstrip('=')}.demo"
    server.tokens.add(token)
    return token


def test_the_command_line_of_azure_is_asked(
    azure: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {
        "accessToken": token_for(azure),
        "expires_on": int(time.time()) + 3600,
        "tenant": azure_kit.TENANT,
        "tokenType": "Bearer",
    }
    command = tmp_path / "az"
    command.write_text(f"#!{sys.executable}\nprint({json.dumps(told)!r})\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert seen_by(azure, tmp_path, auth=Auth.CLI) == ["store"]


def seen_on_google(server: Google, folder: Path, **changed: str) -> list[str]:
    organization = gcp_kit.organization_on(server, folder, **changed)
    seen = look(organization.session("shop"), {BUCKETS: set()})
    assert seen.gaps == []
    return seen.labels


def test_a_federated_workload_is_known_to_google(google: Google, tmp_path: Path) -> None:
    subject = tmp_path / "subject"
    subject.write_text("e30.e30.subject")
    pool = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p"
    file = tmp_path / "federation.json"
    file.write_text(
        json.dumps(
            {
                "type": "external_account",
                "audience": pool,
                "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
                "token_url": f"https://{google.rest}/v1/token",
                "credential_source": {"file": str(subject)},
            }
        )
    )
    way = {"auth": GoogleAuth.EXTERNAL_ACCOUNT, "credentials_file": str(file)}
    assert seen_on_google(google, tmp_path, **way) == ["b"]


def test_the_default_credentials_of_google_are_found(
    google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(gcp_kit.key_file(tmp_path, google)))
    way = {"auth": GoogleAuth.ADC, "credentials_file": ""}
    assert seen_on_google(google, tmp_path, **way) == ["b"]


def test_the_account_of_a_machine_is_told_by_its_metadata(
    google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with metadata_of(google) as host:
        # What GCE_METADATA_HOST says is read when the library is imported.
        monkeypatch.setattr("google.auth.compute_engine._metadata._GCE_METADATA_HOST", host)
        way = {"auth": GoogleAuth.METADATA, "credentials_file": ""}
        assert seen_on_google(google, tmp_path, **way) == ["b"]


@contextmanager
def metadata_of(server: Google) -> Iterator[str]:
    """What a machine of Google's asks who it is: the host."""
    token = server.make_token()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = {"email": gcp_kit.ACCOUNT, "scopes": ["cloud-platform"], "aliases": ["default"]}
            body = json.dumps(token if "/token" in self.path else told).encode()
            self.send_response(200)
            self.send_header("Metadata-Flavor", "Google")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
        yield f"127.0.0.1:{http.server_address[1]}"
        http.shutdown()
