"""Reads a bundle back: its entries, contents and the findings that stood after each run."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.bundle import layout
from agent.bundle.write import BundleError
from agent.evidence.entry import from_rfc3339
from agent.evidence.replay import Stood

States = dict[tuple[str, str], dict[str, dict[str, Any]]]
"""(target, rule) -> resource -> its row."""


class Bundle:
    """A bundle as a source of replays. What it says is checked by verify.py, not here."""

    def __init__(self, folder: Path) -> None:
        """Raises `BundleError` when there is no bundle."""
        self.folder = folder
        try:
            self.policy = json.loads((folder / layout.POLICY).read_bytes())
            self._lines = (folder / layout.ENTRIES).read_bytes().splitlines()
        except (OSError, ValueError) as error:
            raise BundleError(f"{folder}: is no bundle: {error}") from None
        self._places = {
            path.name.partition(".")[0]: path
            for path in (*folder.glob("blobs/*/*"), *folder.glob("rules/*/*"))
        }
        self._at = -1
        self._applied: States = {}
        self._targets: dict[int, str] = {}
        self._ahead: dict[str, Any] | None = None
        self._changes = self._rows()

    def entry(self, index: int) -> bytes | None:
        """Give the bytes of an entry that came before the export; None: there is none."""
        return self._lines[index] if 0 <= index < self.policy["size"] else None

    def content(self, digest: bytes) -> bytes | None:
        """Give a content; None: it is not of the period, or retention deleted it."""
        place = self._places.get(digest.hex())
        return None if place is None else place.read_bytes()

    def stood(self, index: int, target: str, rule: str) -> Iterator[Stood]:
        """Give the findings of a rule on a target that stood after the run of an entry."""
        for _, row in sorted(self._states(index).get((target, rule), {}).items()):
            yield Stood(
                resource=row["resource"],
                region=row["region"],
                outcome=row["outcome"],
                code=row["code"],
                message=row["message"],
                digest=bytes.fromhex(row["values"]),
            )

    def runs(self) -> list[int]:
        """Give the entries of the runs of the period, whose values are here."""
        low, high = from_rfc3339(self.policy["from"]), from_rfc3339(self.policy["to"])
        bodies = enumerate(map(json.loads, self._lines[: self.policy["size"]]))
        return [
            index
            for index, body in bodies
            if body["kind"] == "run" and low <= from_rfc3339(body["finished"]) < high
        ]

    def _states(self, index: int) -> States:
        """Apply every change up to the run of an entry, from where the last answer stood."""
        if index < self._at:
            self._at, self._applied, self._changes = -1, {}, self._rows()
        self._at = index
        while self._ahead is not None and self._ahead["run"] <= index:
            row = self._ahead
            target = self._target_of(row["run"])
            state = self._applied.setdefault((target, row["rule"]), {})
            if row["outcome"] == "gone":
                state.pop(row["resource"], None)
            else:
                state[row["resource"]] = row
            self._ahead = next(self._changes, None)
        return self._applied

    def _rows(self) -> Iterator[dict[str, Any]]:
        """Read the changes from the first, and have the first at hand."""
        rows = self._read()
        self._ahead = next(rows, None)
        return rows

    def _read(self) -> Iterator[dict[str, Any]]:
        with gzip.open(self.folder / layout.CHANGES) as file:
            for line in file:
                yield json.loads(line)

    def _target_of(self, run: int) -> str:
        if run not in self._targets:
            self._targets[run] = json.loads(self._lines[run])["target"]
        return self._targets[run]
