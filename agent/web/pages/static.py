"""The files of the pages: served under the digest of their content, and so kept for ever.

The colours and the calendar are the reports' own (`agent/reports/templates/status.css`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from agent.reports.html import TEMPLATES as REPORTS

FOLDER = Path(__file__).with_name("static")
_FILES = {
    "pages.css": (REPORTS / "status.css", FOLDER / "frame.css", FOLDER / "parts.css"),
    "verify.js": (FOLDER / "verify.js",),
    "icon.svg": (FOLDER / "icon.svg",),
}
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class Static(Struct, frozen=True, kw_only=True):
    """A file as it is served."""

    name: str
    """`pages.0123456789abcdef.css`."""
    type: str
    content: bytes


@cache
def static_files() -> Mapping[str, Static]:
    """Give the files by the name that pages call them by (`pages.css`)."""
    return {name: _static(name, parts) for name, parts in _FILES.items()}


@cache
def by_address() -> Mapping[str, Static]:
    """Give the files by the name that they are served under."""
    return {file.name: file for file in static_files().values()}


def _static(name: str, parts: tuple[Path, ...]) -> Static:
    content = b"".join(part.read_bytes() for part in parts)
    stem, _, ending = name.rpartition(".")
    digest = sha256(content).hexdigest()[:16]
    return Static(
        name=f"{stem}.{digest}.{ending}",
        type=f"{_TYPES[f'.{ending}']}; charset=utf-8",
        content=content,
    )
