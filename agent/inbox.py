"""What a command wants sealed while the agent is the log's one writer: left in a folder, taken up.

Beside the store, for whoever may write there. An item is complete when its `.json` is there: its
contents (`.0`, `.1`) are written before it. The agent takes items in the order of their
names and removes each once it is sealed; one that cannot be sealed is renamed to `.refused`. Only
what commands leave is sealed (`agent.admission`): who writes there says nothing of runs, gaps, keys
or deletions, and releases no legal hold. Asked to delete what is old, the agent does so by its own
rules.
Should the agent die between the two, the item is sealed twice: the later entry says the same again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from agent.admission import admit
from agent.config import Settings
from agent.evidence.entry import EntryError, Kind, to_rfc3339
from agent.evidence.log import Log
from agent.evidence.store import StoreLocked
from agent.home import folder_of, open_log
from agent.retention import Policy, RetentionError, retain

INBOX = "inbox"
_UNREADABLE = (
    OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError,
)  # fmt: skip
REQUEST = "request"
"""What an item of the kind `retention` is `of` that asks the agent to delete; never an entry."""


class InboxError(Exception):
    """An item cannot be left; the message says why."""


def seal(
    settings: Settings,
    kind: Kind,
    body: Mapping[str, Any],
    at: datetime,
    contents: Sequence[bytes] = (),
) -> int | None:
    """Append an entry now; None: an agent runs, and will append it within a minute.

    Raises `StoreError`, `KeyFileError`, `EntryError`, `InboxError`.
    """
    try:
        with open_log(settings, at=at) as log:
            return log.append(kind, body, at, contents)
    except StoreLocked:
        leave(folder_of(settings), kind, body, at, contents)
        return None


def leave(
    folder: Path, kind: Kind, body: Mapping[str, Any], at: datetime, contents: Sequence[bytes] = ()
) -> None:
    """Leave an item for the agent. Raises `InboxError`."""
    inbox = folder / INBOX
    digests = [sha256(content).hexdigest() for content in contents]
    data = json.dumps({"kind": str(kind), "body": body, "contents": digests}, sort_keys=True)
    name = f"{to_rfc3339(at)}-{sha256(data.encode()).hexdigest()[:16]}"
    try:
        inbox.mkdir(exist_ok=True, mode=0o700)
        for number, content in enumerate(contents):
            _write(inbox / f"{name}.{number}", content)
        _write(inbox / f"{name}.json", data.encode())
    except OSError as error:
        raise InboxError(f"{inbox}: cannot be written: {error.strerror}") from None


def take(folder: Path, log: Log, at: datetime) -> Iterator[str]:
    """Seal every item that was left; gives a line for each. Raises `StoreError`."""
    inbox = folder / INBOX
    for path in sorted(inbox.glob("*.json")) if inbox.is_dir() else ():
        yield _taken(path, log, at)


def _taken(path: Path, log: Log, at: datetime) -> str:
    try:
        item = json.loads(_read(path))
        if item["kind"] == Kind.RETENTION and item["body"].get("of") == REQUEST:
            return _retained(path, item["body"], log, at)
        parts = [path.with_suffix(f".{number}") for number in range(len(item["contents"]))]
        contents = [_read(part) for part in parts]
        kind, body = Kind(item["kind"]), item["body"]
        admit(kind, body, contents, at, log.store)
        index = log.append(kind, body, at, contents)
    except (*_UNREADABLE, EntryError, RetentionError) as error:
        path.rename(path.with_suffix(".refused"))
        return f"{path.name}: refused: {error}"
    for done in (path, *parts):
        done.unlink()
    return f"{path.name}: sealed as entry {index}"


def ask_to_retain(folder: Path, policy: Policy, at: datetime) -> None:
    """Leave word for the agent to delete what a policy lets go. Raises `InboxError`."""
    wanted = {name: int(getattr(policy, name).total_seconds()) for name in ("values", "calls")}
    leave(folder, Kind.RETENTION, {"of": REQUEST, **wanted}, at)


def _retained(path: Path, body: Mapping[str, Any], log: Log, at: datetime) -> str:
    """Delete as the agent, by its own rules: what is too young or under a hold stays."""
    policy = Policy(
        values=timedelta(seconds=body["values"]), calls=timedelta(seconds=body["calls"])
    )
    done = retain(log, policy, at)
    path.unlink()
    if done is None:
        return f"{path.name}: nothing may go"
    return f"{path.name}: {len(done[1])} contents deleted, sealed as entry {done[0]}"


def _read(path: Path) -> bytes:
    """Read a plain file: what is none could keep the agent waiting for ever. Raises `OSError`."""
    if not path.is_file():
        raise FileNotFoundError(f"{path.name} is no file")
    return path.read_bytes()


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
