"""What people decided, stated and have to do, as OpenAPI describes the rows and pages of it."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from agent.controls import model
from agent.waivers import State
from agent.web.api.shapes import RULE, Paging, Row

CONTROL = Field(examples=["access-review"])
PERIOD = Field(
    description="`2026`, `2026-Q3`, `2026-09`, `2026-W38`, or the id of an event.",
    examples=["2026-Q3"],
)


class WaiverRow(Row):
    """A decision to accept a failure until a date, as the log last told it."""

    state: State = Field(description="How it stood then; `removed`: taken back before its end.")
    waiver: str = Field(description="Its id.")
    rule: str = RULE
    resources: list[str] = Field(description="Ids or globs; empty: `where` alone decides.")
    where: str = Field(description="CEL that must hold too; empty: none.")
    reason: str
    requested_by: str
    approved_by: str
    from_: datetime = Field(alias="from")
    until: datetime = Field(description="From then on the failure counts again.")
    ticket: str
    recorded_at: datetime = Field(description="When the log first had it, whatever is claimed.")
    entry: int = Field(description="The entry that told it last.")


class WaiverPage(Paging):
    """A page of waivers."""

    at: datetime = Field(description="As of when.")
    items: list[WaiverRow]


class AttestationRow(Row):
    """A statement that people performed a control."""

    entry: int = Field(description="Its entry of the log.")
    control: str = CONTROL
    period: str = PERIOD
    result: model.Result
    performer: str
    reviewer: str
    performed_at: datetime = Field(description="As they say.")
    recorded_at: datetime = Field(description="When the log took it.")
    statement: str
    files: list[str] = Field(description="SHA-256 in hexadecimal, two spaces, name.")


class AttestationPage(Paging):
    """A page of statements."""

    items: list[AttestationRow]


class DutyRow(Row):
    """One instance of a control that people perform: what was, is or will be due."""

    state: model.State
    control: str = CONTROL
    period: str = PERIOD
    start: date
    end: date = Field(description="The first day after the period.")
    due: datetime = Field(description="The end and the grace.")
    days_late: int | None = Field(description="null: not late.")
    result: model.Result | None = Field(description="null: nothing is stated.")
    entry: int | None = Field(description="The entry that states it.")
    performer: str
    reviewer: str
    task: str
    attach: list[str] = Field(description="What they attach.")


class DutyPage(Paging):
    """A page of duties."""

    at: datetime = Field(description="As of when.")
    items: list[DutyRow]
