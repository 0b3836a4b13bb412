"""Writes a bundle: everything but the log, then its `export` entry, then the log with that entry.

The log and the rows of changes come whole, from the first, because nothing less can be proven; the
period decides which values, files and rules come along. Nothing is held in memory but digests. The
same log, period and time give the same bytes.

    BundleError    the bundle cannot be made; the message is one line
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from importlib.resources import files as resources
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from msgspec import Struct

from agent.bundle import layout
from agent.bundle.anchored import anchor_files
from agent.evidence.entry import (
    Kind,
    blobs_of,
    canonical,
    deleted_by,
    from_rfc3339,
    to_micros,
    to_rfc3339,
)
from agent.evidence.keyring import read_keyring
from agent.evidence.leaf import GONE, OUTCOMES
from agent.evidence.store import Reading, Store, past

_SHIPPED = ("verify.py", "VERIFY.md", "README.txt")
_NAMED = 300
"""Papers that the entry names one by one; all of them are in its manifest."""
_RULE = re.compile(r"[a-z0-9][a-z0-9._-]*")


class BundleError(Exception):
    """The bundle cannot be made."""


class Order(Struct, frozen=True, kw_only=True):
    """What a bundle is to hold."""

    start: datetime
    end: datetime
    """Not in the period."""
    made_at: datetime
    papers: Mapping[str, bytes] = {}
    """Reports and workpapers by their path in the bundle (`workpapers/...`, `reports/...`)."""
    anchors: Mapping[str, bytes] = {}
    """Beside the log's own receipts: `anchors/roots.pem`, or what others hold of checkpoints."""


class Written(Struct, frozen=True, kw_only=True):
    """A bundle that was made."""

    folder: Path
    entry: int
    """The index of its `export` entry."""
    manifest: str
    """Hex digest of the sealed manifest, which the entry holds."""
    files: int


def write_bundle(
    store: Store, folder: Path, order: Order, seal: Callable[[Mapping[str, Any]], int]
) -> Written:
    """Write the bundle to a folder that must not exist.

    `seal` appends the `export` entry with the body that it is given, and gives its index once the
    store has it. Raises `BundleError` and `StoreError`; nothing is left behind then.
    """
    if folder.exists():
        raise BundleError(f"{folder}: exists already; name a new folder")
    if not order.start < order.end:
        raise BundleError("the period of a bundle must not be empty")
    part = folder.with_name(f"{folder.name}.part")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        with store.reading() as view:
            body = _Writing(view, part, order).write()
        entry = seal(body)
        with store.reading() as view:
            _write_log(view, part, entry + 1)
        files = layout.digests(part)
        _put(part / layout.MANIFEST, layout.manifest(files).encode())
        part.rename(folder)
    except OSError as error:
        raise BundleError(f"{folder}: cannot be written: {error.strerror}") from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Written(folder=folder, entry=entry, manifest=body["manifest"], files=len(files))


