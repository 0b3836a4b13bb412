"""A statement that a manual control was performed: checked, written for the log, read from it.

The entry keeps the digest of every file. Files up to `LARGEST_KEPT` are blobs of the evidence, each
cited by a member of its own (`file 1`, `file 2`); a larger one lies beside the store, under its
digest in `attachments`.

    AttestError    the statement cannot be taken; the message says why
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from agent.controls.document import same_name
from agent.controls.model import Attestation, Cadence, Control, File, Manual, Result
from agent.controls.periods import parse_period
from agent.evidence import queries
from agent.evidence.entry import Kind, from_rfc3339, to_rfc3339, whole
from agent.evidence.store import Store

LARGEST_KEPT = 10 * 1024 * 1024
"""Bytes of a file that the evidence itself holds."""
MOST_FILES = 100
LONGEST_STATEMENT = 10_000
"""Characters."""
ATTACHMENTS = "attachments"
_PIECE = 1 << 20


class AttestError(Exception):
    """A statement cannot be taken."""


def verify_attestation(attestation: Attestation, control: Control) -> None:
    """Check a statement against its control. Raises `AttestError`."""
    manual = control.manual
    if manual is None:
        raise AttestError(f"{control.id}: rules prove it; there is nothing to attest")
    start = _start(attestation, manual)
    verify_words(attestation)
    if attestation.performed_at < start:
        raise AttestError(
            f"{control.id}: it was performed before {attestation.period} began ({start:%Y-%m-%d})"
        )


def verify_words(attestation: Attestation) -> None:
    """Check a statement by itself, whatever its control is. Raises `AttestError`."""
    control = attestation.control
    for name in ("performer", "reviewer", "statement"):
        if not getattr(attestation, name).strip():
            raise AttestError(f"{control}: the {name} is missing")
    if same_name(attestation.performer, attestation.reviewer):
        raise AttestError(f"{control}: somebody else than the performer must review")
    if len(attestation.statement) > LONGEST_STATEMENT:
        raise AttestError(f"{control}: more than {LONGEST_STATEMENT} characters; attach a file")
    if len(attestation.files) > MOST_FILES:
        raise AttestError(f"{control}: more than {MOST_FILES} files; attach an archive of them")
    if attestation.performed_at > attestation.recorded_at:
        raise AttestError(f"{control}: it cannot have been performed in the future")


def read_files(paths: Sequence[Path], beside: Path) -> tuple[list[File], list[bytes]]:
    """Read the attached files: what is said of each, and the contents that the evidence keeps.

    A larger file is copied to `beside`/attachments. Raises `AttestError`.
    """
    found: list[File] = []
    contents: list[bytes] = []
    for path in paths:
        try:
            if path.stat().st_size > LARGEST_KEPT:
                found.append(_copied(path, beside / ATTACHMENTS))
                continue
            data = path.read_bytes()
        except OSError as error:
            raise AttestError(f"{path}: cannot be read: {error.strerror}") from None
        contents.append(data)
        found.append(File(name=path.name, sha256=sha256(data).hexdigest(), size=len(data)))
    return found, contents


def to_body(attestation: Attestation) -> dict[str, Any]:
    """Write the body of the log's entry."""
    occurred = attestation.occurred_at
    kept = [file for file in attestation.files if file.kept]
    return {
        "control": attestation.control,
        "period": attestation.period,
        "performer": attestation.performer,
        "reviewer": attestation.reviewer,
        "performed_at": to_rfc3339(attestation.performed_at),
        "statement": attestation.statement,
        "result": str(attestation.result),
        "files": [msgspec.to_builtins(file) for file in attestation.files],
        **({"occurred_at": to_rfc3339(occurred)} if occurred else {}),
        **{
            f"file {number}": {"blob": file.sha256, "size": file.size}
            for number, file in enumerate(kept, start=1)
        },
    }


def recorded_attestations(store: Store) -> list[Attestation]:
    """Give every statement of the log, oldest first; a later one amends. Raises `StoreError`."""
    bodies = list(queries.entries(store, kind=Kind.ATTESTATION))
    with store.reading() as view:
        for _, body in bodies:
            body["files"] = whole(body["files"], view.content)
    return [read_body(index, body) for index, body in bodies]


def write_files(attestation: Attestation, store: Store, beside: Path, out: Path) -> Iterator[Path]:
    """Write the files of a statement into `out`, which is new or empty; gives their paths.

    Raises `AttestError` when one is no longer there or is not what was sealed.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise AttestError(f"{out}: is not empty")
        for number, file in enumerate(attestation.files, start=1):
            content = _content(file, store, beside)
            path = out / f"{number}-{Path(file.name).name}"
            path.write_bytes(content)
            yield path
    except OSError as error:
        raise AttestError(f"{error.filename}: {error.strerror}") from None


def _content(file: File, store: Store, beside: Path) -> bytes:
    if file.kept:
        with store.reading() as view:
            content = view.content(bytes.fromhex(file.sha256))
    else:
        path = beside / ATTACHMENTS / file.sha256
        content = path.read_bytes() if path.exists() else None
    if content is None:
        raise AttestError(f"{file.name}: its content is no longer kept ({file.sha256})")
    if sha256(content).hexdigest() != file.sha256:
        raise AttestError(f"{file.name}: it is not the file that was sealed ({file.sha256})")
    return content


def _start(attestation: Attestation, manual: Manual) -> datetime:
    """Find when the period, or the event, began."""
    if manual.cadence is Cadence.EVENT:
        if attestation.occurred_at is None:
            message = f"no event '{attestation.period}' is listed; say when it happened"
            raise AttestError(f"{attestation.control}: {message} (--occurred)")
        return datetime.combine(attestation.occurred_at.date(), time(), UTC)
    try:
        period = parse_period(manual.cadence, attestation.period)
    except ValueError as error:
        raise AttestError(f"{attestation.control}: {error}") from None
    return datetime.combine(period.start, time(), UTC)


def _copied(path: Path, folder: Path) -> File:
    """Copy a large file under its digest, which is known only when all of it was read."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder / f"{path.name}.part"
    digest, size = sha256(), 0
    with path.open("rb") as source, part.open("wb") as target:
        while piece := source.read(_PIECE):
            digest.update(piece)
            size += target.write(piece)
        target.flush()
        os.fsync(target.fileno())
    part.rename(folder / digest.hexdigest())
    return File(name=path.name, sha256=digest.hexdigest(), size=size, kept=False)


def read_body(index: int, body: Mapping[str, Any]) -> Attestation:
    """Read what `to_body` wrote, from the entry of an index, with all of its files."""
    occurred = body.get("occurred_at")
    return Attestation(
        control=body["control"],
        period=body["period"],
        performer=body["performer"],
        reviewer=body["reviewer"],
        performed_at=from_rfc3339(body["performed_at"]),
        recorded_at=from_rfc3339(body["at"]),
        statement=body["statement"],
        result=Result(body["result"]),
        files=tuple(msgspec.convert(file, File) for file in body["files"]),
        occurred_at=from_rfc3339(occurred) if occurred else None,
        entry=index,
    )
