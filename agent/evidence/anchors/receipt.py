"""Receipts: the log's own entries about who else has which of its checkpoints.

An entry of the kind `anchor` has `by` (the kind of anchor), `place`, `size`, `time` (by the other's
clock) and `proof` (what the other gave, as a blob). So receipts are only ever added, cannot be
changed or dropped, and say of the log from there on that it is not older than they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from msgspec import Struct

from agent.evidence.anchors.der import read_stamp
from agent.evidence.anchors.model import AnchorError
from agent.evidence.anchors.timestamp import verify_imprint
from agent.evidence.entry import Kind, from_rfc3339, to_rfc3339
from agent.evidence.store import Reading

STAMP = "rfc3161"
APART = timedelta(hours=20)
"""Below the lag that the policy allows by more than the hour between two receipts."""


class Receipt(Struct, frozen=True, kw_only=True):
    """One receipt as it was sealed."""

    entry: int
    at: datetime
    """When it was sealed, by our clock."""
    by: str
    place: str
    size: int
    time: datetime
    proof: str
    """Hex digest of the content."""


def body_of(*, by: str, place: str, size: int, time: datetime, proof: bytes) -> dict[str, Any]:
    """Give the body of the entry; its content is `proof`."""
    return {
        "by": by,
        "place": place,
        "size": size,
        "time": to_rfc3339(time),
        "proof": {"blob": sha256(proof).hexdigest(), "size": len(proof)},
    }


def proof_of_copy(note: bytes, where: Mapping[str, str]) -> bytes:
    """Give the proof of a copy: where it is, and its digest."""
    proof = {**where, "sha256": sha256(note).hexdigest()}
    return json.dumps(proof, sort_keys=True).encode()


def receipts(view: Reading) -> Iterator[Receipt]:
    """Give all receipts, oldest first."""
    for index, data in view.entries(Kind.ANCHOR):
        yield receipt_of(index, json.loads(data))


def receipt_of(index: int, entry: Mapping[str, Any]) -> Receipt:
    """Read an entry. Raises `KeyError` and `ValueError` for one that is no receipt."""
    return Receipt(
        entry=index,
        at=from_rfc3339(entry["at"]),
        by=entry["by"],
        place=entry["place"],
        size=int(entry["size"]),
        time=from_rfc3339(entry["time"]),
        proof=entry["proof"]["blob"],
    )


def enough(found: Iterable[Receipt]) -> Iterator[Receipt]:
    """Pick those that are enough to show that nothing waited too long, and the newest, by place."""
    places: dict[str, list[Receipt]] = {}
    for receipt in found:
        places.setdefault(receipt.place, []).append(receipt)
    for ordered in places.values():
        last: Receipt | None = None
        for receipt, following in zip(ordered, [*ordered[1:], None], strict=True):
            if last is None or following is None or following.time - last.time > APART:
                last = receipt
                yield receipt


def verify_receipt(receipt: Receipt, note: bytes | None, proof: bytes | None) -> None:
    """Check that a receipt is of the checkpoint of its size, and of the time that it says.

    Who signed a timestamp is another question (`standing`). Raises `AnchorError`.
    """
    if note is None or receipt.size > receipt.entry:
        raise AnchorError(f"there was no checkpoint of size {receipt.size} before it")
    if proof is None:
        raise AnchorError("its proof is not there")
    if receipt.by != STAMP:
        if json.loads(proof).get("sha256") != sha256(note).hexdigest():
            raise AnchorError(_REWRITTEN.format(receipt))
        return
    stamp = read_stamp(proof)
    if stamp.time != receipt.time:
        raise AnchorError(f"its timestamp is of {stamp.time}, not of {receipt.time}")
    try:
        verify_imprint(stamp, note)
    except AnchorError:
        raise AnchorError(_REWRITTEN.format(receipt)) from None


_REWRITTEN = "{0.place} holds another checkpoint of size {0.size}: the log was rewritten"
