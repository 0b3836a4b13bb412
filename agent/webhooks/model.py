"""The nouns of webhooks: an event, its type, and its place in the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct


class Type(StrEnum):
    """What an event says."""

    DEVIATION_OPENED = "deviation.opened"
    DEVIATION_CLOSED = "deviation.closed"
    SIGHT_LOST = "sight.lost"
    SIGHT_REGAINED = "sight.regained"
    SLOTS_MISSED = "slots.missed"
    ATTESTATION_OVERDUE = "attestation.overdue"
    TEST = "test"
    """Sent by `assay webhook test` only."""


class Place(Struct, frozen=True, order=True):
    """How far the log was told: all entries before `entry`, and of that one up to `step`."""

    entry: int
    step: int = 0


class Event(Struct, frozen=True, kw_only=True):
    """One change of state."""

    id: str
    """Always the same for the same change in the same log: what is sent twice has one id."""
    type: Type
    at: datetime
    """When it was known: the end of the run, or when the attestation was due."""
    data: Mapping[str, Any]
    """Text from clouds in it is data, and cut (`agent.webhooks.message`)."""
    place: Place | None = None
    """Where the log stands when this is told; None: it is not from an entry."""
