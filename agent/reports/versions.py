"""Which text of a rule was in force when, and with which parameters."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from agent.evidence.slots import from_seconds
from agent.evidence.store import Reading, period
from agent.reports.lens import Lens
from agent.reports.model import Version
from agent.reports.timeline import to_moment


class Ran(Struct, frozen=True, kw_only=True):
    """What the runs of a period say of a rule."""

    tests: int
    check: str
    params: str
    """Of its last run, JSON."""
    texts: tuple[tuple[str, datetime], ...]
    """Digest of its text, and when the first run with it finished; oldest first."""


def read_ran(view: Reading, lens: Lens) -> dict[str, Ran]:
    """Give, for every rule that ran in the period on a target in scope, what its plans say."""
    digests = period.plan_digests(view)
    documents: dict[int, Mapping[str, Mapping[str, str]]] = {}
    tests: dict[str, int] = defaultdict(int)
    firsts: dict[str, dict[str, int]] = defaultdict(dict)
    newest: dict[str, tuple[int, Mapping[str, str]]] = {}
    for target, plan, count, first, _, last_run in period.plans(view, *lens.past):
        if target not in lens.targets:
            continue
        if plan not in documents:
            documents[plan] = json.loads(view.content(digests[plan]) or b"{}")
        for rule, how in documents[plan].items():
            tests[rule] += count
            text = how["text"]
            firsts[rule][text] = min(first, firsts[rule].get(text, first))
            if rule not in newest or newest[rule][0] < last_run:
                newest[rule] = (last_run, how)
    return {
        rule: Ran(
            tests=count,
            check=newest[rule][1].get("check", ""),
            params=json.dumps(newest[rule][1].get("params", {}), sort_keys=True),
            texts=tuple(
                (text, to_moment(at))
                for text, at in sorted(firsts[rule].items(), key=lambda each: each[1])
            ),
        )
        for rule, count in tests.items()
    }


def versions_of(view: Reading, lens: Lens, rule: str, ran: Ran | None) -> tuple[Version, ...]:
    """Give the texts of a rule through the period: as scheduled; of one run by hand, as run."""
    found = _scheduled(lens, rule) or (list(ran.texts) if ran else [])
    versions = []
    for place, (digest, start) in enumerate(found):
        after = found[place + 1][1] if place + 1 < len(found) else None
        is_last = ran is not None and after is None
        versions.append(
            Version(
                sha256=digest,
                start=start,
                end=after,
                text=text_of(view, digest),
                params=ran.params if is_last and ran is not None else "{}",
            )
        )
    return tuple(versions)


def text_of(view: Reading, digest: str) -> str:
    """Give the text of a rule's digest; empty when it is not, or no longer, in the store."""
    try:
        content = view.content(bytes.fromhex(digest))
    except ValueError:
        return ""
    return "" if content is None else content.decode(errors="replace")


def _scheduled(lens: Lens, rule: str) -> list[tuple[str, datetime]]:
    """Give the digests that schedules of the period name, each from when it was in force."""
    start, end = to_moment(lens.past[0]), to_moment(lens.past[1])
    found: list[tuple[str, datetime]] = []
    for schedule in sorted(lens.known, key=lambda each: each.valid_from):
        since = from_seconds(schedule.valid_from)
        until = None if schedule.until is None else from_seconds(schedule.until)
        if since >= end or (until is not None and until <= start):
            continue
        digests = {
            rules[rule].digest
            for label, rules in schedule.targets.items()
            if rule in rules and label in lens.labels
        }
        for digest in sorted(digests):
            if not found or found[-1][0] != digest:
                found.append((digest, max(start, since)))
    if lens.moment:  # what was in force then, not what had been
        return found[-1:]
    return found
