"""Durations as people write them: `30s`, `15m`, `1h`, `7d`."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_WRITTEN = re.compile(r"([1-9][0-9]{0,5})([smhdw])")


def parse_duration(text: str) -> timedelta:
    """Parse one positive number and unit; raises `ValueError` that says what is accepted."""
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a duration; write a number and s, m, h, d or w (`1h`)")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def to_text(duration: timedelta) -> str:
    """Write a duration in the largest unit that divides it: 3,600 s is `1h`."""
    seconds = round(duration.total_seconds())
    for unit, size in reversed(_UNITS.items()):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
