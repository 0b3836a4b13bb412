"""Policy documents of the seeded account, as the API takes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def policy(*statements: Mapping[str, Any]) -> str:
    """A policy document of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(
    action: str | Sequence[str],
    resource: str | Sequence[str] = "*",
    *,
    principal: Any = None,
    condition: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A statement that allows."""
    statement: dict[str, Any] = {"Effect": "Allow", "Action": action}
    if resource:
        statement["Resource"] = resource
    if principal is not None:
        statement["Principal"] = principal
    if condition:
        statement["Condition"] = condition
    return statement


def deny_without_tls(service: str, resource: Sequence[str]) -> dict[str, Any]:
    """The statement that refuses everybody who comes without TLS."""
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": f"{service}:*",
        "Resource": list(resource),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def trust(principal: Any, condition: Mapping[str, Any] | None = None) -> str:
    """A role's trust policy."""
    return policy(allow("sts:AssumeRole", "", principal=principal, condition=condition))
