"""The exact read-only policies that the rules in force need, as IAM takes them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from msgspec import Struct

SESSION = ("ec2:DescribeRegions",)
"""What the AWS session itself asks, whatever the rules: which regions the account has switched on.
Who we are (`sts:GetCallerIdentity`) needs no permission."""

DISCOVERY = ("organizations:DescribeOrganization", "organizations:ListAccounts")
"""What finding the accounts of an organisation needs, in the management account or that of a
delegated administrator."""

LIMIT = 6144
"""Characters that a managed policy holds, white space not counted: docs.aws.amazon.com, IAM and
STS quotas."""


class Statement(Struct, frozen=True, kw_only=True):
    """What is allowed, and on what."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)
    """`*` for reads: listings take no narrower one, and ids are not known before."""

    @property
    def document(self) -> dict[str, Any]:
        """The statement as IAM takes it."""
        one, *more = self.resources
        return {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": list(self.actions),
            "Resource": [one, *more] if more else one,
        }


class Policy(Struct, frozen=True, kw_only=True):
    """One managed policy."""

    name: str
    """`reads`, or `reads-1`, `reads-2` ... where one does not hold everything; `agent`."""
    statements: tuple[Statement, ...]

    @property
    def document(self) -> dict[str, Any]:
        """The policy document."""
        statements = [statement.document for statement in self.statements]
        return {"Version": "2012-10-17", "Statement": statements}

    @property
    def size(self) -> int:
        """Characters as IAM counts them."""
        return len(json.dumps(self.document, separators=(",", ":")))


def read_policies(permissions: Iterable[str]) -> tuple[Policy, ...]:
    """Give the policies that together allow just `permissions` (`s3:GetBucketPolicy`).

    Sorted, and a service is never split: the same permissions give the same policies. A single
    service with more actions than a managed policy holds would not fit; none comes near.
    """
    parts = list(_fitting(sorted({*permissions, *SESSION})))
    if len(parts) == 1:
        return (_reading("reads", parts[0]),)
    return tuple(_reading(f"reads-{number}", part) for number, part in enumerate(parts, start=1))


def agent_policy(roles: Iterable[str], *, discovers: bool) -> Policy | None:
    """Give what the agent's own identity needs beside reading: to take `roles`, to find accounts.

    `roles` are ARNs (`arn:aws:iam::111122223333:role/assay-read`), `*` allowed in them. None when
    the agent observes its own account alone.
    """
    statements = []
    if taken := tuple(sorted(set(roles))):
        statements.append(Statement(sid="Takes", actions=("sts:AssumeRole",), resources=taken))
    if discovers:
        statements.append(Statement(sid="Discovers", actions=DISCOVERY))
    return Policy(name="agent", statements=tuple(statements)) if statements else None


def to_json(policies: tuple[Policy, ...], agent: Policy | None = None) -> str:
    """Write the one document, to be pasted as it is; of several, each with whom it is for."""
    if len(policies) == 1 and agent is None:
        return json.dumps(policies[0].document, indent=2) + "\n"
    whose = [(policy, "every observed account") for policy in policies]
    whose += [(agent, "the agent's own identity")] if agent else []
    rows = [{"name": one.name, "for": who, "document": one.document} for one, who in whose]
    return json.dumps({"policies": rows}, indent=2) + "\n"


def _reading(name: str, actions: tuple[str, ...]) -> Policy:
    return Policy(name=name, statements=(Statement(sid="AssayReads", actions=actions),))


def _fitting(actions: list[str]) -> Iterator[tuple[str, ...]]:
    """Fill one policy after the other, service by service."""
    held: tuple[str, ...] = ()
    for _, group in groupby(actions, key=lambda action: action.partition(":")[0]):
        service = tuple(group)
        if held and _reading("", (*held, *service)).size > LIMIT:
            yield held
            held = ()
        held += service
    yield held
