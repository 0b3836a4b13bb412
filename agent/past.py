"""Looking at what a cloud says of its own past, so that evidence begins before the agent did.

Google Cloud alone tells it: Cloud Asset Inventory answers as of any time of the last 35 days. A run
on the past is sealed when it is made, and says so: its trigger is `as_of`, and the member of that
name in its header the time that the state is of. Ages are judged at the time of the run. The past
comes before the present: once a target was looked at as it is, older states would undo what is
known.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from agent.evidence.moment import told_of
from agent.evidence.store import Store
from agent.plan import calls_of
from agent.rules.rule import Rule
from checks.model import Check, Target

REACH: Mapping[str, timedelta] = {"gcp": timedelta(days=35)}
"""Provider -> how far back it tells its past: cloud.google.com/asset-inventory/docs/overview."""

TELLS: Mapping[str, str] = {"gcp": "asset"}
"""Provider -> the one service of it that tells the past; people are not in it."""

STEP = timedelta(days=1)


class PastError(Exception):
    """The past cannot be looked at so; the message says why."""


def moments_since(length: timedelta, now: datetime) -> Iterator[datetime]:
    """One moment a day, the oldest first, of the time since `length` before `now`.

    It begins an hour after what can be reached: that moves on while the oldest day is read.
    """
    at = now - min(length, max(REACH.values()) - timedelta(hours=1))
    while at < now:
        yield at
        at += STEP


def rules_of_past(rules: Mapping[str, Rule], checks: Mapping[str, Check]) -> dict[str, Rule]:
    """Pick the rules that read nothing but what tells its past."""
    return {
        name: rule
        for name, rule in rules.items()
        if {call.service for call in calls_of({rule.check: rule.facets}, checks)}
        == {TELLS.get(rule.provider, "")}
    }


def verify_past(store: Store, targets: Iterable[Target], at: datetime, now: datetime) -> None:
    """Raise `PastError` unless the state as of `at` can be looked at, and may follow the log's."""
    if at >= now:
        raise PastError(f"{at:%Y-%m-%dT%H:%MZ} is not past")
    for target in targets:
        reach = REACH.get(target.provider)
        if reach is None:
            told = ", ".join(sorted(REACH))
            raise PastError(f"{target.label}: its cloud does not tell its past; {told} does")
        if now - at > reach:
            raise PastError(f"{target.label}: its cloud tells {reach.days} days of its past")
        known = newest_known(store, target)
        if known is not None and at <= known:
            raise PastError(
                f"{target.label} has been looked at as of {known:%Y-%m-%dT%H:%M:%SZ}: the past"
                " comes before the present, the oldest first"
            )


def newest_known(store: Store, target: Target) -> datetime | None:
    """Give the time of the newest state that the log has of a target; None: it has none."""
    with store.reading() as view:
        number = view.number_of(target.label)
        row = view.last_run(number) if number is not None else None
        if row is None:
            return None
        body = json.loads(view.entry(row[1]) or b"{}")
        return told_of(body, view.content) or datetime.fromisoformat(body["started"])
