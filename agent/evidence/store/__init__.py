"""The store: a file that keeps the log, the runs and their changes; the only room that knows SQL.

`Store.reading()` gives a consistent view, `Store.writing()` one transaction: all of it or nothing.
Errors: see `agent.evidence.store.errors`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import Engine, inspect

from agent.evidence.store import sqlite
from agent.evidence.store.errors import (
    KeyMismatch,
    SlotTaken,
    StoreBehind,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreMissing,
    StoreNewer,
    StoreReadOnly,
    StoreUnsigned,
)
from agent.evidence.store.read import Reading
from agent.evidence.store.tables import SCHEMA_VERSION, metadata
from agent.evidence.store.write import Writing

__all__ = [
    "KeyMismatch",
    "Reading",
    "SlotTaken",
    "Store",
    "StoreBehind",
    "StoreCorrupt",
    "StoreError",
    "StoreFull",
    "StoreLocked",
    "StoreMissing",
    "StoreNewer",
    "StoreReadOnly",
    "StoreUnsigned",
    "Writing",
]


class Store:
    """An open store. Reading needs no lock; writing is for the one who holds the log."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self.path = path
        self._engine = engine

    @classmethod
    def open(
        cls,
        path: Path | str,
        *,
        create: bool = True,
        read_only: bool = False,
        connect: sqlite.Connect = sqlite3.connect,
    ) -> Self:
        """Open the SQLite file at `path`, making it when `create`. Raises `StoreError`."""
        path = Path(path)
        if read_only or not create:
            if not path.exists():
                raise StoreMissing(f"{path}: no such store")
        else:
            _check_folder(path)
        store = cls(path, sqlite.open_engine(path, connect, read_only=read_only))
        try:
            store._prepare(create=create and not read_only)
        except BaseException:
            store.close()
            raise
        return store

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Give a view of the store as it is now; later writes do not show in it."""
        with (
            sqlite.as_store_errors(self.path),
            self._engine.connect() as connection,
            connection.begin(),
        ):
            yield Reading(connection)

    @contextmanager
    def auditing(self) -> Iterator[Reading]:
        """As `reading`, but text that is not UTF-8 any more is shown instead of refused."""
        with sqlite.as_store_errors(self.path), self._engine.connect() as connection:
            driver = connection.connection.driver_connection
            if driver is None:
                raise StoreError(f"{self.path}: the connection is gone")
            driver.text_factory = _as_found
            try:
                with connection.begin():
                    yield Reading(connection)
            finally:
                driver.text_factory = str

    @contextmanager
    def writing(self) -> Iterator[Writing]:
        """Open one transaction: kept whole at the end, or not at all when anything raises."""
        with (
            sqlite.as_store_errors(self.path),
            self._engine.connect().execution_options(writing=True) as connection,
            connection.begin(),
        ):
            writing = Writing(connection)
            yield writing
            writing.flush()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _prepare(self, *, create: bool) -> None:
        with sqlite.as_store_errors(self.path):
            if not inspect(self._engine).get_table_names():
                if not create:
                    raise StoreCorrupt(f"{self.path}: the file is empty: not a store")
                self._create()
            with self.reading() as view:
                version = view.meta().get("schema_version", "")
        if not version.isdecimal():
            raise StoreCorrupt(f"{self.path}: not a store of Assay, or damaged")
        if int(version) > SCHEMA_VERSION:
            raise StoreNewer(
                f"{self.path}: made by a newer Assay (schema {version}, this one knows "
                f"{SCHEMA_VERSION}); upgrade this program"
            )

    def _create(self) -> None:
        with (
            self._engine.connect().execution_options(writing=True) as connection,
            connection.begin(),
        ):
            if inspect(connection).get_table_names():
                return  # another process was faster
            metadata.create_all(connection)
            sqlite.create_guards(connection)
            Writing(connection).put_meta({"schema_version": str(SCHEMA_VERSION)})


def _check_folder(path: Path) -> None:
    folder = path.parent
    if not folder.is_dir():
        raise StoreMissing(f"{folder}: no such folder; make it, or name another place")
    if not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise StoreReadOnly(f"{path}: it may not be written; check the owner and mode of {folder}")


def _as_found(data: bytes) -> str:
    return data.decode(errors="surrogateescape")
