"""What a request can ask with; a parameter that is not known is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from agent import waivers
from agent.controls import model
from agent.evidence.entry import MAX_INT, Kind
from agent.model import Outcome

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d):(\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
)
_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
_LATEST = datetime(9999, 12, 30, tzinfo=UTC)


def read_moment(text: object) -> datetime:
    """Read a time as RFC 3339 writes it, in UTC. Raises `ValueError`.

    A leap second is the second before it; what no calendar here reaches is its first or last day.
    """
    found = _RFC3339.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError("a time as RFC 3339 writes it is expected (2026-11-24T08:00:00Z)")
    day, minute, second, fraction, sign, hours, minutes = found.groups()
    if day.startswith("0000"):
        return _EARLIEST
    second = "59" if second == "60" else second
    whole = datetime.fromisoformat(f"{day}T{minute}:{second}{(fraction or '')[:7]}+00:00")
    if not _EARLIEST <= whole <= _LATEST:
        return min(max(whole, _EARLIEST), _LATEST)
    away = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return whole + away if sign == "-" else whole - away


Moment = Annotated[
    datetime,
    BeforeValidator(read_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Index = Annotated[int, Field(ge=0, le=MAX_INT)]
Name = Annotated[str, Field(min_length=1, max_length=256)]
Resource = Annotated[str, Field(min_length=1, max_length=2048)]


class Asked(BaseModel):
    """No parameter."""

    model_config = ConfigDict(extra="forbid")


class Shown(Asked):
    """In which form."""

    format: Literal["json", "csv"] | None = Field(
        None, description="`json` or `csv`; else what `Accept` prefers."
    )


class Paged(Shown):
    """Which page, in which form."""

    cursor: str | None = Field(
        None,
        max_length=1024,
        description="`next` of the page before; the other parameters stay as they were.",
    )
    limit: int = Field(100, ge=1, le=1000, description="Rows of a page at most.")


class ControlsAsked(Paged):
    """Which controls."""

    everything: Literal["true", "false"] = Field(
        "false", alias="all", description="Those out of scope too."
    )


class WaiversAsked(Paged):
    """Which waivers, as of when."""

    at: Moment | None = Field(None, description="As of this time; default: now.")
    state: waivers.State | None = Field(None, description="Only those that stood so.")
    rule: Name | None = Field(None, description="Only of this rule.")


class AttestationsAsked(Paged):
    """Which statements; half-open: `from` is in the period, `to` is not."""

    start: Moment | None = Field(None, alias="from", description="Recorded from then on.")
    end: Moment | None = Field(None, alias="to", description="Recorded before then; default: now.")
    control: Name | None = Field(None, description="Only of this control.")


class DutiesAsked(Paged):
    """Which instances, as of when."""

    at: Moment | None = Field(None, description="As of this time; default: now.")
    state: model.State | None = Field(None, description="Only those that stood so.")
    control: Name | None = Field(None, description="Only of this control.")


class AsOf(BaseModel):
    """Which findings, as of when."""

    at: Moment | None = Field(None, description="As of this time; default: now.")
    target: Name | None = Field(
        None, description="Only of this target.", examples=["aws:123456789012"]
    )
    rule: Name | None = Field(None, description="Only of this rule.")
    outcome: list[Outcome] = Field(default=[], max_length=5, description="Only these outcomes.")


class Period(BaseModel):
    """Which period; half-open: `from` is in it, `to` is not."""

    start: Moment | None = Field(None, alias="from", description="Start; default: 1970.")
    end: Moment | None = Field(None, alias="to", description="End, not in it; default: now.")
    target: Name | None = Field(
        None, description="Only of this target.", examples=["aws:123456789012"]
    )


class Failed(Period):
    """Which deviations."""

    rule: Name | None = Field(None, description="Only of this rule.")
    only_open: Literal["true", "false"] = Field(
        "false", alias="open", description="Only those that last."
    )


class Logged(BaseModel):
    """Which entries."""

    kind: Kind | None = Field(None, description="Only entries of this kind.")
    start: Index = Field(0, description="From this entry on.")


class FindingsAsked(Paged, AsOf):
    """Which page of which findings."""


class DeviationsAsked(Paged, Failed):
    """Which page of which deviations."""


class PeriodAsked(Paged, Period):
    """Which page of which period."""


class EntriesAsked(Paged, Logged):
    """Which page of which entries."""


class HistoryAsked(Paged):
    """Of which finding."""

    rule: Name = Field(description="The rule.", examples=["aws-s3-bucket-versioning"])
    resource: Resource = Field(description="The resource's id.", examples=["arn:aws:s3:::logs"])


class Exported(BaseModel):
    """In which form the whole is streamed."""

    model_config = ConfigDict(extra="forbid")

    format: Literal["jsonl", "csv"] | None = Field(
        None, description="`jsonl` (a row a line) or `csv`; else what `Accept` prefers."
    )


class FindingsExported(Exported, AsOf):
    """Which findings."""


class DeviationsExported(Exported, Failed):
    """Which deviations."""


class PeriodExported(Exported, Period):
    """Which period."""


class EntriesExported(Exported, Logged):
    """Which entries."""


class InclusionAsked(Asked):
    """Of which entry in a tree of which size."""

    entry: Index = Field(description="The entry's index.")
    size: Index | None = Field(None, description="Entries of the tree; default: all.")


class ConsistencyAsked(Asked):
    """From which size to which."""

    first: Annotated[int, Field(ge=1, le=MAX_INT)] = Field(description="The older size.")
    second: Index | None = Field(None, description="The newer size; default: all.")
