"""Dated decisions to accept a failure: a waived finding stays visible, and fails again on its date.

Pure: who may decide, and the documents that hold the decisions, are checked where they are read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase

import msgspec
from msgspec import Struct

from agent.cel import EvalError, Program
from agent.model import Finding, Outcome


class Waiver(Struct, frozen=True, kw_only=True):
    """A decision by a named person to accept a failure until a date."""

    id: str
    rule: str
    resources: tuple[str, ...]
    """Ids or globs (`arn:aws:s3:::logs-*`); the id of a resource covers all its elements. Empty:
    `where` alone decides."""
    reason: str
    requested_by: str
    approved_by: str
    since: datetime
    until: datetime
    """Half-open, aware UTC: at `until` itself the finding fails again."""
    ticket: str = ""
    where: Program | None = None
    """Must hold too, over `id`, `region` and what the rule read of the `resource`; what cannot be
    evaluated does not hold."""


class State(StrEnum):
    """How a waiver stands at an instant."""

    ACTIVE = "active"
    UPCOMING = "upcoming"
    EXPIRED = "expired"
    REMOVED = "removed"
    """Taken back before its end."""


def state_at(since: datetime, until: datetime, now: datetime) -> State:
    """Say how a waiver for [since, until) that was not taken back stands."""
    if until <= now:
        return State.EXPIRED
    return State.ACTIVE if since <= now else State.UPCOMING


def waive(finding: Finding, waivers: Iterable[Waiver], now: datetime) -> Finding:
    """Make a failing finding `waived` when a waiver in force covers it; else leave it.

    Of several that cover it the one that lasts longest is named, then the smallest id: the order of
    `waivers` does not matter.
    """
    if finding.outcome is not Outcome.FAIL:
        return finding
    covering = [waiver for waiver in waivers if _covers(waiver, finding, now)]
    if not covering:
        return finding
    waiver = min(covering, key=lambda waiver: (-waiver.until.timestamp(), waiver.id))
    return msgspec.structs.replace(
        finding,
        outcome=Outcome.WAIVED,
        code=waiver.id,
        message=f"{finding.message} (waived until {waiver.until:%Y-%m-%dT%H:%M:%SZ} "
        f"by {waiver.approved_by}: {waiver.reason})",
    )


def _covers(waiver: Waiver, finding: Finding, now: datetime) -> bool:
    in_force = state_at(waiver.since, waiver.until, now) is State.ACTIVE
    if waiver.rule != finding.rule or not in_force:
        return False
    return _names(waiver, finding) and _holds(waiver, finding)


def _names(waiver: Waiver, finding: Finding) -> bool:
    if not waiver.resources:
        return waiver.where is not None
    names = {finding.resource, finding.resource.split("#", 1)[0]}
    return any(
        name == glob or fnmatchcase(name, glob) for name in names for glob in waiver.resources
    )


def _holds(waiver: Waiver, finding: Finding) -> bool:
    if waiver.where is None:
        return True
    resource = finding.values.get("resource", {})
    try:
        return bool(waiver.where(finding.resource, finding.region, resource))
    except EvalError:  # a failure that nobody can say is covered stays one
        return False
