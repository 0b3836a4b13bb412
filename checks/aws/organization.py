"""The accounts that AWS Organizations lists, and which of them are observed.

ListAccounts says where an account is (`Paths`) since 2026, so that organizational units cost no
call of their own; where it does not say so, the units named are walked with ListChildren.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from checks.aws.settings import ACCOUNT, OrganizationSettings
from checks.calls import Caller
from checks.model import Call, CallError, Target
from checks.provider import Member

ACCOUNTS = Call(
    service="organizations",
    operation="ListAccounts",
    params={"MaxResults": 20},
    needs=("organizations:ListAccounts",),
)
CHILDREN = Call(
    service="organizations",
    operation="ListChildren",
    params={"MaxResults": 20},
    needs=("organizations:ListChildren",),
)

GONE = frozenset({"PENDING_ACTIVATION", "SUSPENDED", "PENDING_CLOSURE", "CLOSED"})
"""States of an account that nobody can enter: docs.aws.amazon.com/organizations, API_Account. In
any other, known or not, it is observed."""

EXCLUDED = "EXCLUDED"


def find_members(caller: Caller, settings: OrganizationSettings) -> tuple[Member, ...]:
    """List every account of the organization, by id. Raises `CallError` unless the list is whole.

    An account that is included by its id is a member even when it is not listed.
    """
    rows = {row["Id"]: row for row in _every(caller, ACCOUNTS, "Accounts")}
    chosen = _chosen(caller, rows, settings)
    named = [place for place in settings.include if ACCOUNT.fullmatch(place)]
    members = [
        Member(target=Target(provider="aws", id=name), state="" if name in chosen else EXCLUDED)
        for name in named
        if name not in rows
    ]
    for name, row in rows.items():
        state = row.get("State") or row.get("Status") or ""
        why = state if state in GONE else "" if name in chosen else EXCLUDED
        target = Target(provider="aws", id=name, name=row.get("Name", ""))
        members.append(Member(target=target, state=why))
    return tuple(sorted(members, key=lambda member: member.target.id))


def _chosen(
    caller: Caller, rows: Mapping[str, Mapping[str, Any]], settings: OrganizationSettings
) -> set[str]:
    def held(places: Collection[str]) -> set[str]:
        return {name for place in places for name in _held(caller, rows, place)}

    chosen = held(settings.include) if settings.include else {*rows}
    chosen -= held(settings.exclude)
    if not settings.management_account:
        # Every account's ARN has the management account as its owner.
        chosen -= {row["Arn"].split(":")[4] for row in rows.values()}
    return chosen


def _held(caller: Caller, rows: Mapping[str, Mapping[str, Any]], place: str) -> set[str]:
    """The accounts of a place: itself, or all below a unit. Raises `CallError` for no such unit."""
    if ACCOUNT.fullmatch(place):
        return {place}
    if all("Paths" in row for row in rows.values()):
        found = {
            name
            for name, row in rows.items()
            if any(place in path.split("/") for path in row["Paths"])
        }
        if found:
            return found
    return _walk(caller, place)


def _walk(caller: Caller, unit: str) -> set[str]:
    accounts: set[str] = set()
    units = [unit]
    while units:
        parent = units.pop()
        accounts |= _children(caller, parent, "ACCOUNT")
        units += sorted(_children(caller, parent, "ORGANIZATIONAL_UNIT"))
    return accounts


def _children(caller: Caller, parent: str, kind: str) -> set[str]:
    rows = _every(caller, CHILDREN, "Children", ParentId=parent, ChildType=kind)
    return {row["Id"] for row in rows}


def _every(caller: Caller, call: Call, member: str, **params: str) -> list[Mapping[str, Any]]:
    """The rows of every page. Raises `CallError`."""
    pages = caller.pages(call, {**call.params, **params}, "")
    try:
        return [row for page in pages for row in page.data[member]]
    except CallError as error:
        error.call, error.needs = call.name, call.needs
        raise
