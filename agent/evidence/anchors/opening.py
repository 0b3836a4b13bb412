"""Opens the entries of `anchors` in the configuration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from agent.duration import parse_duration
from agent.evidence.anchors.authority import Authority
from agent.evidence.anchors.model import Anchor
from agent.evidence.anchors.settings import (
    AnchorSettings,
    AzureSettings,
    GcsSettings,
    Rfc3161Settings,
)


def open_anchors(
    entries: Sequence[AnchorSettings], path: Callable[[str], Path], now: Callable[[], datetime]
) -> tuple[Anchor, ...]:
    """Open every entry; nothing is asked yet. `path` resolves a path of the configuration."""
    return tuple(_open(entry, path, now) for entry in entries)


def roots_of(entries: Sequence[AnchorSettings], path: Callable[[str], Path]) -> dict[str, bytes]:
    """Read the roots of the authorities: url -> PEM. A file that is gone is left out."""
    found = {}
    for entry in entries:
        if isinstance(entry, Rfc3161Settings):
            with suppress(OSError):
                found[entry.url] = path(entry.roots).read_bytes()
    return found


def _open(
    entry: AnchorSettings, path: Callable[[str], Path], now: Callable[[], datetime]
) -> Anchor:
    if isinstance(entry, Rfc3161Settings):
        return Authority(entry.url, path(entry.roots), parse_duration(entry.every))
    if isinstance(entry, GcsSettings):
        from agent.evidence.anchors.gcp import GcsCopies  # noqa: PLC0415 - only who has one loads it

        file = str(path(entry.credentials_file)) if entry.credentials_file else ""
        return GcsCopies(entry, file)
    if isinstance(entry, AzureSettings):
        from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - as above

        from agent.evidence.anchors.azure import AzureCopies  # noqa: PLC0415 - as above

        return AzureCopies(entry, DefaultAzureCredential(), now)
    from agent.evidence.anchors.aws import S3Copies  # noqa: PLC0415 - only who has one loads an SDK

    return S3Copies(entry, now)
