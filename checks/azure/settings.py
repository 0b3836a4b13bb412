"""What an entry of `targets` can say of Azure: a tenant, and which of its subscriptions."""

from __future__ import annotations

import re

from msgspec import Struct

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
ENDPOINT = re.compile(r"https://[^/?#\s]+")
AUTH = ("workload_identity", "managed_identity", "client_certificate", "client_secret", "cli")
CLOUDS = ("public", "usgovernment", "china")


class EndpointSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Endpoints in place of the cloud's own: private links, proxies. Tokens stay the cloud's."""

    authority: str = ""
    arm: str = ""
    graph: str = ""
    known_authority: bool = True
    """False: the authority is not one of Microsoft's, and is not looked up among them."""

    def __post_init__(self) -> None:
        """Refuse what is not the root of a server that speaks TLS."""
        for key in ("authority", "arm", "graph"):
            value = getattr(self, key)
            if value and not ENDPOINT.fullmatch(value):
                raise ValueError(f"{key}: {value!r} is not `https://HOST`, without a path")


class AzureSettings(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="provider",
    tag="azure",
):
    """One way into one tenant of Azure."""

    tenant: str
    subscriptions: tuple[str, ...] = ()
    """Those that are expected. Empty: all that this identity is shown, asked for repeatedly."""
    management_groups: tuple[str, ...] = ()
    """Observe the subscriptions below these instead."""
    exclude: tuple[str, ...] = ()
    """Subscriptions that are not observed; the evidence lists them."""
    directory: bool = True
    """Whether the tenant itself is observed: people, roles, policies of Microsoft Entra."""
    name: str = ""
    auth: str = "workload_identity"
    client_id: str = ""
    secret_file: str = ""
    certificate_file: str = ""
    token_file: str = ""
    cloud: str = "public"
    endpoints: EndpointSettings = EndpointSettings()
    ca_bundle: str = ""

    def __post_init__(self) -> None:
        """Refuse what Azure cannot know, and what contradicts itself."""
        _guid("tenant", self.tenant)
        for key in ("subscriptions", "exclude"):
            for index, value in enumerate(getattr(self, key)):
                _guid(f"{key}[{index}]", value)
        _one_of("auth", self.auth, AUTH)
        _one_of("cloud", self.cloud, CLOUDS)
        if self.subscriptions and self.management_groups:
            raise ValueError("management_groups: `subscriptions` names them; keep one of the two")
        file = {"client_secret": "secret_file", "client_certificate": "certificate_file"}
        needed = file.get(self.auth)
        if needed and not getattr(self, needed):
            raise ValueError(f"auth: {self.auth} needs `{needed}`")
        if needed and not self.client_id:
            raise ValueError(f"auth: {self.auth} needs `client_id`")

    @property
    def provider(self) -> str:
        """The tag."""
        return "azure"


def _guid(key: str, value: str) -> None:
    if not GUID.fullmatch(value):
        form = "an id such as 11111111-2222-3333-4444-555555555555"
        raise ValueError(f"{key}: {value!r} is not {form}")


def _one_of(key: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValueError(f"{key}: {value!r} is not known; use {', '.join(known)}")
