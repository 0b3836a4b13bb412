"""Periods by their keys: `2026`, `2026-H2`, `2026-Q3`, `2026-09`, `2026-W38`. Pure.

All are of the calendar and in UTC; a week is that of ISO 8601, which begins on Monday and belongs
to the year of its Thursday.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from msgspec import Struct

from agent.controls.model import Cadence

MONTHS = {
    Cadence.MONTHLY: 1,
    Cadence.QUARTERLY: 3,
    Cadence.HALF_YEARLY: 6,
    Cadence.YEARLY: 12,
}
EXAMPLES = {
    Cadence.WEEKLY: "2026-W38",
    Cadence.MONTHLY: "2026-09",
    Cadence.QUARTERLY: "2026-Q3",
    Cadence.HALF_YEARLY: "2026-H2",
    Cadence.YEARLY: "2026",
}
_KEYS = {
    Cadence.WEEKLY: r"(\d{4})-W(\d{2})",
    Cadence.MONTHLY: r"(\d{4})-(\d{2})",
    Cadence.QUARTERLY: r"(\d{4})-Q(\d)",
    Cadence.HALF_YEARLY: r"(\d{4})-H(\d)",
    Cadence.YEARLY: r"(\d{4})()",
}


class Period(Struct, frozen=True):
    """One period: half-open, `end` is the first day after it."""

    key: str
    start: date
    end: date


def parse_period(cadence: Cadence, key: str) -> Period:
    """Find the period that `key` names. Raises `ValueError` that says how such a key looks."""
    said = f"'{key}' is no {cadence.value.replace('_', '-')} period such as {EXAMPLES[cadence]}"
    match = re.fullmatch(_KEYS[cadence], key)
    if match is None:
        raise ValueError(said)
    year, number = int(match[1]), int(match[2] or 1)
    try:
        if cadence is Cadence.WEEKLY:
            day = date.fromisocalendar(year, number, 1)
        else:
            day = date(year, (number - 1) * MONTHS[cadence] + 1, 1)
    except ValueError:
        raise ValueError(said) from None
    return period_of(cadence, day)


def period_of(cadence: Cadence, day: date) -> Period:
    """Find the period that `day` is in. Raises `KeyError` for events, which have none."""
    if cadence is Cadence.WEEKLY:
        year, week, weekday = day.isocalendar()
        start = day - timedelta(days=weekday - 1)
        return Period(f"{year}-W{week:02}", start, start + timedelta(days=7))
    months = MONTHS[cadence]
    number = (day.month - 1) // months
    start = date(day.year, number * months + 1, 1)
    following = number * months + months
    end = date(day.year + following // 12, following % 12 + 1, 1)
    return Period(_key(cadence, day.year, number + 1), start, end)


def periods(cadence: Cadence, start: date, end: date) -> Iterator[Period]:
    """Give the periods that overlap [start, end), in their order."""
    day = start
    while day < end:
        period = period_of(cadence, day)
        yield period
        day = period.end


def _key(cadence: Cadence, year: int, number: int) -> str:
    letters = {Cadence.QUARTERLY: f"-Q{number}", Cadence.HALF_YEARLY: f"-H{number}"}
    month = f"-{number:02}" if cadence is Cadence.MONTHLY else ""
    return f"{year}{letters.get(cadence, month)}"
