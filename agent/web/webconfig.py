"""The web configuration file that Prometheus's exporters read: TLS, client certificates, passwords.

Format: github.com/prometheus/exporter-toolkit, docs/web-configuration.md. What would make it safer
and is not known here is refused, never left out in silence.

WebConfigError    the file is wrong; one line with its place
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from checks.yaml import Map, YamlError, find_place, read_yaml

NO_CLIENT, IF_GIVEN, REQUIRED = (
    "NoClientCert",
    "VerifyClientCertIfGiven",
    "RequireAndVerifyClientCert",
)
_VERIFY = {NO_CLIENT: ssl.CERT_NONE, IF_GIVEN: ssl.CERT_OPTIONAL, REQUIRED: ssl.CERT_REQUIRED}
_UNCHECKED = ("RequestClientCert", "RequireAnyClientCert")
_VERSIONS = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
_OLD = ("TLS10", "TLS11")
_TLS = (
    *("cert_file", "key_file", "client_auth_type", "client_ca_file"),
    *("min_version", "max_version"),
)
_BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")
_COSTS = range(4, 16)
"""Beyond it one check would take seconds."""


class WebConfigError(Exception):
    """The web configuration is wrong; the message says where."""


class Tls(Struct, frozen=True, kw_only=True):
    """How connections are protected."""

    certificate: Path
    key: Path
    client_auth: str = NO_CLIENT
    client_ca: Path | None = None
    minimum: str = "TLS12"
    maximum: str = "TLS13"

    def context(self) -> ssl.SSLContext:
        """Build the server's context. Raises `WebConfigError` for files that do not fit."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = _VERSIONS[self.minimum]
        context.maximum_version = _VERSIONS[self.maximum]
        context.verify_mode = _VERIFY[self.client_auth]
        try:
            context.load_cert_chain(self.certificate, self.key)
            if self.client_ca is not None:
                context.load_verify_locations(self.client_ca)
        except (OSError, ssl.SSLError) as error:
            said = getattr(error, "reason", None) or error.strerror or error
            names = ", ".join(str(path) for path in self.files)
            raise WebConfigError(f"{names}: cannot be used for TLS: {said}") from None
        return context

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that it reads."""
        return (self.certificate, self.key, *([self.client_ca] if self.client_ca else []))


class WebConfig(Struct, frozen=True, kw_only=True):
    """What the file says."""

    tls: Tls | None = None
    users: Mapping[str, str] = {}
    """Name -> bcrypt hash of the password."""

    @property
    def requires_certificate(self) -> bool:
        """Whether nobody connects without a certificate that is verified."""
        return self.tls is not None and self.tls.client_auth == REQUIRED


def load_web_config(path: Path) -> WebConfig:
    """Read the file; paths in it are relative to its folder. Raises `WebConfigError`."""
    try:
        document = read_yaml(path) or Map()
    except YamlError as error:
        raise WebConfigError(str(error)) from None
    except OSError as error:
        raise WebConfigError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        known = ("tls_server_config", "basic_auth_users", "http_server_config")
        _refuse_unknown(document, known, ())
        _refuse_unknown(
            document.get("http_server_config") or {}, ("http2",), ("http_server_config",)
        )
        tls = document.get("tls_server_config")
        return WebConfig(
            tls=_tls(tls, path.parent) if tls else None,
            users=_users(document.get("basic_auth_users") or {}),
        )
    except _Wrong as wrong:
        place = find_place(document, wrong.steps) or path
        raise WebConfigError(f"{place}: {wrong}") from None


class _Wrong(Exception):  # noqa: N818 - internal: becomes a WebConfigError with its place
    def __init__(self, message: str, *steps: str) -> None:
        super().__init__(message)
        self.steps = steps


def _refuse_unknown(document: Any, known: tuple[str, ...], steps: tuple[str, ...]) -> None:
    if not isinstance(document, Mapping):
        raise _Wrong("a mapping is expected", *steps)
    for key in document:
        if key not in known:
            raise _Wrong(f"{key}: not supported; there is {', '.join(known)}", *steps, str(key))


def _tls(document: Any, folder: Path) -> Tls:
    at = "tls_server_config"
    _refuse_unknown(document, _TLS, (at,))
    said = {name: str(document[name]) for name in document if document[name] is not None}
    for name in ("cert_file", "key_file"):
        if not said.get(name):
            raise _Wrong(f"{name}: a file is expected", at, name)
    auth = said.get("client_auth_type", NO_CLIENT)
    if auth in _UNCHECKED:
        raise _Wrong(f"{auth} checks no certificate; use {REQUIRED}", at, "client_auth_type")
    if auth not in _VERIFY:
        raise _Wrong(f"{auth}: use one of {', '.join(_VERIFY)}", at, "client_auth_type")
    if (auth == NO_CLIENT) != (not said.get("client_ca_file")):
        raise _Wrong("client_ca_file and a client_auth_type that verifies belong together", at)
    versions = {name: said.get(name, default) for name, default in _LIMITS.items()}
    for name, version in versions.items():
        if version in _OLD:
            raise _Wrong(f"{version} is broken (RFC 8996); use TLS12 or TLS13", at, name)
        if version not in _VERSIONS:
            raise _Wrong(f"{version}: use TLS12 or TLS13", at, name)
    if versions["min_version"] > versions["max_version"]:
        raise _Wrong("min_version is above max_version", at, "min_version")
    return Tls(
        certificate=folder / said["cert_file"],
        key=folder / said["key_file"],
        client_auth=auth,
        client_ca=folder / said["client_ca_file"] if said.get("client_ca_file") else None,
        minimum=versions["min_version"],
        maximum=versions["max_version"],
    )


_LIMITS = {"min_version": "TLS12", "max_version": "TLS13"}


def _users(document: Any) -> dict[str, str]:
    if not isinstance(document, Mapping):
        raise _Wrong("a mapping is expected", "basic_auth_users")
    return {str(name): _hash(str(name), document[name]) for name in document}


def _hash(name: str, value: Any) -> str:
    found = _BCRYPT.fullmatch(str(value))
    if found is None or int(found[1]) not in _COSTS:
        costs = f"cost {_COSTS.start} to {_COSTS.stop - 1}"
        raise _Wrong(f"{name}: a bcrypt hash ({costs}) is expected", "basic_auth_users", name)
    return str(value)
