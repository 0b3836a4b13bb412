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

ACCOUNTS = ("organizations:ListAccounts",)
"""What finding the accounts of an organization needs, in the management account or that of a
delegated administrator."""

UNITS = ("organizations:ListChildren",)
"""What telling the accounts of an organizational unit needs beside."""

LIMIT = 6144
"""Characters that a managed policy holds, white space not counted: docs.aws.amazon.com, IAM and
STS quotas."""


OBSERVED = "the role in every observed account"
AGENT = "the agent's own identity"
DISCOVERER = "the identity that finds the organization's accounts"


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
    """`reads`, or `reads-1`, `reads-2` ... where one does not hold everything; `agent`,
    `discovery`."""
    whom: str
    """Whom it is for: `OBSERVED`, `AGENT` or `DISCOVERER`."""
    statements: tuple[Statement, ...]
    account: str = ""
    """Where it is made, when not in every observed account; empty: in the agent's."""

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


def agent_policy(roles: Iterable[str]) -> Policy | None:
    """Give what the agent's own identity needs beside: to take `roles` (ARNs); None without any."""
    if taken := tuple(sorted(set(roles))):
        return Policy(name="agent", whom=AGENT, statements=(_taking(taken),))
    return None


def discovery_policy(name: str, members: str, *, units: bool, account: str = "") -> Policy:
    """Give what the identity needs that finds the accounts of an organization and enters them.

    `members` is the ARN of the role in every account (`arn:aws:iam::*:role/AssayReader`); `units`,
    whether organizational units are included or excluded; `account`, where that identity is.
    """
    listing = Statement(sid="Discovers", actions=(*ACCOUNTS, *(UNITS if units else ())))
    return Policy(
        name=name,
        whom=DISCOVERER,
        statements=(listing, _taking((members,))),
        account=account,
    )


def to_json(policies: Iterable[Policy]) -> str:
    """Write the one document, to be pasted as it is; of several, each with whom it is for."""
    first, *more = policies
    if not more:
        return json.dumps(first.document, indent=2) + "\n"
    rows = [{"name": one.name, "for": one.whom, "document": one.document} for one in (first, *more)]
    return json.dumps({"policies": rows}, indent=2) + "\n"


def _reading(name: str, actions: tuple[str, ...]) -> Policy:
    reads = Statement(sid="AssayReads", actions=actions)
    return Policy(name=name, whom=OBSERVED, statements=(reads,))


def _taking(roles: tuple[str, ...]) -> Statement:
    return Statement(sid="Takes", actions=("sts:AssumeRole",), resources=roles)


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
