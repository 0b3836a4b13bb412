"""Hands the log over to another signing key, from a file or a KMS to a file or a KMS.

A new file is written before the entry is sealed and put in the place of the old one after it, so
that whoever is killed in between can do it again and loses neither key.

    RotationError    nothing was handed over; the message is one line
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from msgspec import Struct

from agent.config import Settings
from agent.evidence import keys
from agent.evidence.keyring import read_keyring
from agent.evidence.kms.opening import open_kms
from agent.evidence.log import Log
from agent.evidence.note import NoteSigner, Signer, Verifier
from agent.evidence.store import Store
from agent.home import KEY, STORE, folder_of, open_store

NEXT = f"{KEY}.next"


class RotationError(Exception):
    """Nothing was handed over."""


class Rotated(Struct, frozen=True, kw_only=True):
    """To which key the log belongs now."""

    verifier: Verifier
    entry: int | None
    """None: it had been sealed before, and only the files were put in their places."""
    retired: Path | None
    """The file of the key before it."""


def rotate(settings: Settings, *, reason: str, by: str, at: datetime) -> Rotated:
    """Seal that another key signs from here on.

    Raises `RotationError`, `StoreError`, `KeyFileError`.
    """
    folder = folder_of(settings)
    with open_store(settings) as store, store.reading() as view:
        keyring = read_keyring(view)
    new = _new(settings, folder, keyring.newest.name)
    entry = None
    if keyring.newest != new.verifier:
        old = _old(settings, folder, keyring.newest)
        with Store.open(folder / STORE) as store, Log.open(store, old, at=at) as log:
            entry = log.rotate(new, reason=reason, by=by, at=at)
    retired = _put_in_place(folder, is_file=settings.key is None)
    if settings.key is not None and entry is None and retired is None:
        raise RotationError(f"the log belongs to {new.verifier} already; configure another `key`")
    return Rotated(verifier=new.verifier, entry=entry, retired=retired)


def _new(settings: Settings, folder: Path, name: str) -> NoteSigner:
    if settings.key is not None:
        return open_kms(name, settings.key, settings.path)
    path = folder / NEXT
    return keys.load(path) if path.exists() else keys.generate(path, name)


def _old(settings: Settings, folder: Path, wanted: Verifier) -> NoteSigner:
    path = folder / KEY
    if settings.old_key is not None:
        old: NoteSigner = open_kms(wanted.name, settings.old_key, settings.path)
    elif path.exists():
        old = keys.load(path)
    else:
        raise RotationError(f"{path}: is not there; name the key before it in `old_key`")
    if old.verifier != wanted:
        raise RotationError(f"the log belongs to {wanted}, and not to {old.verifier}")
    return old


def _put_in_place(folder: Path, *, is_file: bool) -> Path | None:
    """Take the old file away, and put the new one there; gives where the old one is."""
    path, new, retired = folder / KEY, folder / NEXT, None
    if path.exists() and (not is_file or new.exists()):
        old: Signer = keys.load(path)
        retired = folder / f"{KEY}.{old.verifier.key_id.hex()}"
        path.rename(retired)
    if is_file and new.exists():
        new.rename(path)
    return retired
