"""Timestamps and durations: reading, writing, and their parts.

The resolution is a microsecond, that of Python. Finer digits in data are cut (Azure writes seven);
in a literal they are refused at load, so that no comparison means less than it says.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Final

from agent.cel.arithmetic import span
from agent.cel.errors import Fault

_TIMESTAMP: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII
)
_DURATION: Final = re.compile(
    r"([-+]?)(0|(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:h|ms|us|µs|μs|ns|m|s))+)"
)
_PART: Final = re.compile(r"([0-9]*)\.?([0-9]*)([a-zµμ]+)")
_NANOSECONDS: Final = {
    "h": 3_600_000_000_000,
    "m": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1000,
    "µs": 1000,
    "μs": 1000,
    "ns": 1,
}
_OFFSET: Final = re.compile(r"([+-]?)(\d\d):(\d\d)", re.ASCII)
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICRO: Final = dt.timedelta(microseconds=1)
_LONGEST: Final = 100
_DIGITS: Final = 6


def timestamp(value: str | int | dt.datetime) -> dt.datetime:
    """Give a time from RFC 3339 text or from seconds since 1970."""
    try:
        if isinstance(value, dt.datetime):
            return value
        if isinstance(value, int):
            return _EPOCH + dt.timedelta(seconds=value)
        match = _TIMESTAMP.fullmatch(value)
        if match is None:
            raise Fault("value", f"{value[:40]!r} is not an RFC 3339 time")
        moment = dt.datetime.fromisoformat(value)
        return moment if match[2] == "Z" else moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise Fault("range", f"{str(value)[:40]!r} is not a time of the years 1 to 9999") from None


def check_timestamp(text: str) -> None:
    """Check what a literal must fulfil besides."""
    timestamp(text)
    match = _TIMESTAMP.fullmatch(text)
    if match and (match[1] or "")[_DIGITS:].strip("0"):
        raise Fault("value", "times finer than a microsecond are not supported")


def duration(value: str | dt.timedelta) -> dt.timedelta:
    """Give a duration from text such as `1h30m` or `-1.5s`."""
    if isinstance(value, dt.timedelta):
        return value
    nanoseconds = _nanoseconds(value)
    micro = abs(nanoseconds) // 1000
    try:
        return span(_MICRO * (micro if nanoseconds >= 0 else -micro))
    except OverflowError:
        raise Fault("range", "the duration is out of range") from None


def check_duration(text: str) -> None:
    """Check what a literal must fulfil besides."""
    duration(text)
    if _nanoseconds(text) % 1000:
        raise Fault("value", "durations finer than a microsecond are not supported")


def _nanoseconds(text: str) -> int:
    match = _DURATION.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise Fault("value", f"{text[:40]!r} is not a duration such as '90m' or '1h30m'")
    total = 0
    for head, tail, unit in _PART.findall(match[2]):
        scale = _NANOSECONDS[unit]
        total += int(head or 0) * scale + int(tail or 0) * scale // 10 ** len(tail)
    return -total if match[1] == "-" else total


def rfc3339(moment: dt.datetime) -> str:
    """In UTC, with only as many digits of a second as there are."""
    text = moment.astimezone(dt.UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def seconds_text(value: dt.timedelta) -> str:
    """`90s`, `-1.5s`."""
    micro = abs(value // _MICRO)
    fraction = f".{micro % 1_000_000:06}".rstrip("0").rstrip(".")
    return f"{'-' if value < dt.timedelta(0) else ''}{micro // 1_000_000}{fraction}s"


def epoch_seconds(moment: dt.datetime) -> int:
    """Whole seconds since 1970, rounded down."""
    return (moment - _EPOCH) // dt.timedelta(seconds=1)


def age_days(now: dt.datetime, moment: str | dt.datetime) -> int:
    """Whole days from a time (or its RFC 3339 text) to `now`; negative for the future."""
    return (now - timestamp(moment)) // dt.timedelta(days=1)


def days(count: int) -> dt.timedelta:
    """Give a duration of so many days of 24 hours."""
    try:
        return span(dt.timedelta(days=count))
    except OverflowError:
        raise Fault("range", "the duration is out of range") from None


def check_zone(text: str) -> None:
    """Check what a literal time zone must fulfil."""
    _zone(text)


def _zone(text: str) -> dt.tzinfo:
    if text == "UTC":
        return dt.UTC
    match = _OFFSET.fullmatch(text)
    if match is None:
        # names of zones need the zone data of the machine, which is not the same everywhere
        raise Fault("value", f"{text[:40]!r} is not UTC or an offset such as '+02:00'")
    try:
        offset = dt.timedelta(hours=int(match[2]), minutes=int(match[3]))
        return dt.timezone(-offset if match[1] == "-" else offset)
    except ValueError:
        raise Fault("value", f"{text!r} is not an offset within a day") from None


PARTS: Final[dict[str, Callable[[dt.datetime], int]]] = {
    "getFullYear": lambda moment: moment.year,
    "getMonth": lambda moment: moment.month - 1,
    "getDate": lambda moment: moment.day,
    "getDayOfMonth": lambda moment: moment.day - 1,
    "getDayOfWeek": lambda moment: moment.isoweekday() % 7,
    "getDayOfYear": lambda moment: moment.timetuple().tm_yday - 1,
    "getHours": lambda moment: moment.hour,
    "getMinutes": lambda moment: moment.minute,
    "getSeconds": lambda moment: moment.second,
    "getMilliseconds": lambda moment: moment.microsecond // 1000,
}
TOTALS: Final[dict[str, dt.timedelta]] = {
    "getHours": dt.timedelta(hours=1),
    "getMinutes": dt.timedelta(minutes=1),
    "getSeconds": dt.timedelta(seconds=1),
}


def part(name: str) -> Callable[..., int]:
    """Give the getter of that name: of a time in a zone (else in UTC), or of a duration its total.

    The milliseconds of a duration are those within its second.
    """

    def get(value: dt.datetime | dt.timedelta, zone: str = "UTC") -> int:
        if isinstance(value, dt.datetime):
            return PARTS[name](_in_zone(value, zone))
        if name in TOTALS:
            total = abs(value) // TOTALS[name]
            return total if value >= dt.timedelta(0) else -total
        micro = abs(value) // _MICRO % 1_000_000 // 1000
        return micro if value >= dt.timedelta(0) else -micro

    return get


def _in_zone(moment: dt.datetime, zone: str) -> dt.datetime:
    try:
        return moment.astimezone(_zone(zone))
    except OverflowError:
        raise Fault("range", "the time is out of range") from None
