"""Deviations in OSCAL: the resource, the observation and the risk of each. Pure.

A failure that was mended in the time allowed is a risk as well, closed, that says it does not
count; one that was waived is `deviation-approved`.
"""

from __future__ import annotations

from collections.abc import Iterable

from agent.reports.model import Registered, Report
from agent.reports.oscal import Object, filled, make_id, markup, origin, prop, rfc3339, string
from agent.reports.register import lasts
from agent.reports.wording import length

SYSTEM = "urn:assay:severity"


def risk_id(report: Report, entry: Registered) -> str:
    """Give the id of the risk of a deviation."""
    return make_id(report, "risk", *_key(entry))


def observation_id(report: Report, entry: Registered) -> str:
    """Give the id of the observation of a deviation."""
    return make_id(report, "observation", *_key(entry))


def inventory(report: Report, entries: Iterable[Registered]) -> list[Object]:
    """Give the resources that deviated, each once."""
    found = {(one.target, one.resource): one.region for one in (each.deviation for each in entries)}
    return [
        {
            "uuid": _resource_id(report, target, resource),
            "description": markup(resource),
            "props": [
                prop("asset-id", resource),
                prop("target", target),
                *([prop("region", region)] if region else []),
            ],
        }
        for (target, resource), region in sorted(found.items())
    ]


def observed(report: Report, entry: Registered) -> Object:
    """Give the observation of a deviation."""
    one = entry.deviation
    return {
        "uuid": observation_id(report, entry),
        "title": markup(f"Deviation {entry.number}: {one.rule}"),
        "description": markup(one.message or "The requirement was not met."),
        "props": [
            prop("rule", one.rule),
            prop("number", entry.number),
            prop("counts", "yes" if entry.counts else "no, mended within the time allowed"),
            prop("observed", length(one.observed)),
            prop("at-most", length(one.longest)),
            prop("blind-within", "yes" if one.blind else "no"),
        ],
        "methods": ["TEST"],
        "types": ["finding"],
        "origins": origin(report),
        "subjects": [
            {
                "subject-uuid": _resource_id(report, one.target, one.resource),
                "type": "inventory-item",
                "title": markup(one.resource),
            }
        ],
        "relevant-evidence": [
            {
                "href": f"#{make_id(report, 'log')}",
                "description": "The runs of this time, in the sealed log.",
            }
        ],
        "collected": rfc3339(one.start),
    }


def risk(report: Report, entry: Registered) -> Object:
    """Give the risk of a deviation, with when it was opened and closed."""
    one = entry.deviation
    allowed = f" It must be mended within {length(entry.allowed)}." if entry.allowed else ""
    return filled(
        {
            "uuid": risk_id(report, entry),
            "title": markup(f"Deviation {entry.number}: {one.rule} on {one.resource}"),
            "description": markup(one.message or "The requirement was not met."),
            "statement": f"Of severity {string(entry.severity)}.{allowed}",
            "props": [prop("rule", one.rule), prop("resource", one.resource)],
            "status": _status(report, entry),
            "origins": origin(report),
            "characterizations": [
                {
                    "origin": origin(report)[0],
                    "facets": [
                        {"name": "severity", "system": SYSTEM, "value": string(entry.severity)}
                    ],
                }
            ],
            "deadline": rfc3339(one.start + entry.allowed) if entry.allowed else None,
            "remediations": _responses(report, entry),
            "risk-log": {"entries": _log(report, entry)},
            "related-observations": [{"observation-uuid": observation_id(report, entry)}],
        }
    )


def _status(report: Report, entry: Registered) -> str:
    if lasts(entry, report.end):
        return "open"
    return "deviation-approved" if entry.deviation.ended_by == "waived" else "closed"


def _log(report: Report, entry: Registered) -> list[Object]:
    one = entry.deviation
    opened = {
        "uuid": make_id(report, "opened", *_key(entry)),
        "title": "First seen to fail",
        "start": rfc3339(one.start),
        "status-change": "open",
    }
    if one.end is None or lasts(entry, report.end):
        return [opened]
    closed = {
        "uuid": make_id(report, "ended", *_key(entry)),
        "title": f"Ended: {string(one.ended_by)}",
        "start": rfc3339(one.end),
        "status-change": _status(report, entry),
    }
    return [opened, closed]


def _responses(report: Report, entry: Registered) -> list[Object]:
    """Give management's response; whether it is done, the status says."""
    said = entry.response
    if said is None:
        return []
    return [
        filled(
            {
                "uuid": make_id(report, "response", *_key(entry)),
                "lifecycle": "planned" if lasts(entry, report.end) else "completed",
                "title": markup(f"Response of {said.by}"),
                "description": markup(said.text),
                "props": [prop("at", rfc3339(said.at))],
                "remarks": markup(f"Cause: {said.cause}") if said.cause else "",
            }
        )
    ]


def _resource_id(report: Report, target: str, resource: str) -> str:
    return make_id(report, "resource", target, resource)


def _key(entry: Registered) -> tuple[str, str, str, str]:
    one = entry.deviation
    return one.target, one.rule, one.resource, one.start.isoformat()
