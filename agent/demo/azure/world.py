"""What exists in the demo's Azure, as its APIs would describe it. Knows nothing of HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field

Json = dict[str, Any]

READER: tuple[Json, ...] = ({"actions": ["*/read"], "notActions": []},)
"""What the built-in role Reader gives."""


class Subscription(Struct, kw_only=True):
    """One subscription."""

    id: str
    name: str
    state: str = "Enabled"
    permissions: tuple[Json, ...] = READER
    """Of our identity on it; empty: it is not visible to us."""


class World(Struct, kw_only=True):
    """A tenant. Everything in it may be changed while it is served, under `lock`."""

    tenant: str
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    """By id."""
    rows: dict[str, dict[str, Json]] = field(default_factory=dict)
    """Table of Resource Graph -> id in lower case -> row."""
    answers: dict[str, Any] = field(default_factory=dict)
    """Path of Resource Manager in lower case -> an object, or a list that is paged."""
    graph: dict[str, Any] = field(default_factory=dict)
    """Path of Microsoft Graph (`users`) -> an object, or a list that is paged."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def subscribe(self, subscription: Subscription) -> None:
        """Let a subscription exist."""
        self.subscriptions[subscription.id] = subscription

    def put(self, row: Json, *, table: str = "resources") -> str:
        """Let a row of Resource Graph exist, or replace it; its id."""
        filled = {
            "location": "westeurope",
            "tags": {},
            "sku": None,
            "kind": "",
            "identity": None,
            "zones": None,
            "managedBy": "",
            "properties": {},
            "resourceGroup": "",
            **row,
            "type": row["type"].lower(),
        }
        self.rows.setdefault(table, {})[row["id"].lower()] = filled
        return str(row["id"])

    def answer(self, path: str, body: Any) -> None:
        """Let Resource Manager answer `path`."""
        self.answers[path.strip("/").lower()] = body

    def drop(self, identity: str) -> None:
        """Let a row exist no more, nor anything below it."""
        key = identity.lower()
        for rows in self.rows.values():
            rows.pop(key, None)
        for path in [path for path in self.answers if path.startswith(key.strip("/"))]:
            del self.answers[path]

    def find(self, table: str, types: Iterable[str], subscriptions: Iterable[str]) -> list[Json]:
        """Rows of these types in those of the subscriptions that our identity may read, by id."""
        wanted = set(types)
        known = self.subscriptions
        visible = {each for each in subscriptions if each in known and known[each].permissions}
        rows: Mapping[str, Json] = self.rows.get(table, {})
        return [
            row
            for _, row in sorted(rows.items())
            if row["type"] in wanted and row["subscriptionId"] in visible
        ]