class _Writing:
    """The part of a bundle that one view of the store gives."""

    def __init__(self, view: Reading, folder: Path, order: Order) -> None:
        self.view, self.folder, self.order = view, folder, order
        self.names = view.names()
        self.size = view.size()
        low, high = to_micros(order.start), to_micros(order.end)
        self.first, self.last = view.run_bounds(low, high)
        self.entry_of = {row[0]: row[1] for row in view.runs(-(1 << 62), 1 << 62)}
        self.plans: set[str] = set()
        self.deleted: set[str] = set()
        self.anchors: dict[str, bytes] = {}

    def write(self) -> dict[str, Any]:
        """Write the files; gives the body of the `export` entry."""
        self._papers()
        self._cited()
        self._values()
        with _packed(self.folder / layout.CHANGES) as file:
            file.writelines(self._changes())
        with _packed(self.folder / layout.SIGHTINGS) as file:
            file.writelines(self._sightings())
        self._policy()
        files = layout.digests(self.folder)
        sealed = sum(not path.startswith(layout.UNSEALED) for path in files)
        return {
            "what": "bundle",
            "from": to_rfc3339(self.order.start),
            "to": to_rfc3339(self.order.end),
            "log": {"size": self.size, "root": self._root()},
            "manifest": layout.sealed_digest(files),
            "sealed_files": sealed,
            "papers": {path: files[path] for path in sorted(self.order.papers)[:_NAMED]},
        }

    def _papers(self) -> None:
        self.anchors = dict(anchor_files(self.view, self.size)) | dict(self.order.anchors)
        for path, content in {**self.order.papers, **self.anchors}.items():
            parts = PurePosixPath(path).parts
            if ".." in parts or parts[0] not in {"workpapers", "reports", "anchors"}:
                raise BundleError(f"{path}: papers go to workpapers/ or reports/")
            _put(self.folder / path, content)
        for name in _SHIPPED:
            _put(self.folder / name, (resources("agent.bundle") / name).read_bytes())

    def _cited(self) -> None:
        """Write what entries of the period cite, and what the whole log needs to be understood."""
        waiting: list[str] = []
        for index, data in self.view.entries():
            body = json.loads(data)
            self.deleted.update(deleted_by(body, self.view.content))
            if self._in_period(index, body):
                waiting += blobs_of(body)
            else:
                members = layout.always_of(body["kind"])
                waiting += blobs_of({name: body.get(name) for name in members})
            if body["kind"] == Kind.RUN and self._in_period(index, body):
                self.plans.add(body["plan"]["blob"])
        for digest in waiting:
            self._content(digest)
        for plan in sorted(self.plans):
            for rule, version in json.loads(self._content(plan)).items():
                self._content(version["text"], rule)

    def _in_period(self, index: int, body: Mapping[str, Any]) -> bool:
        if body["kind"] == Kind.RUN:
            low, high = self.entry_of.get(self.first), self.entry_of.get(self.last)
            return low is not None and high is not None and low <= index <= high
        return self.order.start <= from_rfc3339(body["at"]) < self.order.end

    def _values(self) -> None:
        """Write the values of all findings that stood before the period or came in it."""
        for target in self.view.targets():
            before = self.first - 1 if self.first else max(self.entry_of, default=0)
            for row in past.findings(self.view, target=target, run=before):
                if row[9]:
                    self._content(row[9].hex())
        for row in self.view.changes():
            if 0 < self.first <= row[1] <= self.last and row[10]:
                self._content(row[10].hex())

    def _content(self, digest: str, rule: str = "") -> bytes:
        named = rule and _RULE.fullmatch(rule)
        path = layout.rule_path(rule, digest) if named else layout.blob_path(digest)
        place = self.folder / path
        if place.exists():
            return place.read_bytes() if digest in self.plans else b""
        content = self.view.content(bytes.fromhex(digest))
        if content is None:
            if digest in self.deleted:
                return b""
            raise BundleError(f"blob {digest}: its content is missing; run `assay evidence verify`")
        _put(place, content)
        return content

    def _changes(self) -> Iterator[bytes]:
        for row in self.view.changes():
            _, run, rule, _, outcome, _, _, code, message, needs, digest = row[:11]
            yield _line(
                {
                    "run": self.entry_of[run],
                    "rule": self.names[rule],
                    "resource": row[12],
                    "region": row[13],
                    "outcome": "gone" if outcome == GONE else str(OUTCOMES[outcome]),
                    "code": code or "",
                    "message": message or "",
                    "needs": json.loads(needs) if needs else [],
                    "values": (digest or b"").hex(),
                }
            )

    def _sightings(self) -> Iterator[bytes]:
        for _, run, check, _, digest, _, resource, region in self.view.sightings():
            yield _line(
                {
                    "run": self.entry_of[run],
                    "check": self.names[check],
                    "resource": resource,
                    "region": region,
                    "digest": None if digest is None else digest.hex(),
                }
            )

    def _policy(self) -> None:
        meta = self.view.meta()
        policy = {
            "format": layout.FORMAT,
            "origin": meta["origin"],
            "vkey": str(read_keyring(self.view).newest),
            "from": to_rfc3339(self.order.start),
            "to": to_rfc3339(self.order.end),
            "made": to_rfc3339(self.order.made_at),
            "size": self.size,
            "root": self._root(),
            "anchors": sorted(self.anchors),
            "papers": sorted(self.order.papers),
        }
        text = json.dumps(policy, indent=2, sort_keys=True) + "\n"
        _put(self.folder / layout.POLICY, text.encode())

    def _root(self) -> str:
        note = self.view.checkpoint(self.size) or b""
        return note.decode().split("\n")[2]


def _write_log(view: Reading, folder: Path, size: int) -> None:
    """Write the entries and checkpoints up to a size."""
    for path in (layout.ENTRIES, layout.CHECKPOINTS):
        (folder / path).parent.mkdir(exist_ok=True)
    with (folder / layout.ENTRIES).open("wb") as file:
        file.writelines(data + b"\n" for index, data in view.entries() if index < size)
    with (folder / layout.CHECKPOINTS).open("wb") as file:
        for number, note in view.notes():
            if number <= size:
                file.write(_line({"size": number, "note": note.decode()}))
    head = view.checkpoint(size)
    if head is None:
        raise BundleError(f"the log has no checkpoint of size {size}")
    _put(folder / layout.HEAD, head)


@contextmanager
def _packed(path: Path) -> Iterator[gzip.GzipFile]:
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file, _gzip(file) as packed:
        yield packed


def _gzip(file: BinaryIO) -> gzip.GzipFile:
    """Compress without a name and a time, so that the same rows give the same bytes."""
    return gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0)


def _line(value: Any) -> bytes:
    return canonical(value) + b"\n"


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
