"""Stretches of time: merged, cut to windows, and folded into a calendar of UTC days. Pure.

A stretch is (start, end), half-open, in microseconds since 1970 UTC, as the store keeps times.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from agent.evidence.entry import to_micros
from agent.reports.model import Day, Health

DAY = 86_400_000_000
"""Microseconds."""
_RANKS = tuple(Health)
_EPOCH = date(1970, 1, 1)

Piece = tuple[int, int]


def merge(pieces: Iterable[Piece]) -> list[Piece]:
    """Join what overlaps or touches; the result is sorted."""
    found: list[Piece] = []
    for start, end in sorted(pieces):
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def cut(pieces: Iterable[Piece], windows: Sequence[Piece]) -> Iterator[Piece]:
    """Give the parts of the pieces that are inside a window."""
    for start, end in pieces:
        for low, high in windows:
            if start < high and end > low:
                yield max(start, low), min(end, high)


def without(pieces: Iterable[Piece], holes: Sequence[Piece]) -> list[Piece]:
    """Give what is left of the pieces outside the holes, which are sorted and apart."""
    found: list[Piece] = []
    for start, end in merge(pieces):
        at = start
        for low, high in holes:
            if low < end and high > at:
                if low > at:
                    found.append((at, low))
                at = max(at, high)
        if at < end:
            found.append((at, end))
    return found


def total(pieces: Iterable[Piece]) -> timedelta:
    """Add up how long the pieces are, what overlaps counted once."""
    return timedelta(microseconds=sum(end - start for start, end in merge(pieces)))


def days_of(period: Piece) -> range:
    """Give the days (counted from 1970) that a period touches."""
    return range(period[0] // DAY, -(-period[1] // DAY))


def calendar(period: Piece, layers: Mapping[Health, Iterable[Piece]]) -> tuple[Day, ...]:
    """Fold the layers into days: each day shows the worst that touches it."""
    days = days_of(period)
    worst = [len(_RANKS) - 1] * len(days)
    for rank in reversed(range(len(_RANKS))):
        for start, end in merge(cut(layers.get(_RANKS[rank], ()), [period])):
            for day in range(start // DAY, -(-end // DAY)):
                worst[day - days.start] = rank
    return tuple(
        Day(date=_EPOCH + timedelta(days=day), health=_RANKS[rank])
        for day, rank in zip(days, worst, strict=True)
    )


def worst_of(calendars: Sequence[Sequence[Day]]) -> tuple[Day, ...]:
    """Fold calendars of the same days into one; none at all is no day."""
    return tuple(
        Day(date=same[0].date, health=min((day.health for day in same), key=_RANKS.index))
        for same in zip(*calendars, strict=True)
    )


def to_piece(start: datetime, end: datetime) -> Piece:
    """Give the stretch between two instants."""
    return to_micros(start), to_micros(end)


def to_moment(micros: int) -> datetime:
    """Give the instant, to the second below: reports show no fractions."""
    return datetime.fromtimestamp(micros // 1_000_000, UTC)
