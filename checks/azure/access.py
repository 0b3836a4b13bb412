"""Which tenant of Azure is looked at, by whom, and through which endpoints."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Auth(StrEnum):
    """How we prove who we are: one, named in the configuration, never a chain of guesses."""

    WORKLOAD_IDENTITY = "workload_identity"
    MANAGED_IDENTITY = "managed_identity"
    CLIENT_CERTIFICATE = "client_certificate"
    CLIENT_SECRET = "client_secret"  # noqa: S105  # the name of a way, not a secret
    CLI = "cli"


class Cloud(Struct, frozen=True, kw_only=True):
    """The endpoints of one of Microsoft's clouds, or of what stands in front of it."""

    authority: str
    arm: str
    graph: str
    arm_audience: str = ""
    """Whom a token for `arm` is made out to; empty: the endpoint itself."""
    graph_audience: str = ""


CLOUDS = {
    "public": Cloud(
        authority="https://login.microsoftonline.com",
        arm="https://management.azure.com",
        graph="https://graph.microsoft.com",
    ),
    "usgovernment": Cloud(
        authority="https://login.microsoftonline.us",
        arm="https://management.usgovcloudapi.net",
        graph="https://graph.microsoft.us",
    ),
    "china": Cloud(
        authority="https://login.chinacloudapi.cn",
        arm="https://management.chinacloudapi.cn",
        graph="https://microsoftgraph.chinacloudapi.cn",
    ),
}
"""learn.microsoft.com/azure/developer/identity/sovereign-clouds and /graph/deployments"""


class Access(Struct, frozen=True, kw_only=True):
    """One identity in one tenant."""

    tenant: str
    auth: Auth = Auth.WORKLOAD_IDENTITY
    client_id: str = ""
    secret_file: str = ""
    """File with the client secret, for `client_secret`."""
    certificate_file: str = ""
    """PEM or PKCS #12, for `client_certificate`."""
    token_file: str = ""
    """File with the federated token, for `workload_identity`; empty: where the platform puts it."""
    cloud: Cloud = CLOUDS["public"]
    ca_bundle: str = ""
    """PEM file of the authorities that are trusted; empty: the SDK's own."""
    known_authority: bool = True
    """False: the authority is not Microsoft's, and is not looked up among Microsoft's."""
