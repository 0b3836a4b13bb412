"""What a list shows of a control: one row, the same for commands and for the API."""

from __future__ import annotations

from typing import Any

from agent.controls.model import Control

CONTROL_COLUMNS = ("control", "criteria", "rules", "manual", "owner", "title")


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
