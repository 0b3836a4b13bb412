"""A certificate authority of a test's own, with a server's and a client's certificate."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Certificates(NamedTuple):
    """The files."""

    authority: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path


def make_certificates(folder):
    """Write them, in place of those that are there."""
    names = ("ca.crt", "server.crt", "server.key", "client.crt", "client.key")
    files = Certificates(*(folder / name for name in names))
    authority = ec.generate_private_key(ec.SECP256R1())
    write(files.authority, sign("authority", authority.public_key(), authority, None))
    for name, path, key in (
        ("server", files.server, files.server_key),
        ("client", files.client, files.client_key),
    ):
        own = ec.generate_private_key(ec.SECP256R1())
        usage = getattr(ExtendedKeyUsageOID, f"{name.upper()}_AUTH")
        write(path, sign(name, own.public_key(), authority, usage))
        key.write_bytes(
            own.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    return files


def sign(name, public, authority, usage):
    """A certificate; of the authority itself when no usage is given."""
    now = datetime.now(UTC)
    named = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])  # noqa: E731 - short
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named("authority"))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=usage is None, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()),
            critical=False,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    if usage is not None:
        loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        names = x509.SubjectAlternativeName([x509.DNSName("localhost"), loopback])
        builder = builder.add_extension(names, critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(authority, hashes.SHA256())


def write(path, certificate):
    """Write one certificate as PEM."""
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
