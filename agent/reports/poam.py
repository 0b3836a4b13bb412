"""What was open at the end of a period, as an OSCAL plan of action and milestones (POA&M)."""

from __future__ import annotations

from agent.reports.model import Registered, Report
from agent.reports.oscal import (
    Object,
    filled,
    log_resource,
    make_id,
    markup,
    metadata,
    prop,
    string,
    tool_component,
)
from agent.reports.register import lasts
from agent.reports.risks import inventory, observation_id, observed, risk, risk_id


def to_poam(report: Report) -> Object | None:
    """Make the document; None: nothing was open, and OSCAL knows no empty plan."""
    entries = [entry for entry in report.register if lasts(entry, report.end)]
    if not entries:
        return None
    return {
        "plan-of-action-and-milestones": {
            "uuid": make_id(report, "poam", report.provenance.query, report.seal.root),
            "metadata": metadata(report, "Plan of action and milestones"),
            "system-id": {
                "identifier-type": "urn:assay:system",
                "id": string(report.scope.system or report.seal.origin),
            },
            "local-definitions": {
                "components": [tool_component(report)],
                "inventory-items": inventory(report, entries),
            },
            "observations": [observed(report, entry) for entry in entries],
            "risks": [risk(report, entry) for entry in entries],
            "poam-items": [_item(report, entry) for entry in entries],
            "back-matter": {"resources": [log_resource(report)]},
        }
    }


def _item(report: Report, entry: Registered) -> Object:
    one, said = entry.deviation, entry.response
    return filled(
        {
            "uuid": make_id(report, "item", risk_id(report, entry)),
            "title": markup(f"{one.rule} on {one.resource}"),
            "description": markup(said.text if said else one.message or "No response yet."),
            "props": [
                prop("number", entry.number),
                prop("severity", entry.severity),
                *([prop("responsible", said.by)] if said else []),
            ],
            "related-observations": [{"observation-uuid": observation_id(report, entry)}],
            "related-risks": [{"risk-uuid": risk_id(report, entry)}],
        }
    )
