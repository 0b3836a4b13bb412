"""The one credential that the configuration names; nothing is asked before it is used."""

from __future__ import annotations

from typing import Any

import google.auth
from google.auth import compute_engine, identity_pool, impersonated_credentials
from google.auth import credentials as base
from google.auth import exceptions as auth
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from checks.gcp.access import Access, Auth
from checks.gcp.errors import from_auth_error, one_line
from checks.gcp.trust import trusting
from checks.model import CallError, Cause

CLOUD = "https://www.googleapis.com/auth/cloud-platform"
DIRECTORY = "https://www.googleapis.com/auth/admin.directory.user.readonly"


def credentials_of(access: Access) -> Renewed:
    """Make the credential for Google Cloud. Raises `CallError` when its file is not there."""
    return Renewed(_impersonated(access, _own(access, [CLOUD]), [CLOUD]), access)


def directory_credentials_of(access: Access) -> Renewed:
    """Make the credential for the directory, acting as the configured administrator.

    Raises `CallError` without one: only a service account's key can be delegated to (domain-wide
    delegation), or the account itself must have a role in the directory.
    """
    own = _own(access, [DIRECTORY])
    if access.admin and hasattr(own, "with_subject"):
        own = own.with_subject(access.admin)
    return Renewed(own, access)


def account_of(credentials: Any) -> str:
    """Who a credential is for: the service account's address, as far as it is known."""
    given = getattr(credentials, "given", credentials)
    for name in ("service_account_email", "signer_email", "account"):
        found = getattr(given, name, "")
        if found and found != "default":
            return str(found)
    return "unnamed"


class Renewed(base.Credentials):
    """A credential that is renewed with our trust in authorities, whoever asks for it.

    The transports of Google's library renew a credential with requests of their own.
    """

    def __init__(self, given: Any, access: Access) -> None:
        """`given` is the credential; nothing is asked yet."""
        super().__init__()  # type: ignore[no-untyped-call] # it has no types
        self.given = given
        self._quota_project_id = access.quota_project or None
        self._request = Request(session=trusting(access.ca_bundle))

    def ready(self) -> None:
        """Have a token that is good. Raises `google.auth.exceptions.GoogleAuthError`."""
        if not self.valid:
            self.refresh(self._request)

    def refresh(self, request: Any) -> None:  # noqa: ARG002  # of the library's protocol
        """Get a token. Raises `google.auth.exceptions.GoogleAuthError`."""
        self.given.refresh(self._request)
        self.token, self.expiry = self.given.token, self.given.expiry


def _own(access: Access, scopes: list[str]) -> Any:
    try:
        return _MAKERS[access.auth](access, scopes)
    except auth.GoogleAuthError as error:
        raise from_auth_error(error) from error
    except (OSError, ValueError) as error:
        words = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else error
        raise CallError(
            Cause.AUTH, "Credential", f"{access.auth}: {one_line(words)}", call="gcp:credential"
        ) from error


def _impersonated(access: Access, own: Any, scopes: list[str]) -> Any:
    if not access.impersonate:
        return own
    return impersonated_credentials.Credentials(  # type: ignore[no-untyped-call] # as above
        source_credentials=own, target_principal=access.impersonate, target_scopes=scopes
    )


def _metadata(_: Access, scopes: list[str]) -> Any:
    return compute_engine.Credentials(scopes=scopes)  # type: ignore[no-untyped-call] # as above


def _key(access: Access, scopes: list[str]) -> Any:
    return service_account.Credentials.from_service_account_file(  # type: ignore[no-untyped-call] # as above
        access.credentials_file, scopes=scopes
    )


def _federated(access: Access, scopes: list[str]) -> Any:
    # Not google.auth.load_credentials_from_file: that asks another API for a project's id.
    return identity_pool.Credentials.from_file(  # type: ignore[no-untyped-call] # as above
        access.credentials_file, scopes=scopes
    )


def _default(_: Access, scopes: list[str]) -> Any:
    found, _project = google.auth.default(scopes=scopes)
    return found


_MAKERS = {
    Auth.METADATA: _metadata,
    Auth.SERVICE_ACCOUNT: _key,
    Auth.EXTERNAL_ACCOUNT: _federated,
    Auth.ADC: _default,
}
