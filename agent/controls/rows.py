"""What a list shows of controls, waivers and statements: one row, for commands and for the API."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from agent.controls.model import Attestation, Control, Due
from agent.controls.waiver_log import Recorded
from agent.waivers import State, Waiver, state_at

CONTROL_COLUMNS = ("control", "criteria", "rules", "manual", "owner", "title")
WAIVER_COLUMNS = (
    *("state", "waiver", "rule", "resources", "from", "until", "approved_by"),
    "recorded_at",
)
ATTESTATION_COLUMNS = (
    *("entry", "control", "period", "result", "performer", "reviewer"),
    "recorded_at",
)
DUE_COLUMNS = ("state", "control", "period", "due", "days_late", "result", "performer", "task")


def control_facts(control: Control) -> dict[str, Any]:
    """All that a control says, but not how it is proven."""
    return {
        "control": control.id,
        "title": control.title,
        "criteria": [each for ids in control.criteria.values() for each in ids],
        "frameworks": {name: list(ids) for name, ids in control.criteria.items()},
        "owner": control.owner,
        "manual": str(control.manual.cadence) if control.manual else "",
        "task": control.manual.task if control.manual else "",
        "attach": list(control.manual.attach) if control.manual else [],
        "performer": control.manual.performer if control.manual else "",
        "reviewer": control.manual.reviewer if control.manual else "",
    }


def control_row(control: Control, *, rules: int, in_scope: bool) -> dict[str, Any]:
    """What a list shows of a control; `rules`: by how many it is proven."""
    return {**control_facts(control), "rules": rules, "in_scope": in_scope}


def waiver_row(waiver: Waiver, now: datetime) -> dict[str, Any]:
    """What a list shows of a waiver on file."""
    where = str(waiver.where.source) if waiver.where else ""
    return _waiver(waiver, where, state_at(waiver.since, waiver.until, now))


def recorded_waiver_row(waiver: Recorded, first: datetime, now: datetime) -> dict[str, Any]:
    """What a list shows of a waiver as the log told it last; `first`: when it had it first."""
    row = _waiver(waiver, waiver.where, waiver.state(now))
    return {**row, "recorded_at": first, "entry": waiver.entry}


def attestation_row(each: Attestation) -> dict[str, Any]:
    """What a list shows of a statement."""
    return {
        "entry": each.entry,
        "control": each.control,
        "period": each.period,
        "result": str(each.result),
        "performer": each.performer,
        "reviewer": each.reviewer,
        "performed_at": each.performed_at,
        "recorded_at": each.recorded_at,
        "statement": each.statement,
        "files": [f"{file.sha256}  {file.name}" for file in each.files],
    }


def due_row(due: Due, control: Control, now: datetime) -> dict[str, Any]:
    """What a list shows of an instance of a control that people perform."""
    manual = control.manual
    late = due.late or (now - due.due if due.attestation is None and now > due.due else timedelta())
    return {
        "state": str(due.state(now)),
        "control": due.control,
        "period": due.period,
        "start": str(due.start),
        "end": str(due.end),
        "due": due.due,
        "days_late": -(-late // timedelta(days=1)) or None,
        "result": str(due.attestation.result) if due.attestation else "",
        "entry": due.attestation.entry if due.attestation else None,
        "performer": manual.performer if manual else "",
        "reviewer": manual.reviewer if manual else "",
        "task": manual.task if manual else "",
        "attach": list(manual.attach) if manual else [],
    }


def _waiver(waiver: Waiver | Recorded, where: str, state: State) -> dict[str, Any]:
    return {
        "state": str(state),
        "waiver": waiver.id,
        "rule": waiver.rule,
        "resources": list(waiver.resources),
        "where": where,
        "reason": waiver.reason,
        "requested_by": waiver.requested_by,
        "approved_by": waiver.approved_by,
        "from": waiver.since,
        "until": waiver.until,
        "ticket": waiver.ticket,
    }
