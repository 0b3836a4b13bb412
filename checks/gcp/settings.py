"""What an entry of `targets` can say of Google Cloud: a parent, and which of its projects."""

from __future__ import annotations

import re

from msgspec import Struct

PARENT = re.compile(r"(organizations|folders)/\d+|projects/[a-z][a-z0-9-]{4,28}[a-z0-9]")
PROJECT = re.compile(r"([a-z][a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
"""cloud.google.com/resource-manager/docs/creating-managing-projects; older ones name a domain."""
AUTH = ("metadata", "service_account", "external_account", "adc")
TRANSPORT = ("grpc", "rest")


class EndpointSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Endpoints in place of Google's own: Private Service Connect, restricted VIPs, proxies."""

    asset: str = ""
    """`HOST` or `HOST:PORT`."""
    admin: str = ""
    """`https://HOST`."""

    def __post_init__(self) -> None:
        """Refuse what is not a server that speaks TLS."""
        if "/" in self.asset:
            raise ValueError(f"asset: {self.asset!r} is not `HOST` or `HOST:PORT`")
        if self.admin and not re.fullmatch(r"https://[^/?#\s]+", self.admin):
            raise ValueError(f"admin: {self.admin!r} is not `https://HOST`, without a path")


class GcpSettings(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="provider",
    tag="gcp",
):
    """One way into Google Cloud."""

    parent: str
    """`organizations/123`, `folders/456` or `projects/my-project`: what is listed at once."""
    projects: tuple[str, ...] = ()
    """Ids of those that are expected. Empty: all that the inventory shows below the parent."""
    exclude: tuple[str, ...] = ()
    """Projects that are not observed; the evidence lists them."""
    name: str = ""
    auth: str = "metadata"
    credentials_file: str = ""
    impersonate: str = ""
    quota_project: str = ""
    admin: str = ""
    """Workspace administrator as whom people are read; empty: the account's own role."""
    transport: str = "grpc"
    endpoints: EndpointSettings = EndpointSettings()
    ca_bundle: str = ""

    def __post_init__(self) -> None:
        """Refuse what Google Cloud cannot know, and what contradicts itself."""
        if not PARENT.fullmatch(self.parent):
            form = "`organizations/NUMBER`, `folders/NUMBER` or `projects/ID`"
            raise ValueError(f"parent: {self.parent!r} is not {form}")
        for key in ("projects", "exclude"):
            for index, value in enumerate(getattr(self, key)):
                if not PROJECT.fullmatch(value):
                    raise ValueError(f"{key}[{index}]: {value!r} is not the id of a project")
        for key, known in (("auth", AUTH), ("transport", TRANSPORT)):
            if getattr(self, key) not in known:
                raise ValueError(
                    f"{key}: {getattr(self, key)!r} is not known; use {', '.join(known)}"
                )
        if self.auth in {"service_account", "external_account"} and not self.credentials_file:
            raise ValueError(f"auth: {self.auth} needs `credentials_file`")

    @property
    def provider(self) -> str:
        """The tag."""
        return "gcp"
