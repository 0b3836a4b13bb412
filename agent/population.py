"""Which targets an entry of the configuration leads to: as found now, and as the log last had it.

Where the members cannot be listed, those that were last known stay expected and the failure is
recorded: there are never fewer targets because a question was not answered. Every change is an
entry of the log, so that a report can say who joined, who left, when and why.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from agent.evidence.entry import Kind, whole
from agent.evidence.store import Store
from checks.model import CallError, Cause, Target
from checks.provider import Provider

OF = "targets"
"""What tells these entries from populations of which samples are drawn."""

UNLISTED = "UNLISTED"
"""State of a target that the provider no longer lists."""

UNCONFIGURED = "UNCONFIGURED"
"""State of a target whose entry the configuration no longer has."""


class Failure(Struct, frozen=True, kw_only=True):
    """Why members could not be listed."""

    cause: str
    code: str
    message: str
    needs: tuple[str, ...] = ()


class Roll(Struct, frozen=True, kw_only=True):
    """The members of one entry."""

    source: str
    """The entry's label."""
    targets: tuple[Target, ...] = ()
    """Those that are observed."""
    others: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Those that are not, by label, with their state."""
    failure: Failure | None = None
    """Set: they could not be listed, and `targets` are those last known."""

    @property
    def words(self) -> str:
        """What to say of a failure; empty when there is none."""
        if self.failure is None:
            return ""
        grant = f"; grant {', '.join(self.failure.needs)}" if self.failure.needs else ""
        kept = f"the {len(self.targets)} last known stay expected"
        return f"{self.source}: its members cannot be listed: {self.failure.message}{grant}; {kept}"


def call_roll(provider: Provider, before: Roll | None) -> Roll:
    """Ask an entry for its members; where it does not answer, keep those of `before`."""
    try:
        members = provider.members()
    except CallError as error:
        failure = Failure(
            cause=error.cause.value,
            code=error.code,
            message=str(error),
            needs=error.needs if error.cause is Cause.DENIED else (),
        )
        known = before or Roll(source=provider.label)
        return msgspec.structs.replace(known, failure=failure)
    return Roll(
        source=provider.label,
        targets=tuple(each.target for each in members if not each.state),
        others={each.target.label: each.state for each in members if each.state},
    )


def changes(
    before: Mapping[str, Roll], now: Iterable[Roll]
) -> Iterator[tuple[Roll, dict[str, Any]]]:
    """Give each entry whose members or failure differ, and the body of the log's entry on it.

    An entry that is in `before` only has lost its members to a change of the configuration.
    """
    rolls = {roll.source: roll for roll in now}
    for source in before.keys() - rolls.keys():
        gone = {target.label: UNCONFIGURED for target in before[source].targets}
        if gone:
            yield _change(before[source], Roll(source=source, others=gone))
    for source, roll in rolls.items():
        known = before.get(source)
        if known is None or _essence(known) != _essence(roll):
            yield _change(known or Roll(source=source), roll)


def last_rolls(store: Store) -> dict[str, Roll]:
    """Read from the log who was last known, by the entry's label. Raises `StoreError`."""
    found = {}
    with store.reading() as view:
        for _, data in view.entries(Kind.POPULATION):
            body = json.loads(data)
            if body.get("of") == OF:
                for part in ("targets", "others"):
                    body[part] = whole(body[part], view.content)
                found[body["source"]] = msgspec.convert(body, Roll)
    return found


def _essence(roll: Roll) -> tuple[Any, ...]:
    """What makes two rolls differ: not the words of a failure, which name a request."""
    failure = roll.failure and (roll.failure.cause, roll.failure.code)
    return sorted(each.label for each in roll.targets), dict(roll.others), failure


def _change(before: Roll, now: Roll) -> tuple[Roll, dict[str, Any]]:
    old, new = ({each.label for each in roll.targets} for roll in (before, now))
    left = {label: now.others.get(label, UNLISTED) for label in sorted(old - new)}
    body = {"of": OF, **msgspec.to_builtins(now), "joined": sorted(new - old), "left": left}
    return now, {key: value for key, value in body.items() if value is not None}
