"""Findings as OCSF 1.5 events of class 2003, Compliance Finding: one JSON object a line.

First what stood of every resource at the end of the period (activity Update), then the opening
(Create) and the end (Close) of every deviation in it. What a rule does not apply to is no event.
https://schema.ocsf.io/1.5.0/classes/compliance_finding
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from enum import IntEnum
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import msgspec
from msgspec import Struct

from agent import __version__
from agent.evidence.deviations import Deviation
from agent.evidence.queries import Standing
from agent.model import Outcome, Severity
from agent.reports.model import ControlResult, Report, RuleResult
from agent.reports.register import lasts

VERSION = "1.5.0"
_CLASS = 2003
_CATEGORY = 2
_PROVIDERS = {"aws": "AWS", "azure": "Azure", "gcp": "GCP"}
_SEVERITY = {Severity.LOW: 2, Severity.MEDIUM: 3, Severity.HIGH: 4, Severity.CRITICAL: 5}
_INFORMATIONAL = 1
STALE = "The last run was too old at the end of the period; it said:"
_encode = msgspec.json.Encoder(order="deterministic").encode

Standings = Callable[[str], Iterable[Standing]]
"""Rule -> what stood of its resources at the end."""


class Activity(IntEnum):
    """What an event is of."""

    CREATE = 1
    UPDATE = 2
    CLOSE = 3


class Said(Struct, frozen=True, kw_only=True):
    """What an outcome is in the words of the class."""

    compliance: int
    """`compliance.status_id`: 0 unknown, 1 pass, 3 fail, 99 other."""
    word: str
    status: int
    """`status_id` of the finding: 0 unknown, 1 new, 3 suppressed, 4 resolved."""


_SAID = {
    Outcome.FAIL: Said(compliance=3, word="Fail", status=1),
    Outcome.ERROR: Said(compliance=0, word="Unknown", status=0),
    Outcome.WAIVED: Said(compliance=99, word="Waived", status=3),
    Outcome.PASS: Said(compliance=1, word="Pass", status=4),
}
_GONE = Said(compliance=99, word="Gone", status=4)
_ENDED = {"pass": _SAID[Outcome.PASS], "waived": _SAID[Outcome.WAIVED]}


class _Finding(Struct, frozen=True, kw_only=True):
    """What an event says of a resource."""

    activity: Activity
    at: datetime
    target: str
    resource: str
    region: str
    since: datetime
    said: Said
    severity: int
    message: str
    code: str
    digest: str = ""


def write_ocsf(report: Report, standing: Standings) -> Iterator[bytes]:
    """Give the lines; memory holds one."""
    proof = _proof(report)
    by_rule = _controls_of(report.controls)
    for rule, controls in by_rule.values():
        for each in standing(rule.rule):
            if each.outcome is not Outcome.NOT_APPLICABLE:
                yield _line(report, rule, controls, _stood(report, rule, each), proof)
    for entry in report.register:
        rule, controls = by_rule[entry.deviation.rule]
        for found in _deviated(report, rule, entry.deviation, closed=not lasts(entry, report.end)):
            yield _line(report, rule, controls, found, proof)


def _controls_of(
    controls: Iterable[ControlResult],
) -> dict[str, tuple[RuleResult, list[ControlResult]]]:
    found: dict[str, tuple[RuleResult, list[ControlResult]]] = {}
    for each in controls:
        for rule in each.rules:
            found.setdefault(rule.rule, (rule, []))[1].append(each)
    return dict(sorted(found.items()))


def _stood(report: Report, rule: RuleResult, one: Standing) -> _Finding:
    """Give what was last seen; where the last run was too old at the end, that is not known."""
    is_known = one.target not in rule.unknown
    outcome = one.outcome if is_known else Outcome.ERROR
    return _Finding(
        activity=Activity.UPDATE,
        at=report.end,
        target=one.target,
        resource=one.resource,
        region=one.region,
        since=one.since,
        said=_SAID[outcome],
        severity=_severity(rule, outcome),
        message=one.message if is_known else f"{STALE} {one.outcome}",
        code=one.code if is_known else "unknown",
        digest=one.digest.hex(),
    )


def _deviated(
    report: Report, rule: RuleResult, one: Deviation, *, closed: bool
) -> Iterator[_Finding]:
    opened = _Finding(
        activity=Activity.CREATE,
        at=one.start,
        target=one.target,
        resource=one.resource,
        region=one.region,
        since=one.start,
        said=_SAID[Outcome.FAIL],
        severity=_severity(rule, Outcome.FAIL),
        message=one.message,
        code=one.code,
    )
    if report.start <= one.start:
        yield opened
    if closed and one.end is not None:
        said = _ENDED.get(one.ended_by, _GONE)
        yield msgspec.structs.replace(opened, activity=Activity.CLOSE, at=one.end, said=said)


def _severity(rule: RuleResult, outcome: Outcome) -> int:
    """Give `severity_id`; what could not be seen is as severe as what it may hide."""
    if outcome is Outcome.PASS:
        return _INFORMATIONAL
    return _SEVERITY.get(Severity(rule.severity), 0)


def _line(
    report: Report,
    rule: RuleResult,
    controls: list[ControlResult],
    found: _Finding,
    proof: Mapping[str, Any],
) -> bytes:
    provider, _, account = found.target.partition(":")
    cloud = _PROVIDERS.get(provider)
    uid = f"{rule.rule}|{found.target}|{found.resource}"
    millis = _millis(found.at)
    name = f"{report.seal.origin}|{uid}|{found.activity}|{millis}"
    region = {"region": found.region} if cloud and found.region else {}
    criteria = [pair for each in controls for pair in _criteria(each)]
    event: dict[str, Any] = {
        "activity_id": int(found.activity),
        "category_uid": _CATEGORY,
        "class_uid": _CLASS,
        "type_uid": _CLASS * 100 + int(found.activity),
        "time": millis,
        "time_dt": _rfc3339(found.at),
        "severity_id": found.severity,
        "status_id": found.said.status,
        "message": found.message,
        "metadata": {
            "version": VERSION,
            "product": {"name": "Assay", "vendor_name": "Assay", "version": __version__},
            "profiles": ["cloud", "datetime"] if cloud else ["datetime"],
            "log_name": report.seal.origin,
            "uid": str(uuid5(NAMESPACE_URL, name)),
        },
        "finding_info": {
            "uid": uid,
            "title": rule.title,
            "types": ["Compliance"],
            "first_seen_time": _millis(found.since),
            "first_seen_time_dt": _rfc3339(found.since),
        },
        "compliance": {
            "control": controls[0].control.id,
            "requirements": sorted({requirement for _, requirement in criteria}),
            "standards": sorted({standard for standard, _ in criteria}),
            "status_id": found.said.compliance,
            "status": found.said.word,
            "status_details": [text for text in (found.code, found.message) if text],
            "checks": [
                {
                    "name": rule.title,
                    "uid": rule.rule,
                    "version": rule.versions[-1].sha256 if rule.versions else "",
                    "status_id": found.said.compliance,
                    "status": found.said.word,
                }
            ],
        },
        "resources": [{"uid": found.resource, "type": rule.check, **region}],
        "unmapped": proof,
    }
    if cloud:
        event["cloud"] = {"provider": cloud, "account": {"uid": account}, **region}
    if found.digest:
        event["evidences"] = [{"data": {"values_sha256": found.digest}}]
    return _encode(event) + b"\n"


def _criteria(control: ControlResult) -> Iterator[tuple[str, str]]:
    for framework, ids in control.control.criteria.items():
        for each in ids:
            yield framework, each


def _proof(report: Report) -> dict[str, Any]:
    """Give what every line says of where it is from."""
    proof = report.provenance
    return {
        "source": proof.source,
        "query": proof.query,
        "made_at": _rfc3339(proof.made_at),
        "completeness": proof.completeness,
        "integrity": proof.integrity,
    }


def _millis(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _rfc3339(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
