"""Refuses every AWS operation that is not on the list of reads, before anything leaves the process.

The list is what the loaded checks name, and what it takes to find out who we are. The guard is
put on the SDK's session, so that every client made by it carries it, the SDK's own ones for
credentials too; it is asked when a client is called and again when a request is about to be sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import botocore.session

from checks.model import CallError, Cause, Check

OWN = frozenset(
    {
        "sts:GetCallerIdentity",
        "sts:AssumeRole",
        "ec2:DescribeRegions",
        "organizations:ListAccounts",
        "organizations:ListChildren",
    }
)
"""What it takes to find accounts, to enter them and to know their regions."""

CREDENTIALS = frozenset(
    {
        "sts:AssumeRoleWithWebIdentity",
        "sso:GetRoleCredentials",
        "sso-oidc:CreateToken",
        "signin:CreateOAuth2Token",
    }
)
"""What the SDK calls to get or renew credentials that the user has configured."""


def allowed(checks: Iterable[Check]) -> frozenset[str]:
    """`service:operation` of every call that observing these checks can make."""
    named = {
        call.name
        for check in checks
        for call in check.calls(frozenset(facet.name for facet in check.facets))
    }
    return frozenset(named) | OWN | CREDENTIALS


def put_guard(session: botocore.session.Session, allow: frozenset[str]) -> None:
    """Guard every client that `session` makes from now on."""

    def refuse(**event: Any) -> None:
        model = event["model"]
        name = f"{model.service_model.service_name}:{model.name}"
        if name not in allow:
            raise blocked(name)

    for event in ("provide-client-params", "before-call"):
        session.register(event, refuse, unique_id=f"assay-guard-{event}")


def blocked(name: str) -> CallError:
    """The error of a call to `service:operation`, which is not on the list."""
    return CallError(
        Cause.BLOCKED_WRITE,
        "BlockedByGuard",
        f"{name} is not among the reads that the checks name",
    )


def names_of(allow: frozenset[str]) -> Mapping[str, tuple[str, ...]]:
    """The list by service, for people."""
    services: dict[str, list[str]] = {}
    for name in sorted(allow):
        service, operation = name.split(":")
        services.setdefault(service, []).append(operation)
    return {service: tuple(operations) for service, operations in services.items()}
