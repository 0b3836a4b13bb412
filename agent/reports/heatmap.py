"""A calendar of health as an SVG image: a column a week, a square a day. Pure.

Made of numbers, dates and words of our own only, so that nothing observed is in it. A stretch of
days that are the same is one path; one that does not pass has its dates as its title.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby

from markupsafe import Markup

from agent.reports.model import Day, Health

CELL, GAP = 11, 2
STEP = CELL + GAP
LEFT, TOP = 28, 14
WORD = 3
"""Columns that the name of a month takes."""
_WEEKDAYS = ((0, "Mon"), (2, "Wed"), (4, "Fri"))
WORDS = {
    Health.FAIL: "failing",
    Health.BLIND: "blind",
    Health.WAIVED: "waived",
    Health.PASS: "passing",
    Health.NONE: "not tested",
}


def to_svg(days: Sequence[Day]) -> Markup:
    """Draw the days; nothing for none."""
    if not days:
        return Markup("")
    monday = days[0].date - timedelta(days=days[0].date.weekday())
    weeks = (days[-1].date - monday).days // 7 + 1
    width, height = LEFT + weeks * STEP, TOP + 7 * STEP
    parts = [*_labels(days, monday), *_squares(days, monday)]
    return Markup(  # noqa: S704 - numbers, dates and words of our own
        f'<svg class="heat" role="img" aria-label="{in_words(days)}" viewBox="0 0 {width} {height}"'
        f' width="{width}" height="{height}">{"".join(parts)}</svg>'
    )


def in_words(days: Sequence[Day]) -> str:
    """Count the days: `failing on 2 days, blind on 1, passing on 181`."""
    counts = Counter(day.health for day in days)
    said = [f"{WORDS[health]} on {counts[health]}" for health in Health if counts[health]]
    first, *rest = said or ["no day"]
    return ", ".join([f"{first} {'day' if first.endswith(' 1') else 'days'}", *rest])


def _labels(days: Sequence[Day], monday: date) -> Iterator[str]:
    for row, word in _WEEKDAYS:
        yield f'<text x="0" y="{TOP + row * STEP + 9}">{word}</text>'
    places = [
        ((day.date - monday).days // 7, f"{day.date:%b}")
        for day in days
        if day.date.day == 1 or day is days[0]
    ]
    if len(places) > 1 and places[1][0] - places[0][0] < WORD:  # the month that is whole is named
        del places[0]
    for column, word in places:
        yield f'<text x="{LEFT + column * STEP}" y="9">{word}</text>'


def _squares(days: Sequence[Day], monday: date) -> Iterator[str]:
    """Give a path for each stretch of days that are the same, with its dates as its title."""
    for health, stretch in groupby(days, key=lambda day: day.health):
        same = list(stretch)
        squares = "".join(_square((day.date - monday).days) for day in same)
        title = ""
        if health not in {Health.PASS, Health.NONE}:
            until = f" to {same[-1].date}" if len(same) > 1 else ""
            title = f"<title>{same[0].date}{until}: {WORDS[health]}</title>"
        yield f'<path class="h-{health}" d="{squares}">{title}</path>'


def _square(number: int) -> str:
    x, y = LEFT + number // 7 * STEP, TOP + number % 7 * STEP
    return f"M{x} {y}h{CELL}v{CELL}h-{CELL}z"
