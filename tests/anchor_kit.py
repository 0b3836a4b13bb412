"""A time-stamping authority on loopback: openssl's own behind a few lines of HTTP."""

from __future__ import annotations

import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

YEARS = timedelta(days=3650)


def name_of(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def make_authority(folder, *, lasts=YEARS, extra=False, subject="a stamper of time, at length"):
    """Keys, certificates and the configuration of an authority.

    `extra`: its replies bring the root as well, which openssl then puts in an order that is not
    DER's.
    """
    folder.mkdir()
    now = datetime.now(UTC)
    top, leaf = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
    begin = x509.CertificateBuilder().not_valid_before(now - timedelta(hours=1))
    root = (
        begin.subject_name(name_of("root"))
        .issuer_name(name_of("root"))
        .public_key(top.public_key())
        .serial_number(1)
        .not_valid_after(now + YEARS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(top, hashes.SHA256())
    )
    cert = (
        begin.subject_name(name_of(subject))
        .issuer_name(name_of("root"))
        .public_key(leaf.public_key())
        .serial_number(2)
        .not_valid_after(now + lasts)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(top, hashes.SHA256())
    )
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (folder / "cert.pem").write_bytes(cert.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(
        leaf.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (folder / "serial").write_text("01\n")
    certs = "root.pem" if extra else "cert.pem"
    (folder / "tsa.cnf").write_text(
        "[tsa]\ndefault_tsa = it\n[it]\n"
        f"serial = {folder}/serial\ncrypto_device = builtin\nsigner_cert = {folder}/cert.pem\n"
        f"certs = {folder}/{certs}\nsigner_key = {folder}/key.pem\nsigner_digest = sha256\n"
        "default_policy = 1.2.3.4.1\ndigests = sha256\naccuracy = secs:1\n"
        "tsa_name = no\ness_cert_id_chain = no\ness_cert_id_alg = sha256\n"
    )
    return folder


def stamp(folder, query):
    """The authority's reply to the DER of a query."""
    (folder / "query").write_bytes(query)
    subprocess.run(
        ["openssl", "ts", "-reply", "-config", folder / "tsa.cnf", "-queryfile", folder / "query",
         "-out", folder / "reply"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return (folder / "reply").read_bytes()


@dataclass
class Served:
    """An authority that is served, and how it may misbehave."""

    folder: object
    url: str = ""
    status: int = 200
    canned: bytes | None = None
    """Answer this, whatever is asked."""
    asked: list[bytes] = field(default_factory=list)

    @property
    def roots(self):
        return (self.folder / "root.pem").read_bytes()

    def answer(self, query):
        self.asked.append(query)
        return self.canned if self.canned is not None else stamp(self.folder, query)


@contextmanager
def serve_authority(folder):
    """Serve the authority of a folder until the block ends."""
    served = Served(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            assert self.headers["Content-Type"] == "application/timestamp-query"
            query = self.rfile.read(int(self.headers["Content-Length"]))
            reply = served.answer(query)
            self.send_response(served.status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        served.url = f"http://127.0.0.1:{server.server_port}/tsr"
        yield served
        server.shutdown()
        thread.join()
