"""A stretch of days as one line: a rectangle for each stretch of days that are the same. Pure.

As `agent.reports.heatmap` in a tenth of the room, for many lines under each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from markupsafe import Markup

from agent.reports.heatmap import WORDS, in_words
from agent.reports.model import Day, Health

WIDTH, HEIGHT = 3, 14
"""Of a day."""


def to_strip(days: Sequence[Day]) -> Markup:
    """Draw the days, the oldest first; nothing for none."""
    if not days:
        return Markup("")
    width, words = len(days) * WIDTH, in_words(days)
    return Markup(  # noqa: S704 - numbers, dates and words of our own
        f'<svg class="strip" role="img" aria-label="{words}" viewBox="0 0 {width} {HEIGHT}"'
        f' width="{width}" height="{HEIGHT}">{"".join(_stretches(days))}</svg>'
    )


def _stretches(days: Sequence[Day]) -> Iterator[str]:
    at = 0
    for health, stretch in groupby(days, key=lambda day: day.health):
        same = list(stretch)
        title = ""
        if health not in {Health.PASS, Health.NONE}:
            until = f" to {same[-1].date}" if len(same) > 1 else ""
            title = f"<title>{same[0].date}{until}: {WORDS[health]}</title>"
        yield (
            f'<rect class="h-{health}" x="{at * WIDTH}" y="0" width="{len(same) * WIDTH}"'
            f' height="{HEIGHT}">{title}</rect>'
        )
        at += len(same)
