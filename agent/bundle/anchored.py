"""What a bundle shows of anchors: the receipts of the log as files that openssl can read.

Of many timestamps a day those come along that are enough to show that nothing waited too long; the
log has all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from agent.bundle import layout
from agent.evidence.anchors.receipt import STAMP, enough, receipts
from agent.evidence.store import Reading, StoreCorrupt


def anchor_files(view: Reading, size: int) -> Iterator[tuple[str, bytes]]:
    """Give (path, bytes) of the anchors of the first `size` entries. Raises `StoreCorrupt`."""
    for receipt in enough(each for each in receipts(view) if each.entry < size):
        note = view.checkpoint(receipt.size)
        proof = view.content(bytes.fromhex(receipt.proof))
        if note is None or proof is None:
            raise StoreCorrupt(f"entry {receipt.entry}: its checkpoint or proof is missing")
        ending = "tsr" if receipt.by == STAMP else "json"
        yield layout.anchor_path(receipt.size, "checkpoint"), note
        yield layout.anchor_path(receipt.size, f"{receipt.entry}.{ending}"), proof
