"""Of which instant or period a page is, and how much of it is known."""

from __future__ import annotations

from datetime import datetime

from agent.model import Outcome
from agent.web.pages import operation
from agent.web.pages.desk import Desk
from agent.web.pages.page import Asked, AskedWronglyError
from agent.web.pages.state import State, Status


def moment_of(desk: Desk, asked: Asked) -> datetime | None:
    """Read the instant that is asked for. Raises `AskedWronglyError` for one to come."""
    at = asked.moment("at")
    if at is not None and at > desk.now():
        raise AskedWronglyError("at is in the future: nothing is known of it")
    return at


def bounds_of(desk: Desk, asked: Asked) -> tuple[datetime, datetime]:
    """Read the period that is asked for; its end is now, to the minute, when none is named."""
    start, end = asked.moment("from"), asked.moment("to")
    try:
        low, high = operation.period_of(desk, start, end)
    except operation.PeriodError as error:
        raise AskedWronglyError(str(error)) from None
    return low.replace(second=0, microsecond=0), high.replace(second=0, microsecond=0)


def known_of(state: State) -> str:
    """Say of how much the state is known."""
    unknown = sum(pair.status is Status.UNKNOWN for pair in state.pairs)
    unseen = sum(bool(pair.counts.get(Outcome.ERROR)) for pair in state.pairs)
    known = len(state.pairs) - unknown
    return (
        f"the state of {known:,} of {len(state.pairs):,} pairs of rule and target is known,"
        f" {unseen:,} of which could not see everything"
    )
