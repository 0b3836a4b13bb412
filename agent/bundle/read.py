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
        self._known: tuple[int, States] = (-1, {})
        try:
            self.policy = json.loads((folder / layout.POLICY).read_bytes())
            self._lines = (folder / layout.ENTRIES).read_bytes().splitlines()
        except (OSError, ValueError) as error:
            raise BundleError(f"{folder}: is no bundle: {error}") from None
        self._places = {
            path.name.partition(".")[0]: path
            for path in (*folder.glob("blobs/*/*"), *folder.glob("rules/*/*"))
        }

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
        """Apply every change up to the run of an entry; the last answer is kept."""
        if self._known[0] == index:
            return self._known[1]
        states: States = {}
        targets: dict[int, str] = {}
        with gzip.open(self.folder / layout.CHANGES) as file:
            for line in file:
                row = json.loads(line)
                run = row["run"]
                if run > index:
                    break
                if run not in targets:
                    targets[run] = json.loads(self._lines[run])["target"]
                state = states.setdefault((targets[run], row["rule"]), {})
                if row["outcome"] == "gone":
                    state.pop(row["resource"], None)
                else:
                    state[row["resource"]] = row
        self._known = (index, states)
        return states
