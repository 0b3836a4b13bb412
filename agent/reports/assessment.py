"""A report as OSCAL assessment-results: what was tested, what came of each control.

A control is `satisfied` only when something of it was judged, all of it was seen through the whole
period, nothing deviated, people were in time and the evidence verifies; of any other the finding's
reason says `fail`, or `other` when it was not tested or could not be seen.
"""

from __future__ import annotations

from collections.abc import Iterator

from agent.controls.model import Attestation, State
from agent.model import Outcome
from agent.reports.model import NOT_AN_OPINION, ControlResult, Report, RuleResult
from agent.reports.oscal import (
    Object,
    control_id,
    filled,
    log_resource,
    make_id,
    markup,
    metadata,
    origin,
    prop,
    references,
    rfc3339,
    string,
    tool_component,
)
from agent.reports.risks import inventory, observation_id, observed, risk, risk_id
from agent.reports.wording import length, percent

_MISSED = {State.OVERDUE, State.LATE, State.EXCEPTION, State.NOT_DONE}


def to_assessment(report: Report) -> Object:
    """Make the document."""
    return {
        "assessment-results": {
            "uuid": make_id(
                report, "assessment-results", report.provenance.query, report.seal.root
            ),
            "metadata": metadata(report, "Results of continuous control monitoring"),
            "import-ap": {"href": f"#{make_id(report, 'plan')}"},
            "results": [_result(report)],
            "back-matter": {
                "resources": [
                    {
                        "uuid": make_id(report, "plan"),
                        "title": "The plan",
                        "description": "Which rules run when, on which targets: the schedule"
                        " entries of the sealed log.",
                    },
                    log_resource(report),
                ]
            },
        }
    }


def verdict(report: Report, control: ControlResult) -> str:
    """Say what a control comes to: `pass`, `fail` or `other`."""
    states = {due.state(report.end) for due in control.dues}
    moment = report.start == report.end
    failed = any(rule.counts[Outcome.FAIL] if moment else rule.failed for rule in control.rules)
    if failed or states & _MISSED:
        return "fail"
    untested = bool(control.control.rules) and not control.rules
    unseen = any(
        rule.unknown or rule.blind_share or rule.counts[Outcome.ERROR] or not rule.tests
        for rule in control.rules
    )
    proven = any(rule.clean for rule in control.rules) or State.DONE in states
    doubtful = untested or unseen or control.unlisted or report.seal.wrong
    return "pass" if proven and not doubtful else "other"


def _result(report: Report) -> Object:
    controls = {control_id(each.control.id): each for each in report.controls}
    rules = {rule.rule: rule for each in report.controls for rule in each.rules}
    done = [due.attestation for each in report.controls for due in each.dues if due.attestation]
    observations = [
        *(_tested(report, rule) for rule in rules.values()),
        *(observed(report, entry) for entry in report.register),
        *(_attested(report, each) for each in done),
    ]
    selection: Object = (
        {"include-controls": references("control-id", controls)}
        if controls
        else {"include-all": {}}
    )
    return filled(
        {
            "uuid": make_id(report, "result", report.provenance.query),
            "title": "Operation through the period",
            "description": NOT_AN_OPINION,
            "start": rfc3339(report.start),
            "end": rfc3339(report.end),
            "local-definitions": filled(
                {
                    "components": [tool_component(report)],
                    "inventory-items": inventory(report, report.register),
                    "assessment-assets": {
                        "assessment-platforms": [
                            {
                                "uuid": make_id(report, "platform"),
                                "title": "Assay",
                                "uses-components": [{"component-uuid": make_id(report, "tool")}],
                            }
                        ]
                    },
                }
            ),
            "reviewed-controls": {
                "description": "The organization's own controls.",
                "control-selections": [selection],
            },
            "assessment-log": {"entries": list(_log(report))},
            "observations": observations,
            "risks": [risk(report, entry) for entry in report.register],
            "findings": [_finding(report, token, each) for token, each in controls.items()],
        }
    )


