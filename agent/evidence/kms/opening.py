"""Opens the key that the configuration names, whichever cloud's it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from agent.evidence.kms.settings import AwsKmsSettings, GcpKmsSettings, KeySettings
from agent.evidence.kms.signer import Kms, KmsSigner


def open_kms(name: str, settings: KeySettings, path: Callable[[str], Path]) -> KmsSigner:
    """Open a key under the name of a log. Raises `StoreUnsigned`.

    `path` resolves a path of the configuration.
    """
    return KmsSigner(name, _open(settings, path))


def _open(settings: KeySettings, path: Callable[[str], Path]) -> Kms:
    if isinstance(settings, AwsKmsSettings):
        from agent.evidence.kms.aws import AwsKms  # noqa: PLC0415 - only who has one loads an SDK

        return AwsKms(settings)
    if isinstance(settings, GcpKmsSettings):
        from agent.evidence.kms.gcp import GcpKms  # noqa: PLC0415 - as above

        file = str(path(settings.credentials_file)) if settings.credentials_file else ""
        return GcpKms(settings, file)
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - as above

    from agent.evidence.kms.azure import AzureKey  # noqa: PLC0415 - as above

    return AzureKey(settings, DefaultAzureCredential())
