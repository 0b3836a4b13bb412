"""Evaluations of rule conditions per CPU second: compiled, in loops, slow, explained."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Callable

from agent.cel import DYN, TIMESTAMP, EvalError, Program, compile_expression

SECONDS = 0.5
REPEATS = 3
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
PARAMS = {"port": 22, "regions": ["eu-west-1", "eu-central-1"], "max_age_days": 500}
RESOURCE = {
    "Encrypted": True,
    "Region": "eu-west-1",
    "GroupName": "web",
    "CreateDate": "2026-01-01T00:00:00Z",
    "properties": {"supportsHttpsTrafficOnly": True, "minimumTlsVersion": "TLS1_2"},
    "IpPermissions": [
        {
            "IpProtocol": "tcp",
            "FromPort": port,
            "ToPort": port,
            "IpRanges": [{"CidrIp": f"10.{port % 250}.0.0/16"}],
        }
        for port in (22, 80, 443, 5432, 8080)
    ],
    "Tags": [{"Key": f"tag-{number}", "Value": "x"} for number in range(8)],
}
CONDITIONS = {
    "bool field": "resource.Encrypted",
    "nested field": "resource.properties.supportsHttpsTrafficOnly",
    "text equality": "resource.GroupName != 'default'",
    "three conditions": (
        "resource.Encrypted && resource.properties.minimumTlsVersion in ['TLS1_2', 'TLS1_3']"
        " && resource.Region in params.regions"
    ),
    "optional field": "resource.?KmsKeyId.orValue('') == ''",
    "age": "age_days(resource.CreateDate) <= params.max_age_days",
    "loop of 5": "!resource.IpPermissions.exists(p, p.IpProtocol == '-1')",
    "loops in a loop": (
        "!resource.IpPermissions.exists(p, (p.IpProtocol == '-1' || (p.FromPort <= params.port"
        " && p.ToPort >= params.port)) && p.IpRanges.exists(r, r.CidrIp == '0.0.0.0/0'))"
    ),
    "loop of 8 tags": "resource.Tags.all(t, t.Key != 'nope' && t.Value != '')",
}
SLOW = {
    "missing field": "resource.Missing == 'x'",
    "missing, absorbed": "resource.Missing == 'x' || resource.Encrypted",
}


def rate(evaluate: Callable[[], object]) -> float:
    """Give calls per CPU second, the best of some repeats."""
    best, count = 0.0, 100
    for _ in range(REPEATS):
        while True:
            start = time.process_time()
            for _ in range(count):
                evaluate()
            spent = time.process_time() - start
            if spent > SECONDS:
                best = max(best, count / spent)
                break
            count = int(count * max(2, SECONDS * 1.2 / max(spent, 1e-6)))
    return best


def show(name: str, evaluate: Callable[[], object]) -> None:
    """One line: the rate and the time of one call."""
    found = rate(evaluate)
    print(f"{name:34}{found:12,.0f} /CPU s {1e6 / found:9.2f} us")


def main() -> None:
    """Print a line for each condition, compiled; then the slow ways."""
    variables = {"resource": DYN, "params": DYN, "now": TIMESTAMP}
    values = {"resource": RESOURCE, "params": PARAMS, "now": NOW}
    for name, source in CONDITIONS.items():
        program = compile_expression(source, variables)
        assert program(RESOURCE, PARAMS, NOW) is True, name
        show(name, lambda p=program: p(RESOURCE, PARAMS, NOW))  # type: ignore[misc]  # bound now
    for name, source in SLOW.items():
        program = compile_expression(source, variables)
        show(f"slow: {name}", lambda p=program: _swallowed(p))  # type: ignore[misc]  # as above
    program = compile_expression(CONDITIONS["loops in a loop"], variables)
    show("explained: loops in a loop", lambda: program.explain(values))
    show("compiling it", lambda: compile_expression(CONDITIONS["loops in a loop"], variables))


def _swallowed(program: Program) -> None:
    with contextlib.suppress(EvalError):
        program(RESOURCE, PARAMS, NOW)


main()