def _log(report: Report) -> Iterator[Object]:
    """Account for the runs that were expected: all of them, and each stretch without one."""
    accounted = report.completeness
    yield {
        "uuid": make_id(report, "runs", report.provenance.query),
        "title": "Scheduled runs",
        "description": markup(report.provenance.completeness),
        "start": rfc3339(report.start),
        "end": rfc3339(report.end),
        "props": [
            prop("expected", accounted.expected),
            prop("ran", accounted.ran),
            prop("explained", accounted.explained),
            prop("unexplained", accounted.unexplained),
        ],
    }
    for gap in accounted.gaps:
        yield {
            "uuid": make_id(report, "gap", gap.target, gap.start),
            "title": markup(f"No run of {gap.target}"),
            "description": markup(gap.reason or "unexplained"),
            "start": rfc3339(gap.start),
            "end": rfc3339(gap.end),
            "props": [prop("slots", gap.slots)],
        }


def _tested(report: Report, rule: RuleResult) -> Object:
    return {
        "uuid": _tested_id(report, rule),
        "title": markup(f"Test {rule.rule}: {rule.title}"),
        "description": markup(" ".join((*rule.logic, *rule.limits)) or rule.title),
        "props": [
            prop("rule", rule.rule),
            prop("rule-sha256", rule.versions[-1].sha256 if rule.versions else "not kept"),
            prop("check", rule.check),
            prop("severity", rule.severity),
            prop("every", length(rule.every) if rule.every else "by hand"),
            prop("tests", rule.tests),
            prop("population", rule.population),
            prop("population-sha256", rule.population_sha256),
            prop("deviated", rule.failed),
            prop("blind", percent(rule.blind_share)),
            *(prop(f"last-{name}", count) for name, count in sorted(rule.counts.items())),
        ],
        "methods": ["TEST"],
        "types": ["control-objective"],
        "origins": origin(report),
        "relevant-evidence": [
            {
                "href": f"#{make_id(report, 'log')}",
                "description": "The rule's texts, its runs and what they found, in the sealed log.",
            }
        ],
        "collected": rfc3339(report.end),
    }


def _attested(report: Report, done: Attestation) -> Object:
    return filled(
        {
            "uuid": _attested_id(report, done),
            "title": markup(f"Attestation {done.control} {done.period}"),
            "description": markup(done.statement),
            "props": [
                prop("performer", done.performer),
                prop("reviewer", done.reviewer),
                prop("performed-at", rfc3339(done.performed_at)),
                prop("result", done.result),
                prop("log-entry", done.entry),
            ],
            "methods": ["EXAMINE"],
            "types": ["control-objective"],
            "relevant-evidence": [
                {
                    "href": f"#{make_id(report, 'log')}",
                    "description": markup(file.name),
                    "props": [prop("sha256", file.sha256)],
                }
                for file in done.files
            ],
            "collected": rfc3339(done.recorded_at),
        }
    )


def _finding(report: Report, token: str, control: ControlResult) -> Object:
    rules = {rule.rule for rule in control.rules}
    mine = [entry for entry in report.register if entry.deviation.rule in rules]
    reason = verdict(report, control)
    observations = [
        *(_tested_id(report, rule) for rule in control.rules),
        *(observation_id(report, entry) for entry in mine),
        *(_attested_id(report, due.attestation) for due in control.dues if due.attestation),
    ]
    state = "satisfied" if reason == "pass" else "not-satisfied"
    return filled(
        {
            "uuid": make_id(report, "finding", control.control.id, report.provenance.query),
            "title": markup(control.control.title),
            "description": markup(control.sentence or "Nothing of it fell due."),
            "props": [
                prop("criterion", f"{framework}:{each}")
                for framework, ids in control.control.criteria.items()
                for each in ids
            ],
            "origins": origin(report),
            "target": {
                "type": "objective-id",
                "target-id": token,
                "title": string(control.control.id),
                "status": {"state": state, "reason": reason},
            },
            "related-observations": references("observation-uuid", observations),
            "related-risks": references("risk-uuid", (risk_id(report, entry) for entry in mine)),
        }
    )


def _tested_id(report: Report, rule: RuleResult) -> str:
    return make_id(report, "test", rule.rule)


def _attested_id(report: Report, done: Attestation) -> str:
    return make_id(report, "attestation", done.control, done.period, done.entry)
