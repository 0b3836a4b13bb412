"""What VM Manager reports of machines."""

from typing import Any

from gcp_cases import Case, Make, ago, asset


def _report(**data: Any) -> Make:
    name = "projects/101/locations/z/instances/1/vulnerabilityReport"
    kind = "osconfig.googleapis.com/VulnerabilityReport"
    return asset(kind, {"name": name, **data}, name=name)


def _found(severity: str, days: float) -> Make:
    one = {"details": {"cve": "CVE-2026-1", "severity": severity}, "createTime": ago(days)}
    return _report(vulnerabilities=[one])


CASES = (Case("gcp-compute-vulnerabilities-sla", _report(), _found("CRITICAL", 99)),)
