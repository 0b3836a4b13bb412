"""Certificates of ACM, and those that are kept in IAM."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from moto_cases import Case, ClientOf, Make


def imported(*, days: int = 300, bits: int = 2048) -> Make:
    """Import a certificate of our own making, and give its ARN."""

    def make(client: ClientOf) -> str:
        certificate, key = _signed(days, bits)
        made = client("acm").import_certificate(Certificate=certificate, PrivateKey=key)
        return str(made["CertificateArn"])

    return make


def _uploaded(days: int) -> Make:
    def make(client: ClientOf) -> str:
        certificate, key = _signed(days)
        client("iam").upload_server_certificate(
            ServerCertificateName="web",
            CertificateBody=certificate.decode(),
            PrivateKey=key.decode(),
        )
        return "server-certificate/web"

    return make


def _signed(days: int, bits: int = 2048) -> tuple[bytes, bytes]:
    """A certificate that ends in so many days, and its key, both as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example.com")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM), key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )


def _expiring(client: ClientOf, **asked: Any) -> dict[str, Any]:
    """moto lets every certificate end in 2012; AWS reads its end out of what was uploaded."""
    iam = client("iam")
    answer: dict[str, Any] = iam.list_server_certificates(**asked)
    for one in answer["ServerCertificateMetadataList"]:
        name = one["ServerCertificateName"]
        found = iam.get_server_certificate(ServerCertificateName=name)["ServerCertificate"]
        certificate = x509.load_pem_x509_certificate(found["CertificateBody"].encode())
        one["Expiration"] = certificate.not_valid_after_utc
    return answer


def _requested(client: ClientOf) -> str:
    made = client("acm").request_certificate(DomainName="shop.example.com", ValidationMethod="DNS")
    return str(made["CertificateArn"])


CASES = (
    # What moto imports is used by nothing.
    Case(
        "aws-acm-certificate-expiry",
        imported(),
        imported(days=10),
        params={"unused": True},
    ),
    Case("aws-acm-certificate-strong-key", imported(), imported(bits=1024)),
    Case("aws-acm-certificate-validated", imported(), _requested, params={"days": 0}),
    Case(
        "aws-iam-server-certificate-expiry",
        _uploaded(200),
        _uploaded(10),
        played={"iam:ListServerCertificates": _expiring},
    ),
)
