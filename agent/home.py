"""The folder of the evidence: the store and the signing key, made when they are not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from agent.config import Settings
from agent.evidence import keys
from agent.evidence.anchors.held import refuse_behind
from agent.evidence.anchors.opening import open_anchors
from agent.evidence.kms.opening import open_kms
from agent.evidence.log import Log
from agent.evidence.note import NoteSigner
from agent.evidence.store import Store, StoreMissing, StoreReadOnly
from agent.population import Roll, last_rolls

STORE = "evidence.db"
KEY = "log.key"


def folder_of(settings: Settings) -> Path:
    """Give the folder that the configuration names."""
    return settings.path(settings.store)


@contextmanager
def open_log(settings: Settings, *, at: datetime, compare: bool = True) -> Iterator[Log]:
    """Become the writer of the log, made with a new key when there is none yet.

    `compare`: refuse a store that lacks what the copies of its checkpoints prove. Raises
    `StoreError` or `KeyFileError`, each one line that says what to do.
    """
    folder = folder_of(settings)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StoreReadOnly(f"{folder}: cannot be made: {error.strerror}") from error
    key = open_key(settings)
    store = Store.open(folder / STORE)
    try:
        if compare:
            anchors = open_anchors(settings.anchors, settings.path, lambda: at)
            refuse_behind(store, key.verifier, anchors)
        with Log.open(store, key, at=at) as log:
            yield log
    finally:
        store.close()


@contextmanager
def open_store(settings: Settings) -> Iterator[Store]:
    """Read the store without being its writer; an agent may run meanwhile. Raises `StoreError`."""
    path = folder_of(settings) / STORE
    if not path.exists():
        raise StoreMissing(
            f"{path}: there is no evidence yet; `assay check` or `assay serve` starts it"
        )
    store = Store.open(path, create=False, read_only=True)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def open_store_if_any(settings: Settings) -> Iterator[Store | None]:
    """Read the store; None when there is no evidence yet. Raises `StoreError`."""
    with ExitStack() as stack:
        try:
            store = stack.enter_context(open_store(settings))
        except StoreMissing:
            store = None
        yield store


def known_rolls(settings: Settings) -> dict[str, Roll]:
    """Read who was last known to be observed; nobody when there is no evidence yet.

    Raises `StoreError`.
    """
    try:
        with open_store(settings) as store:
            return last_rolls(store)
    except StoreMissing:
        return {}


def open_key(settings: Settings) -> NoteSigner:
    """Open the signing key; a file is made when there is neither key nor log.

    Raises `KeyFileError` or `StoreUnsigned`.
    """
    if settings.key is not None:
        return open_kms(settings.origin, settings.key, settings.path)
    folder = folder_of(settings)
    path = folder / KEY
    if path.exists():
        return keys.load(path)
    if (folder / STORE).exists():
        raise keys.KeyFileError(f"{path}: the key of this log is gone; put it back to write on")
    return keys.generate(path, settings.origin)
