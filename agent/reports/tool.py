"""The instrument: which version ran, as whom, with which permissions, and how it tested itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from msgspec.json import Decoder

from agent.evidence.entry import whole
from agent.evidence.store import Reading, period
from agent.reports.lens import Lens
from agent.reports.model import Tool
from agent.reports.timeline import to_moment

LARGE = timedelta(minutes=2)
"""Of skew: beyond it the times of the evidence are doubtful, and the report says so."""


class _Entry(Struct, frozen=True):
    """Of a run's entry, just what the tool page is of."""

    header: dict[str, Any] | UnsetType = UNSET


_DECODE = Decoder(_Entry)


class _Seen:
    """What the headers of the runs say, folded as they come."""

    def __init__(self) -> None:
        self.versions: list[tuple[datetime, str, str]] = []
        self.identities: dict[tuple[str, str], None] = {}
        self.skew, self.where = 0, ""
        self.tested: dict[str, Any] = {}
        self.places: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}

    def take(self, label: str, finished: datetime, header: dict[str, Any]) -> None:
        version = str(header.get("agent", "")), str(header.get("image", ""))
        if not self.versions or self.versions[-1][1:] != version:
            self.versions.append((finished, *version))
        if header.get("identity"):
            self.identities[label, str(header["identity"])] = None
        skew = int(header.get("clock_skew_ms", 0))
        if abs(skew) > abs(self.skew):
            self.skew, self.where = skew, f"{label} at {finished:%Y-%m-%dT%H:%M:%SZ}"
        self.tested = header.get("self_test", self.tested)
        if "regions" in header:
            looked = tuple(sorted(filter(None, header["regions"])))
            self.places[label] = (looked, tuple(sorted(header.get("not_enabled", ()))))


def read_tool(
    view: Reading, lens: Lens, permissions: Iterable[str], changed_by: Iterable[str]
) -> Tool:
    """Read the header of every run in scope; `permissions` are what the rules in force need."""
    seen = _Seen()
    start, end = lens.past
    for target, finished, body in period.run_entries(view, start, end):
        label = lens.targets.get(target)
        if label is None:
            continue
        header = _DECODE.decode(body).header
        if header is not UNSET:
            seen.take(label, to_moment(finished), whole(header, view.content) or {})
    return Tool(
        versions=tuple(seen.versions),
        identities=tuple(sorted(seen.identities)),
        permissions=tuple(permissions),
        self_test=_self_test(seen.tested),
        skew=_skew(seen.skew, seen.where),
        places=tuple((label, *found) for label, found in sorted(seen.places.items())),
        changed_by=tuple(changed_by),
    )


def _self_test(tested: dict[str, Any]) -> str:
    if not tested:
        return "The last run does not say."
    failed = tested.get("failed", [])
    rules = tested.get("rules", 0)
    if failed:
        return (
            f"Before the last run {len(failed)} of {rules} rules did not give their own examples"
            f" the outcome that they state: {', '.join(map(str, failed))}."
        )
    return (
        f"Before the last run all {rules} rules gave their own examples (known inputs: passing,"
        " failing, unreadable) the outcome that they state."
    )


def _skew(skew: int, where: str) -> str:
    if not skew:
        return "none of a millisecond or more was measured"
    words = f"{abs(skew) / 1000:.3f} s, measured on {where}"
    large = abs(skew) > LARGE.total_seconds() * 1000
    return f"{words}; more than the {LARGE.total_seconds():.0f} s allowed" if large else words
