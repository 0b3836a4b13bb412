"""What management states in the demo's half-year of what deviated: of most, not of all."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from agent.controls.model import Reply
from agent.controls.respond import recorded_replies, to_body, verify_reply
from agent.evidence.deviations import Deviation, deviations
from agent.evidence.entry import Kind
from agent.evidence.log import Log

LOOKED_BACK = timedelta(days=35)
"""Management looks at what ended in the last weeks, once a month."""
_SILENT = 0.25
"""The part of it that nobody answers."""
_CAUSES = ("Change by hand, outside the pipeline", "Test that was not cleaned up", "Haste")


def respond(log: Log, seed: int, now: datetime) -> None:
    """Answer what was mended lately and has no answer yet. Raises `StoreError`."""
    known = {(each.rule, each.resource, each.start) for each in recorded_replies(log.store)}
    for one in deviations(log.store, now - LOOKED_BACK, now):
        if one.last_good is None or one.end is None or one.ended_by != "pass":
            continue
        if (one.rule, one.resource, one.start) not in known:
            _answer(log, one, seed, now)


def _answer(log: Log, one: Deviation, seed: int, now: datetime) -> None:
    dice = random.Random(f"{seed}/{one.rule}/{one.resource}/{one.start}")  # noqa: S311 - a story
    if dice.random() < _SILENT:
        return
    reply = Reply(
        rule=one.rule,
        resource=one.resource,
        start=one.start,
        by="Eva Lind, head of engineering",
        said_at=now,
        recorded_at=now,
        text="Found by the run and mended by the team that owns the resource; nothing came of it"
        " that we know of. Who made the change was told.",
        cause=dice.choice(_CAUSES),
    )
    verify_reply(reply, log.store, now)
    log.append(Kind.RESPONSE, to_body(reply), now)
