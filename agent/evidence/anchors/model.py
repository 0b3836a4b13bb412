"""What an anchor is: somebody else who stamps or keeps checkpoints.

AnchorError    it cannot be had, or what came does not hold; the message is one line
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from msgspec import Struct

LAG = timedelta(hours=26)
"""The longest time that an entry may wait for an anchor: a day, and a little for failures."""


class AnchorError(Exception):
    """An anchor failed; monitoring goes on."""


class Given(Struct, frozen=True, kw_only=True):
    """What an anchor gave for a checkpoint."""

    time: datetime
    """When it had it, by its own clock."""
    proof: bytes
    """The raw reply of a time-stamping authority, or what is known of the copy, as JSON."""


class Anchor(Protocol):
    """One entry of `anchors:` in the configuration."""

    @property
    def kind(self) -> str:
        """`rfc3161`, `s3`."""
        ...

    @property
    def place(self) -> str:
        """Where it is, which is also how receipts name it."""
        ...

    @property
    def every(self) -> timedelta:
        """How often it is asked while there is something new."""
        ...

    def put(self, note: bytes, size: int) -> Given:
        """Have the checkpoint of a log of `size` entries anchored. Raises `AnchorError`."""
        ...

    def check(self) -> str:
        """Try it without leaving anything behind; says what is well. Raises `AnchorError`."""
        ...


@runtime_checkable
class Copies(Anchor, Protocol):
    """An anchor from which the checkpoints themselves can be had again."""

    def copies(self, after: int) -> Iterator[bytes]:
        """Give the checkpoints of logs longer than `after`, the longest first.

        Raises `AnchorError`.
        """
        ...
