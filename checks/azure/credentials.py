"""The one credential that the configuration names; nothing is asked before it is used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure.identity import (
    AzureCliCredential,
    CertificateCredential,
    ClientSecretCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)

from checks.azure.access import Access, Auth
from checks.model import CallError, Cause

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

CONNECT, READ = 5.0, 30.0
"""Seconds for a connection, and of silence after which a token is given up."""


def credential_of(access: Access) -> TokenCredential:
    """Make the credential. Raises `CallError` when what it is made of is not there."""
    made: TokenCredential
    try:
        made = _MAKERS[access.auth](access)
    except (ValueError, OSError) as error:
        raise CallError(
            Cause.AUTH, "Credential", f"{access.auth}: {_words(error)}", call="azure:credential"
        ) from error
    return made


def _secret(access: Access) -> Any:
    if not access.secret_file:
        raise ValueError("no secret_file is configured")
    secret = Path(access.secret_file).read_text(encoding="utf-8").strip()
    return ClientSecretCredential(access.tenant, access.client_id, secret, **_options(access))


def _certificate(access: Access) -> Any:
    if not access.certificate_file:
        raise ValueError("no certificate_file is configured")
    return CertificateCredential(
        access.tenant, access.client_id, access.certificate_file, **_options(access)
    )


def _workload(access: Access) -> Any:
    return WorkloadIdentityCredential(
        tenant_id=access.tenant,
        client_id=access.client_id or None,
        token_file_path=access.token_file or None,
        **_options(access),
    )


def _managed(access: Access) -> Any:
    return ManagedIdentityCredential(client_id=access.client_id or None)


def _cli(access: Access) -> Any:
    return AzureCliCredential(tenant_id=access.tenant)


def _options(access: Access) -> dict[str, Any]:
    return {
        "authority": access.cloud.authority,
        "disable_instance_discovery": not access.known_authority,
        "connection_verify": access.ca_bundle or True,
        "connection_timeout": CONNECT,
        "read_timeout": READ,
        "retry_total": 0,  # the collector retries, with its caps and its deadline
    }


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split())


_MAKERS = {
    Auth.WORKLOAD_IDENTITY: _workload,
    Auth.MANAGED_IDENTITY: _managed,
    Auth.CLIENT_CERTIFICATE: _certificate,
    Auth.CLIENT_SECRET: _secret,
    Auth.CLI: _cli,
}
