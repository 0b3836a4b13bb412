"""The nouns of the people's part: controls, cadences, attestations, the scope of a report. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct, field


class Cadence(StrEnum):
    """How often people do what a machine cannot."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"
    EVENT = "event"
    """Each time something happens (a leaver, an incident): an instance for each."""


class Manual(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people do for a control, and how it is recorded."""

    cadence: Cadence
    grace: timedelta
    """After the period's end; later than that it is overdue, and a deviation."""
    task: str
    """What is to be done, in words for whoever does it."""
    attach: tuple[str, ...]
    """What to attach, a line each."""
    performer: str
    """The role that does it."""
    reviewer: str
    """The role that checks it: never the same person."""
    population: str = ""
    """For `event`: where the events are listed, so that none is forgotten."""
    since: date | None = None
    """Nothing is due for periods that had ended, and events that had happened, before."""


class Control(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The organization's own statement of what it does, and what proves it."""

    id: str
    title: str
    """The statement: a sentence that an auditor can test."""
    criteria: Mapping[str, tuple[str, ...]]
    """Framework -> criteria that it serves."""
    rules: tuple[str, ...] = ()
    """What proves it: ids of rules, globs of them (`*-mfa`), or all that name a criterion
    (`soc2:CC6.7`)."""
    without: tuple[str, ...] = ()
    """Of those, the ones that another control is proven by; written the same way."""
    manual: Manual | None = None
    owner: str = ""
    source: str = ""
    """The file that it was read from."""


class File(Struct, frozen=True, kw_only=True):
    """A file that was attached, by its digest; the file itself is in the evidence or beside it."""

    name: str
    sha256: str
    size: int
    kept: bool = True
    """Whether the evidence holds it; False: it is too large, and lies beside the store."""


class Result(StrEnum):
    """What came of a manual control."""

    DONE = "done"
    EXCEPTION = "exception"
    """It was done, and something was found wrong: a deviation."""
    NOT_DONE = "not_done"


class Attestation(Struct, frozen=True, kw_only=True):
    """A statement that a manual control was performed, as it is sealed."""

    control: str
    period: str
    """`2026-Q3`, `2026-09`, `2026`, `2026-W38`, or the id of an event."""
    performer: str
    reviewer: str
    performed_at: datetime
    """Claimed."""
    recorded_at: datetime
    """Sealed: when the log took it."""
    statement: str
    result: Result
    files: tuple[File, ...] = ()
    occurred_at: datetime | None = None
    """Of an event: when it happened."""
    entry: int = -1
    """Index in the log."""


class Event(Struct, frozen=True, kw_only=True):
    """Something that a control of events answers to: a leaver, an incident."""

    id: str
    at: datetime
    """When it happened."""


class State(StrEnum):
    """How an instance of a manual control stands."""

    UPCOMING = "upcoming"
    """Its period, or the event's day, has not ended."""
    DUE = "due"
    OVERDUE = "overdue"
    DONE = "done"
    LATE = "late"
    """Done, after it was due: a deviation."""
    EXCEPTION = "exception"
    NOT_DONE = "not_done"


class Reply(Struct, frozen=True, kw_only=True):
    """What management states of a deviation of a rule, or of an instance of a control."""

    by: str
    said_at: datetime
    """As they say."""
    text: str
    recorded_at: datetime
    """When it was sealed."""
    cause: str = ""
    rule: str = ""
    resource: str = ""
    """Empty: all resources of the rule."""
    start: datetime | None = None
    """Of the one deviation that was first seen then; None: all."""
    control: str = ""
    """In place of a rule, with the period."""
    period: str = ""
    entry: int = -1
    """Of the log; -1: not sealed yet."""


class Due(Struct, frozen=True, kw_only=True):
    """One instance of a manual control: what was, is or will be due."""

    control: str
    period: str
    start: date
    end: date
    """Half-open: the first day after the period."""
    due: datetime
    """End of the period plus the grace."""
    attestation: Attestation | None = None
    late: timedelta = timedelta()
    """By how much it was recorded after it was due; zero when in time or not yet recorded."""
    reply: Reply | None = None
    """What management states of it."""

    def state(self, now: datetime) -> State:
        """Say how it stands at `now`; what was recorded as not done is not overdue, but failed."""
        if self.attestation is not None:
            if self.attestation.result is Result.DONE:
                return State.LATE if self.late else State.DONE
            return State(self.attestation.result.value)
        if now > self.due:
            return State.OVERDUE
        return State.DUE if now.date() >= self.end else State.UPCOMING


class Category(StrEnum):
    """The categories of the Trust Services Criteria that a report can cover."""

    SECURITY = "security"
    AVAILABILITY = "availability"
    CONFIDENTIALITY = "confidentiality"
    PROCESSING_INTEGRITY = "processing_integrity"
    PRIVACY = "privacy"


class Subservice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A subservice organization: whom we rely on, and on what proof."""

    name: str
    services: str
    method: str = "carve-out"
    """`carve-out` or `inclusive`."""
    report: str = ""
    """`SOC 2 Type II`, and the like."""
    report_from: date | None = None
    report_to: date | None = None
    bridge_until: date | None = None
    """Until when a bridge letter stands in for the report that is not out yet."""
    cuecs: tuple[str, ...] = ()
    """What it expects of us (complementary user entity controls): ids of our controls."""


class Scope(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a report is about."""

    organization: str = ""
    system: str = ""
    """The name of the system that is examined."""
    description: str = ""
    targets: tuple[str, ...] = ("*",)
    """Labels of targets, or globs of them (`aws:1111*`)."""
    categories: tuple[Category, ...] = (Category.SECURITY,)
    subservices: tuple[Subservice, ...] = ()
    people: Mapping[str, str] = field(default_factory=dict)
    """Role -> name, for the tool page."""
