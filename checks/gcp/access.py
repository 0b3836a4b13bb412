"""Which part of Google Cloud is looked at, by whom, and through which endpoints."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Auth(StrEnum):
    """How we prove who we are: one, named in the configuration, never a chain of guesses."""

    METADATA = "metadata"
    """The service account of the machine, by its metadata server."""
    SERVICE_ACCOUNT = "service_account"
    """A key file."""
    EXTERNAL_ACCOUNT = "external_account"
    """Workload identity federation: a configuration file, no key."""
    ADC = "adc"
    """Application default credentials, for a person's own machine."""


class Transport(StrEnum):
    """How Cloud Asset Inventory is asked; the evidence is the same."""

    GRPC = "grpc"
    REST = "rest"


class Access(Struct, frozen=True, kw_only=True):
    """One identity below one parent."""

    parent: str
    """`organizations/123`, `folders/456` or `projects/my-project`: what is listed at once."""
    auth: Auth = Auth.METADATA
    credentials_file: str = ""
    """Key or federation file, for `service_account` and `external_account`."""
    impersonate: str = ""
    """Service account to act as; empty: ourselves."""
    quota_project: str = ""
    """Project whose quota the calls use, and whose API must be enabled."""
    admin: str = ""
    """Workspace administrator as whom the directory is read (domain-wide delegation)."""
    transport: Transport = Transport.GRPC
    asset_endpoint: str = "cloudasset.googleapis.com"
    admin_endpoint: str = "https://admin.googleapis.com"
    ca_bundle: str = ""
    """PEM file of the authorities that are trusted; empty: the library's own."""
