"""Where things are in a bundle, and the two lists of digests that bind them.

`MANIFEST.sha256` lists every file, for `sha256sum -c`. The sealed manifest is the same list without
the log and the anchors: its digest is in the `export` entry of the log, so that whoever changes a
file and writes the list anew must also change the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

FORMAT = "assay.bundle.v1"
MANIFEST = "MANIFEST.sha256"
POLICY = "policy.json"
ENTRIES = "log/entries.jsonl"
CHECKPOINTS = "log/checkpoints.jsonl"
HEAD = "log/checkpoint"
CHANGES = "state/changes.jsonl.gz"
SIGHTINGS = "state/sightings.jsonl.gz"
UNSEALED = ("log/", "anchors/")
"""Folders that prove themselves: signed, or stamped by somebody else, perhaps later."""
ALWAYS = {
    "run": ("plan", "also_seen"),
    "schedule": ("scopes",),
    "retention": ("deleted",),
    "population": ("ids",),
    "sample": ("items",),
}
"""Members whose contents come along also from before the period: the log is not understood
without them."""
_PIECE = 1 << 20


def blob_path(digest: str) -> str:
    """Give the place of a content."""
    return f"blobs/{digest[:2]}/{digest}"


def rule_path(rule: str, digest: str) -> str:
    """Give the place of a rule's text."""
    return f"rules/{rule}/{digest}.yaml"


def anchor_path(size: int, name: str) -> str:
    """Give the place of something that somebody else holds of the checkpoint of a size."""
    return f"anchors/{size}/{name}"


def digests(folder: Path) -> dict[str, str]:
    """Hash every file of a bundle but the manifest: path -> hex SHA-256, sorted by path."""
    paths = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    return {path: _digest(folder / path) for path in paths if path != MANIFEST}


def manifest(files: Mapping[str, str]) -> str:
    """Write the list as `sha256sum` does."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(files.items()))


def sealed_manifest(files: Mapping[str, str]) -> str:
    """Write the list of those files that the log's `export` entry vouches for."""
    return manifest({path: files[path] for path in files if not path.startswith(UNSEALED)})


def sealed_digest(files: Mapping[str, str]) -> str:
    """Give the hex digest of the sealed manifest."""
    return sha256(sealed_manifest(files).encode()).hexdigest()


def always_of(kind: str) -> Iterable[str]:
    """Name the members of an entry whose contents every bundle has."""
    return ALWAYS.get(kind, ())


def _digest(path: Path) -> str:
    found = sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.hexdigest()
