"""A log of sixty days with all that pages show, served, and one real browser to look with."""

from __future__ import annotations

import json
import shutil
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from evidence_world import SIGNER, START

from agent.config import load_settings
from agent.controls.attest import to_body
from agent.controls.decisions import record
from agent.controls.model import Attestation, Result
from agent.evidence.log import Log
from agent.evidence.seal import RuleVersion
from agent.evidence.slots import Scheduled
from agent.evidence.store import Store
from agent.model import Finding, Outcome
from agent.pack import SHIPPED_RULES
from agent.scope import load_scope
from agent.web.still import still
from checks.model import Cause, Gap

DAY = timedelta(days=1)
DAYS = 60
NOW = START + (DAYS - 1) * DAY + timedelta(hours=9)
TARGET, SILENT = "aws:111122223333", "azure:sub-1"
MFA, VERSIONS, SSH = "aws-iam-user-mfa", "aws-s3-bucket-versioning", "aws-ec2-security-group-ssh"
RULES = {MFA: "iam", VERSIONS: "s3", SSH: "ec2"}
BOB, CARL = (f"arn:aws:iam::111122223333:user/{name}" for name in ("bob", "carl"))
SCRIPT = "<script>document.title='owned'</script>"
FORMULA = '=HYPERLINK("http://evil.example","pay")'
GROUP = "arn:aws:ec2:eu-west-1:111122223333:security-group/sg-1"
SCOPE = "organization: Harbour & Sons\nsystem: Shop\ncategories: [security, availability]\n"
WAIVERS = f"""\
old-bills:
  rule: {VERSIONS}
  resources: ['{FORMULA}']
  reason: It is emptied this spring
  requested_by: Ana Lopez
  approved_by: Bob Ito
  from: 2026-01-20
  until: 2026-04-20
  ticket: SEC-1
"""
DENIED = "not authorized to perform ec2:DescribeSecurityGroups"
MISSED = range(40, 43)
"""Days on which the agent was down."""


def write_folder(folder: Path) -> Path:
    """Write a configuration of three rules; gives its file."""
    (folder / "rules").mkdir(parents=True)
    for rule, service in RULES.items():
        shutil.copy(SHIPPED_RULES / "aws" / service / f"{rule}.yaml", folder / "rules")
    (folder / "scope.yaml").write_text(SCOPE)
    (folder / "waivers.yaml").write_text(WAIVERS)
    config = {
        "targets": [{"provider": "aws", "account": "111122223333", "regions": ["eu-west-1"]}],
        "shipped_rules": False,
        "rules_paths": ["rules"],
        "scope": "scope.yaml",
        "waivers": ["waivers.yaml"],
    }
    path = folder / "assay.yaml"
    path.write_text(json.dumps(config))
    return path


def tell(log: Log, scope: Any, *, start: Any = START, days: int = DAYS) -> None:
    """Let sixty days happen."""
    rules = scope.pack.rules
    named = {
        name: Scheduled(every=86400, digest=sha256(rule.text).hexdigest())
        for name, rule in rules.items()
    }
    record(log, scope.decisions, start)
    log.schedule({TARGET: named, SILENT: {MFA: named[MFA]}}, valid_from=start, at=start)
    for day in range(days):
        at = start + day * DAY
        if day in MISSED:
            continue
        if day == MISSED.stop:
            log.record_missed(at)
        if day == 12:  # the second Monday: what was due at the year's end is recorded
            log.append("attestation", to_body(_attested(at)), at)
        _run(log, rules, day, at)


def _run(log: Log, rules: Any, day: int, at: Any) -> None:
    versions = {
        name: RuleVersion(text=rule.text, params=dict(rule.params), check=rule.check)
        for name, rule in rules.items()
    }
    with log.run(target=TARGET, slot=at, rules=versions, at=at) as run:
        for finding in _findings(day):
            run.add(finding)
            run.see(finding.resource, finding.region, rules[finding.rule].check, b"\x01" * 32)
        unseen = day >= 55
        gap = Gap(
            check="aws.ec2.security_group",
            region="eu-west-1",
            cause=Cause.DENIED,
            code="UnauthorizedOperation",
            message=DENIED,
            needs=("ec2:DescribeSecurityGroups",),
        )
        call = {"call": "iam:GetCredentialReport", "region": "", "count": 2, "items": 3}
        run.seal(
            {"agent": "0.1.0", "identity": "arn:aws:sts::1:role/assay", "clock_skew_ms": 3},
            finished=at + timedelta(minutes=2),
            lost={SSH: [("", "denied", DENIED, ["ec2:DescribeSecurityGroups"])]} if unseen else {},
            gaps=[gap] if unseen else [],
            calls={"calls": [{**call, "status": 200}], "absent": []},
        )


def _findings(day: int) -> list[Finding]:
    waived = day >= 20
    found = [
        _mfa(BOB, bad=day >= 50),
        _mfa(CARL, bad=10 <= day < 15),
        _versions("arn:aws:s3:::logs", Outcome.PASS),
        _versions(SCRIPT, Outcome.FAIL),
        _versions(FORMULA, Outcome.WAIVED if waived else Outcome.FAIL),
    ]
    if day < 55:
        found.append(_said(SSH, GROUP, Outcome.PASS, {"GroupId": "sg-1"}))
    return found


def _mfa(resource: str, *, bad: bool) -> Finding:
    user = resource.rpartition("/")[2]
    values = {"user": user, "mfa_active": not bad, "password_enabled": True}
    message = f"{user} can sign in with a password alone" if bad else ""
    return _said(MFA, resource, Outcome.FAIL if bad else Outcome.PASS, values, message)


def _versions(resource: str, outcome: Outcome) -> Finding:
    bad = outcome is not Outcome.PASS
    message = f"{resource} does not keep earlier versions of its objects" if bad else ""
    values = {"Name": resource, "Versioning": {"Status": "Suspended" if bad else "Enabled"}}
    return _said(VERSIONS, resource, outcome, values, message)


def _said(rule: str, resource: str, outcome: Outcome, values: Any, message: str = "") -> Finding:
    return Finding(
        rule=rule,
        resource=resource,
        region="eu-west-1",
        outcome=outcome,
        code="old-bills" if outcome is Outcome.WAIVED else "",
        message=message,
        values={"resource": values, "params": {}},
    )


def _attested(at: Any) -> Attestation:
    return Attestation(
        control="weaknesses-reported",
        period="2026-01",
        performer="Ana Lopez",
        reviewer="Bob Ito",
        performed_at=at - DAY,
        recorded_at=at,
        statement="Two weaknesses were told to the board",
        result=Result.DONE,
    )


@contextmanager
def serving(folder: Path, *, now: Any = NOW, start: Any = START, days: int = DAYS):
    """Serve the world of a folder, made in it when it is new; gives the address."""
    path = folder / "assay.yaml"
    is_new = not path.exists()
    scope = load_scope(load_settings(write_folder(folder) if is_new else path, {}), {})
    if is_new:
        with (
            Store.open(folder / "evidence.db") as store,
            Log.open(store, SIGNER, at=START) as log,
        ):
            if days:
                tell(log, scope, start=start, days=days)
    with (
        Store.open(folder / "evidence.db", create=False, read_only=True) as store,
        still(store, scope, now) as where,
    ):
        yield where
