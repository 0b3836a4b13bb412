"""The register of deviations: every one of the period, those that were mended in time included.

Whether one counts is measured from when it was first seen to when it was seen mended: that is the
time in which people could act. How long it can have lasted is beside it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from agent.controls.model import Reply
from agent.controls.respond import is_meant
from agent.evidence.deviations import Deviation
from agent.reports.model import Registered, Response
from agent.reports.wording import Words


class Answer(Struct, frozen=True, kw_only=True):
    """What management says of the deviations of a rule, or of one resource of it."""

    rule: str
    response: Response
    resource: str = ""
    """Empty: of all its resources."""
    start: datetime | None = None
    """Of the one deviation that was first seen then; None: of all."""


def sealed_answers(replies: Iterable[Reply], end: datetime) -> Iterator[Answer]:
    """Give the answers that were sealed by `end`, in the order in which they come."""
    for each in replies:
        if each.rule and each.recorded_at <= end:
            response = Response(
                by=each.by,
                at=each.said_at,
                text=each.text,
                cause=each.cause,
                entry=each.entry,
                recorded_at=each.recorded_at,
            )
            yield Answer(
                rule=each.rule, resource=each.resource, start=each.start, response=response
            )


def register(
    found: Iterable[Deviation],
    words: Mapping[str, Words],
    answers: Iterable[Answer],
    made_at: datetime,
    changed: Mapping[str, Sequence[datetime]],
) -> tuple[Registered, ...]:
    """Number the deviations by start, target, rule and resource, and say of each if it counts.

    `changed`: rule -> when its text changed.
    """
    known = tuple(answers)
    ordered = sorted(found, key=lambda one: (one.start, one.target, one.rule, one.resource))
    return tuple(
        _registered(
            number,
            one,
            words[one.rule],
            made_at,
            response=_answer_to(one, known),
            text_changed=_between(one, changed.get(one.rule, ())),
        )
        for number, one in enumerate(ordered, 1)
    )


def lasted(deviation: Deviation, made_at: datetime) -> timedelta:
    """Give how long it can have lasted; one that lasts still, up to `made_at`.

    Where nobody looked before it was seen, how long it had been there is not known: then this is
    from when it was seen.
    """
    since = deviation.last_good or deviation.start
    return (deviation.end or max(made_at, deviation.start)) - since


def lasts(each: Registered, end: datetime) -> bool:
    """Whether it lasted still at the end of the period."""
    return each.deviation.end is None or each.deviation.end >= end


def longest(counted: Iterable[Registered], made_at: datetime) -> timedelta | None:
    """Give the longest of those that count; None: there is none."""
    return max((lasted(each.deviation, made_at) for each in counted if each.counts), default=None)


def _registered(
    number: int,
    one: Deviation,
    words: Words,
    made_at: datetime,
    *,
    response: Response | None,
    text_changed: bool,
) -> Registered:
    seen = (one.end or max(made_at, one.start)) - one.start
    return Registered(
        number=number,
        deviation=one,
        severity=words.severity,
        counts=words.allowed is None or seen > words.allowed,
        allowed=words.allowed,
        response=response,
        text_changed=text_changed,
    )


def _between(one: Deviation, moments: Iterable[datetime]) -> bool:
    good = one.last_good
    return good is not None and any(good < moment <= one.start for moment in moments)


def _answer_to(one: Deviation, answers: Iterable[Answer]) -> Response | None:
    """Give the answer that means it: of those that say most of what they mean, the first."""
    meant = [
        each
        for each in answers
        if each.rule == one.rule
        and each.resource in {"", one.resource}
        and is_meant(each.start, one.start)
    ]
    best = max(meant, key=lambda each: (each.start is not None, bool(each.resource)), default=None)
    return None if best is None else best.response
