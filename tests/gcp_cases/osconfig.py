"""What VM Manager reports of machines."""

from gcp_cases import Case, Make, ago, asset


def _report(severity: str, days: float) -> Make:
    name = "projects/101/locations/z/instances/1/vulnerabilityReport"
    found = {"details": {"cve": "CVE-2026-1", "severity": severity}, "createTime": ago(days)}
    data = {"name": name, "vulnerabilities": [found]}
    return asset("osconfig.googleapis.com/VulnerabilityReport", data, name=name)


CASES = (Case("gcp-compute-vulnerabilities-sla", _report("CRITICAL", 3), _report("CRITICAL", 99)),)
