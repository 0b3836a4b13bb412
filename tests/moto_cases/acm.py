"""Certificates of ACM."""

from datetime import UTC, datetime, timedelta

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
        made = client("acm").import_certificate(
            Certificate=certificate.public_bytes(Encoding.PEM),
            PrivateKey=key.private_bytes(
                Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
            ),
        )
        return str(made["CertificateArn"])

    return make


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
)
