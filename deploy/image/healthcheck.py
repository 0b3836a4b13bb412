"""End with 0 when the agent of this container answers on /healthz, with one line when it does not.

For the image's HEALTHCHECK, and for probes by `exec` where the agent wants client certificates.
"""  # noqa: INP001 - a script of the image, not a package

from __future__ import annotations

import http.client
import os
import ssl
import sys

TIMEOUT = 2
"""Seconds; the HEALTHCHECK waits for 3."""


def main() -> None:
    """Ask where `ASSAY_HTTP_LISTEN` says, in the clear and then by TLS."""
    listen = os.environ.get("ASSAY_HTTP_LISTEN") or "127.0.0.1:9464"  # noqa: TID251 - no settings here
    host, _, port = listen.rpartition(":")
    host = {"0.0.0.0": "127.0.0.1", "[::]": "::1"}.get(host, host.strip("[]"))  # noqa: S104 - whence to ask
    try:
        status = _ask(http.client.HTTPConnection(host, int(port), timeout=TIMEOUT))
    except (http.client.HTTPException, ConnectionResetError):
        status = _ask_by_tls(host, int(port))
    if status != http.HTTPStatus.OK:
        sys.exit(f"/healthz answers {status}")


def _ask_by_tls(host: str, port: int) -> int:
    # Whether it lives is asked, not who it is: its certificate is not for this address.
    context = ssl._create_unverified_context()  # noqa: S323, SLF001 - as the line above says
    connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=context)
    try:
        connection.connect()
    except ssl.SSLError as error:
        if "ALERT" not in str(error.reason):
            raise
        return int(http.HTTPStatus.OK)  # it wants to know who asks, and said so: TLS 1.2
    try:
        return _ask(connection)
    except (ssl.SSLError, ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected):
        return int(http.HTTPStatus.OK)  # as above: TLS 1.3 says so after the handshake


def _ask(connection: http.client.HTTPConnection) -> int:
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status
    finally:
        connection.close()


if __name__ == "__main__":
    try:
        main()
    except (OSError, http.client.HTTPException) as error:
        sys.exit(f"/healthz cannot be asked: {error}")
