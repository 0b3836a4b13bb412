"""What exists in the demo's Google Cloud, with its past. Knows nothing of gRPC or HTTP."""

from __future__ import annotations

import re
import threading
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, field

Json = dict[str, Any]

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


class World(Struct, kw_only=True):
    """An organization. Everything in it may be changed while it is served, under `lock`."""

    organization: str
    """`organizations/123`."""
    history: dict[str, list[tuple[datetime, Json | None]]] = field(default_factory=dict)
    """Asset name -> its states, each from an instant on; None: deleted."""
    users: list[Json] = field(default_factory=list)
    """Of the directory, as the Admin SDK describes them."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def put(self, asset: Json, at: datetime = BEGINNING) -> str:
        """Let an asset be so from `at` on; its name."""
        name = str(asset["name"])
        self._add(name, at, asset)
        return name

    def drop(self, name: str, at: datetime = BEGINNING) -> None:
        """Let an asset exist no more from `at` on."""
        self._add(name, at, None)

    def found(self, parent: str, types: Iterable[str], at: datetime) -> list[Json]:
        """Assets below `parent` whose type matches one of the patterns, as of `at`, by name."""
        patterns = [re.compile(each) for each in types]
        return [
            asset
            for asset in self._as_of(at)
            if _below(asset, parent)
            and (not patterns or any(each.fullmatch(asset["assetType"]) for each in patterns))
        ]

    def _add(self, name: str, at: datetime, asset: Json | None) -> None:
        states = self.history.setdefault(name, [])
        states.append((at, asset))
        states.sort(key=lambda state: state[0])

    def _as_of(self, at: datetime) -> Iterator[Json]:
        for _, states in sorted(self.history.items()):
            before = bisect_right(states, at, key=lambda state: state[0])
            asset = states[before - 1][1] if before else None
            if asset is not None:
                yield asset


def _below(asset: Json, parent: str) -> bool:
    if parent.startswith("projects/") and not parent.removeprefix("projects/").isdigit():
        return f"/projects/{parent.removeprefix('projects/')}" in str(asset["name"]) or (
            asset.get("resource", {}).get("data", {}).get("projectId")
            == parent.removeprefix("projects/")
        )
    return parent in asset["ancestors"]
