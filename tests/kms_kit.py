"""Fakes of the three clouds' KMS at the edge of the network: each signs with cryptography."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from types import SimpleNamespace

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from agent.evidence.kms.aws import AwsKms
from agent.evidence.kms.azure import AzureKey
from agent.evidence.kms.gcp import GcpKms
from agent.evidence.kms.settings import AwsKmsSettings, AzureKeySettings, GcpKmsSettings

ARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
VERSION = "projects/p/locations/europe/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"
NAME = "example.com/log"
JSON = {"Content-Type": "application/json"}


def p256():
    return ec.generate_private_key(ec.SECP256R1())


def public(key, encoding=Encoding.DER):
    return key.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)


def text(data):
    return base64.b64encode(data).decode()


def sign_digest(key, digest):
    return key.sign(digest, ec.ECDSA(Prehashed(SHA256())))


@dataclass
class Kms:
    """One key; `wrong` is how it misbehaves: denied, other (signs something else), torn."""

    key: object
    wrong: str = ""
    asked: list = field(default_factory=list)
    url: str = ""

    def answer(self, method, path, query, headers, body):
        """Give (status, headers, content); an operation is what the subclass calls it."""
        if path == "/token":
            granted = {"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}
            return 200, JSON, json.dumps(granted).encode()
        operation = self.operation(method, path, query, headers)
        self.asked.append(operation)
        if self.wrong == "denied":
            return 403, JSON, b'{"__type": "AccessDeniedException", "message": "no\\nright"}'
        if self.wrong == "torn":
            return 200, JSON, b"{}"
        answer = self.said(operation, json.loads(body or b"{}"))
        return 200, JSON, json.dumps(answer).encode()

    def spoiled(self, signature, again):
        return again() if self.wrong == "other" else signature


class Aws(Kms):
    """AWS KMS, for moto knows no Ed25519 keys."""

    def operation(self, _method, _path, _query, headers):
        return headers["X-Amz-Target"].removeprefix("TrentService.")

    def said(self, operation, request):
        assert request["KeyId"] == ARN
        if operation == "GetPublicKey":
            return {"PublicKey": text(public(self.key))}
        assert (request["SigningAlgorithm"], request["MessageType"]) == ("ED25519_SHA_512", "RAW")
        message = base64.b64decode(request["Message"])
        signature = self.spoiled(self.key.sign(message), lambda: self.key.sign(b"x"))
        return {"Signature": text(signature)}

    def open(self, _folder):
        return AwsKms(AwsKmsSettings(arn=ARN, endpoint_url=self.url))


class Gcp(Kms):
    """Cloud KMS, as a service account whose tokens it gives."""

    def operation(self, method, path, _query, headers):
        assert headers["Authorization"] == "Bearer t"
        return f"{method} {path.removeprefix(f'/v1/{VERSION}')}"

    def said(self, operation, request):
        if operation == "GET /publicKey":
            return {"pem": public(self.key, Encoding.PEM).decode()}
        assert operation == "POST :asymmetricSign"
        if isinstance(self.key, Ed25519PrivateKey):
            signature = self.key.sign(base64.b64decode(request["data"]))
            return {"signature": text(self.spoiled(signature, lambda: self.key.sign(b"x")))}
        digest = base64.b64decode(request["digest"]["sha256"])
        signature = sign_digest(self.key, digest)
        return {
            "signature": text(self.spoiled(signature, lambda: sign_digest(self.key, bytes(32))))
        }

    def open(self, folder):
        key = rsa.generate_private_key(65537, 2048)
        account = {
            "type": "service_account",
            "client_email": "a@b.iam.gserviceaccount.com",
            "token_uri": f"{self.url}/token",
            "private_key": key.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            ).decode(),
        }
        (folder / "account.json").write_text(json.dumps(account))
        settings = GcpKmsSettings(version=VERSION, endpoint_url=self.url)
        return GcpKms(settings, str(folder / "account.json"))


class Azure(Kms):
    """Azure Key Vault."""

    def operation(self, method, path, query, headers):
        assert (headers["Authorization"], query["api-version"]) == ("Bearer t", "7.4")
        return f"{method} {path.removeprefix('/keys/log/' + '0' * 32)}"

    def said(self, operation, request):
        if operation == "GET ":
            if not isinstance(self.key, ec.EllipticCurvePrivateKey):
                return {"key": {"kty": "RSA"}}
            numbers = self.key.public_key().public_numbers()
            x, y = (self.told(n.to_bytes(32)) for n in (numbers.x, numbers.y))
            return {"key": {"kty": "EC-HSM", "crv": "P-256", "x": x, "y": y}}
        assert (operation, request["alg"]) == ("POST /sign", "ES256")
        digest = base64.urlsafe_b64decode(request["value"] + "=")
        signature = self.spoiled(
            sign_digest(self.key, digest), lambda: sign_digest(self.key, bytes(32))
        )
        r, s = decode_dss_signature(signature)
        return {"value": self.told(r.to_bytes(32) + s.to_bytes(32))}

    def told(self, data):
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    def open(self, _folder):
        settings = AzureKeySettings(id=f"{self.url}/keys/log/{'0' * 32}")
        return AzureKey(settings, SimpleNamespace(get_token=lambda _: SimpleNamespace(token="t")))
