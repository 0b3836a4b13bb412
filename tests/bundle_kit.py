"""A small log with all that a bundle holds, the bundle of it, and verify.py run on a copy."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from evidence_world import HOUR, SIGNER, START, World, open_world

from agent.bundle.write import Order, Written, write_bundle
from agent.controls.attest import to_body
from agent.controls.model import Attestation, File, Result
from agent.evidence.entry import Kind, canonical
from agent.evidence.note import Checkpoint
from agent.evidence.tree import Frontier, leaf_hash

VERIFY = files("agent.bundle") / "verify.py"
HOURS = 30
NIGHT = (20, 21, 22)
"""Slots that the agent missed, as it recorded."""


WAIVER = {
    "event": "added",
    "id": "w1",
    "rule": "r1",
    "resources": ["bucket-9"],
    "where": "",
    "reason": "it goes",
    "requested_by": "Ana Lopez",
    "approved_by": "Bob Ito",
    "from": "2026-01-01T00:00:00Z",
    "until": "2026-02-01T00:00:00Z",
    "ticket": "T-1",
}


def attested(text: bytes, at: datetime) -> dict[str, Any]:
    """The body of a statement with one file."""
    return to_body(
        Attestation(
            control="privileged-access-review",
            period="2026-Q1",
            performer="Ana Lopez",
            reviewer="Bob Ito",
            performed_at=at,
            recorded_at=at,
            statement="looked at",
            result=Result.DONE,
            files=(File(name="minutes.txt", sha256=sha256(text).hexdigest(), size=len(text)),),
        )
    )


@dataclass
class Made:
    """A bundle, and the checkpoint that an auditor got half-way."""

    folder: Path
    held: Path
    written: Written


def tell(world: World, hours: int = HOURS) -> bytes:
    """Let a day and more pass; gives the checkpoint from half-way."""
    world.plan()
    half = b""
    for hour in range(hours):
        at = START + hour * HOUR
        if hour in NIGHT:
            continue
        world.log.record_missed(at)
        if hour == 5:
            world.log.append(Kind.WAIVER, WAIVER, at)
        if hour == 8:
            text = b"minutes of the review\n"
            world.log.append(Kind.ATTESTATION, attested(text, at), at, [text])
        if hour == 15:
            half = world.log.checkpoint()
        state = {
            (rule, f"bucket-{number}"): "fail" if (hour + number) % 7 == 0 else "pass"
            for rule in ("r1", "r2")
            for number in range(4 if hour < 12 else 3)
        }
        world.run(hour, state, calls={"ListBuckets": {"pages": hour}})
    return half


def bundle(world: World, folder: Path, *, made: datetime | None = None, **more: Any) -> Written:
    """Write the bundle of the hours from 6 on."""
    at = made or START + HOURS * HOUR
    order = Order(
        start=START + 6 * HOUR,
        end=START + HOURS * HOUR,
        made_at=at,
        papers=more.pop("papers", {"workpapers/C-1.csv": b"control,result\nC-1,held\n"}),
        **more,
    )
    return write_bundle(
        world.store, folder, order, lambda body: world.log.append(Kind.EXPORT, body, at)
    )


@contextmanager
def made(folder: Path) -> Iterator[Made]:
    """A bundle, made once."""
    with open_world(folder) as world:
        half = tell(world)
        held = folder / "held"
        held.write_bytes(half)
        yield Made(folder / "bundle", held, bundle(world, folder / "bundle"))


def verify(folder: Path, *more: str | Path) -> tuple[int, str]:
    """Run the verifier of this repository, alone and without this repository."""
    done = subprocess.run(
        [sys.executable, "-I", str(VERIFY), str(folder), *map(str, more)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd="/",
    )
    return done.returncode, done.stdout + done.stderr


def shell(folder: Path) -> set[str]:
    """Run every block of VERIFY.md that needs no sample; gives the lines that end in ok."""
    blocks = re.findall(r"```sh\n(.*?)```", (folder / "VERIFY.md").read_text(), re.DOTALL)
    script = f"cd '{folder}'\n" + "\n".join(blocks[:5])
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    return {line for line in done.stdout.splitlines() if line.endswith(": ok")}


def copied(bundle: Path, folder: Path) -> Path:
    """Copy a bundle."""
    shutil.copytree(bundle, folder)
    return folder


def listed(folder: Path) -> None:
    """Write MANIFEST.sha256 anew, as an attacker would."""
    paths = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    lines = [
        f"{sha256((folder / path).read_bytes()).hexdigest()}  {path}\n"
        for path in paths
        if path != "MANIFEST.sha256"
    ]
    (folder / "MANIFEST.sha256").write_text("".join(lines))


def rewritten(folder: Path, bodies: list[bytes]) -> None:
    """Write a whole log anew with the same key, as its owner could."""
    tree, notes, note = Frontier(), [], b""
    for body in bodies:
        tree.append(leaf_hash(body))
        note = bytes(SIGNER.sign(str(Checkpoint(SIGNER.name, tree.size, tree.root()))))
        notes.append(canonical({"size": tree.size, "note": note.decode()}) + b"\n")
    (folder / "log/entries.jsonl").write_bytes(b"".join(body + b"\n" for body in bodies))
    (folder / "log/checkpoints.jsonl").write_bytes(b"".join(notes))
    (folder / "log/checkpoint").write_bytes(note)


def entries(folder: Path) -> list[bytes]:
    """Read the lines of the log."""
    return (folder / "log/entries.jsonl").read_bytes().splitlines()


def write_entries(folder: Path, lines: list[bytes]) -> None:
    (folder / "log/entries.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))


def changed(line: bytes, **members: Any) -> bytes:
    """Write an entry with other members."""
    return canonical({**json.loads(line), **members})


def index_of(lines: list[bytes], kind: str, **members: Any) -> int:
    """Find the first entry of a kind, with these members."""
    for index, line in enumerate(lines):
        body: Mapping[str, Any] = json.loads(line)
        if body["kind"] == kind and all(body.get(k) == v for k, v in members.items()):
            return index
    raise LookupError(kind)
