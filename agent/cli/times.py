"""Times as people write them on the command line; all are UTC unless they say otherwise."""

from __future__ import annotations

from datetime import UTC, datetime

from agent.cli.exits import CommandError


def read_period(start: str | None, to: str | None) -> tuple[datetime, datetime]:
    """Read a period; without a start from 1970 on, without an end until now.

    Raises `CommandError`.
    """
    low = read_time(start) if start else datetime(1970, 1, 1, tzinfo=UTC)
    high = read_time(to or "now")
    if low >= high:
        raise CommandError("--from must be before --to")
    return low, high


def read_time(text: str) -> datetime:
    """Read a date, a time or `now`. Raises `CommandError`."""
    from agent.run import CLOCK

    if text == "now":
        return CLOCK.now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(
            f"{text!r} is not a time: write 2026-11-24 or 2026-11-24T08:00Z"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
