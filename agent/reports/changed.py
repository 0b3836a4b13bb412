"""What changed about the testing itself: rules, schedule, scope, configuration, agent, keys.

Verdicts from before and after a rule's change are kept apart by this list: a report shows with
which text each was made.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from difflib import unified_diff
from typing import Any

from agent.evidence.entry import DELETED, from_rfc3339, whole
from agent.evidence.slots import Scheduled, from_bodies
from agent.evidence.store import Reading
from agent.reports.model import Change
from agent.reports.versions import text_of

FEW = 8
"""So many names are written out; of more, the first and how many there are."""

Targets = Mapping[str, Mapping[str, Scheduled]]


def read_changes(view: Reading, start: datetime, end: datetime) -> list[Change]:
    """Give what changed in [start, end), oldest first, from the entries of the log."""
    found = [
        *_schedules(view),
        *_configurations(view),
        *(_agent(index, body) for index, body in _bodies(view, "agent")),
        *(_key(index, body) for index, body in _bodies(view, "key")),
        *_populations(view),
        *_others(view, "waiver"),
        *_others(view, "retention"),
    ]
    inside = [change for change in found if start <= change.at < end]
    return sorted(inside, key=lambda change: (change.at, change.entry))


def _bodies(view: Reading, kind: str, having: str = "") -> Iterator[tuple[int, dict[str, Any]]]:
    """Give the entries of a kind whole; only those that have a member, when it is named."""
    for index, data in view.entries(kind):
        body = json.loads(data)
        if not having or having in body:
            yield index, {name: whole(part, view.content) for name, part in body.items()}


def _schedules(view: Reading) -> Iterator[Change]:
    before: Targets = {}
    for index, body in _bodies(view, "schedule"):
        now = from_bodies([body])[0].targets
        at = from_rfc3339(body["valid_from"])
        yield from _of_schedule(view, at, index, before, now)
        before = now


def _of_schedule(
    view: Reading, at: datetime, entry: int, before: Targets, now: Targets
) -> Iterator[Change]:
    def change(kind: str, what: str, diff: str = "") -> Change:
        return Change(at=at, entry=entry, kind=kind, what=what, diff=diff)

    if joined := now.keys() - before.keys():
        yield change("scope", f"the schedule takes in {_names(joined)}")
    if left := before.keys() - now.keys():
        yield change("scope", f"the schedule leaves out {_names(left)}")
    old, new = _rules(before), _rules(now)
    if added := new.keys() - old.keys():
        yield change("rule", f"{_count(added, 'rule')} added: {_names(added)}")
    if retired := old.keys() - new.keys():
        yield change("rule", f"{_count(retired, 'rule')} retired: {_names(retired)}")
    both = sorted(old.keys() & new.keys())
    for rule in both:
        if old[rule].digest != new[rule].digest:
            texts = text_of(view, old[rule].digest), text_of(view, new[rule].digest)
            yield change("rule", f"the text of {rule} changed", _diff(*texts))
    slower = [rule for rule in both if old[rule].every != new[rule].every]
    if slower:
        told = [f"{rule} ({old[rule].every} s to {new[rule].every} s)" for rule in slower]
        yield change("schedule", f"the interval changed of {_names(told)}")


def _rules(targets: Targets) -> dict[str, Scheduled]:
    return {rule: how for rules in targets.values() for rule, how in rules.items()}


def _diff(before: str, after: str) -> str:
    if not before or not after:
        return ""
    lines = unified_diff(
        before.splitlines(), after.splitlines(), "before", "after", lineterm="", n=2
    )
    return "\n".join(lines)


def _configurations(view: Reading) -> Iterator[Change]:
    """Give those that differ: an agent that starts again records what is in force as well."""
    latest: dict[str, dict[str, Any]] = {}
    for index, body in _bodies(view, "config"):
        known = {name: part for name, part in body.items() if name not in {"v", "kind", "at"}}
        of = str(body.get("of", "configuration"))
        before = latest.get(of, {})
        if known == before:
            continue
        latest[of] = known
        differing = sorted(
            name for name in known.keys() | before.keys() if known.get(name) != before.get(name)
        )
        shown = [name for name in differing if name != "digest"]
        what = f"the {of} changed: {', '.join(shown or differing)}"
        yield Change(
            at=from_rfc3339(body["at"]),
            entry=index,
            kind="config",
            what=what if before else f"the first {of} on record",
            diff=_diff(_pretty(before, shown), _pretty(known, shown)) if before else "",
        )


def _pretty(body: Mapping[str, Any], names: Iterable[str]) -> str:
    return json.dumps({name: body.get(name) for name in names}, indent=1, sort_keys=True)


def _agent(index: int, body: Mapping[str, Any]) -> Change:
    words = {"start": "the agent started", "stop": "the agent stopped"}
    event = str(body.get("event", ""))
    return Change(
        at=from_rfc3339(body["at"]),
        entry=index,
        kind="agent",
        what=f"{words.get(event, f'agent: {event}')}, version {body.get('version', 'unknown')}",
    )


def _key(index: int, body: Mapping[str, Any]) -> Change:
    what = f"signing key {body.get('vkey', '')}"
    return Change(at=from_rfc3339(body["at"]), entry=index, kind="key", what=what)


def _populations(view: Reading) -> Iterator[Change]:
    """Give who joined and left; the frozen populations that samples are drawn of are no change."""
    for index, body in _bodies(view, "population", having="joined"):
        left = [f"{label} ({state})" for label, state in sorted(body.get("left", {}).items())]
        parts = [f"{_names(body['joined'])} joined"] if body["joined"] else []
        parts += [f"{_names(left)} left"] if left else []
        parts += ["its members could not be listed"] if body.get("failure") else []
        yield Change(
            at=from_rfc3339(body["at"]),
            entry=index,
            kind="population",
            what=f"{body.get('source', '')}: {'; '.join(parts) or 'listed again'}",
        )


def _two(body: Mapping[str, Any]) -> str:
    """Give who ordered a hold or a release, and who approved it."""
    approved = body.get("approved_by")
    return f"{body.get('by', '')}{f', approved by {approved}' if approved else ''}"


_SAID: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "waiver": lambda body: (
        f"waiver {body.get('id', '')} {body.get('event', 'recorded')}:"
        f" {body.get('rule', '')} until {body.get('until', '')},"
        f" approved by {body.get('approved_by', '')}"
    ),
    "retention": lambda body: (
        f"retention deleted {len(body['deleted'])} contents; their digests stay"
        if body.get("of") == DELETED
        else f"legal hold {body.get('id', '')}: {body.get('of', '')}, ordered by"
        f" {_two(body)}: {body.get('reason', '')}"
    ),
}


def _others(view: Reading, kind: str) -> Iterator[Change]:
    for index, body in _bodies(view, kind):
        yield Change(at=from_rfc3339(body["at"]), entry=index, kind=kind, what=_SAID[kind](body))


def _names(names: Iterable[str]) -> str:
    known = sorted(names)
    more = f" and {len(known) - FEW} more" if len(known) > FEW else ""
    return ", ".join(known[:FEW]) + more


def _count(names: Iterable[str], word: str) -> str:
    count = len(list(names))
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
