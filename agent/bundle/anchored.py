"""What a bundle shows of anchors: the receipts of the log as files that openssl can read.

Of many timestamps a day those come along that are enough to show that nothing waited too long; the
log has all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from agent.bundle import layout
from agent.evidence.anchors.receipt import STAMP, Receipt, receipts
from agent.evidence.store import Reading, StoreCorrupt

APART = timedelta(hours=20)
"""Below the lag that the policy allows by more than the hour between two timestamps."""


def anchor_files(view: Reading, size: int) -> Iterator[tuple[str, bytes]]:
    """Give (path, bytes) of the anchors of the first `size` entries. Raises `StoreCorrupt`."""
    by_place: dict[str, list[Receipt]] = {}
    for receipt in receipts(view):
        if receipt.entry < size:
            by_place.setdefault(receipt.place, []).append(receipt)
    for found in by_place.values():
        for receipt in _enough(found):
            note = view.checkpoint(receipt.size)
            proof = view.content(bytes.fromhex(receipt.proof))
            if note is None or proof is None:
                raise StoreCorrupt(f"entry {receipt.entry}: its checkpoint or proof is missing")
            ending = "tsr" if receipt.by == STAMP else "json"
            yield layout.anchor_path(receipt.size, "checkpoint"), note
            yield layout.anchor_path(receipt.size, f"{receipt.entry}.{ending}"), proof


def _enough(found: Iterable[Receipt]) -> Iterator[Receipt]:
    """Leave out receipts whose neighbours on both sides are less than `APART` from each other."""
    ordered = sorted(found, key=lambda receipt: receipt.time)
    last = None
    for place, receipt in enumerate(ordered):
        following = ordered[place + 1] if place + 1 < len(ordered) else None
        if last is None or following is None or following.time - last.time > APART:
            last = receipt
            yield receipt
