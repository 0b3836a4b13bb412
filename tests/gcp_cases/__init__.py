"""For each Google Cloud rule, how a resource that it passes and one that it fails are made.

One module a service, each with a table `CASES`. A state is made by a function that puts into the
fake `World` what Google would say: `asset` an entry of Cloud Asset Inventory with its IAM policy,
`project` and `organization` those of the target itself, `user` a person of the directory;
`together` several of them. `tests/test_gcp_cases.py` runs all of them through Google's client,
collection and evaluation.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from gcp_kit import NUMBERS, ORGANIZATION

from agent.demo.gcp.world import World

PROJECT = "shop"
"""The one project of the fake organization; that in which `asset` puts things."""

Json = dict[str, Any]

Bindings = Mapping[str, Sequence[str]]
"""Role -> its members."""

Make = Callable[[World], str]
"""Puts a state into the world, and gives the part of an id by which its finding is known; empty
text where the finding is that of the target."""

MANAGER = "cloudresourcemanager.googleapis.com"

CUSTOMER = "C0abcdefg"
"""Of the directory, by which the organization names it."""


@dataclass(frozen=True)
class Case:
    """Both states of a rule."""

    rule: str
    good: Make
    bad: Make
    params: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of the rule that both states need."""
    files: Mapping[str, str] = field(default_factory=dict)
    """What people exported, as CSV: `hr.person` -> text; the same for both states."""


def asset(
    kind: str,
    data: Json | None = None,
    /,
    *,
    name: str = "",
    iam: Bindings | None = None,
    audit: Sequence[Json] = (),
    above: Sequence[str] = (),
    parent: str = "",
    **more: Any,
) -> Make:
    """An asset of type `kind` in the project: `data` its representation, `iam` its policy
    and `audit` what that has recorded.

    `name` is what follows the service's host (`projects/shop/topics/it` else); `above` are the
    ancestors, for what is not in the project; `parent` is the name of the asset that holds this
    one; `more` are members of the asset itself.
    """
    service, _, short = kind.partition("/")
    full = f"//{service}/{name or f'projects/{PROJECT}/{short.lower()}s/it'}"

    def make(world: World) -> str:
        made: Json = {"name": full, "assetType": kind, **more}
        made["ancestors"] = [*(above or (f"projects/{NUMBERS[PROJECT]}", ORGANIZATION))]
        if data is not None:
            made["resource"] = {"version": "v1", "location": "europe-west1", "data": data}
            if parent:
                made["resource"]["parent"] = parent
        if iam is not None:
            made["iamPolicy"] = policy(iam, audit)
        world.put(made)
        return full

    return make


def policy(bindings: Bindings, audit: Sequence[Json] = ()) -> Json:
    """An IAM policy; `audit` are its audit configurations."""
    made: Json = {"bindings": [{"role": role, "members": [*who]} for role, who in bindings.items()]}
    return {**made, "auditConfigs": [*audit]} if audit else made


def project(iam: Bindings | None = None, audit: Sequence[Json] = (), **data: Any) -> Make:
    """What the inventory says of the project itself."""
    number = NUMBERS[PROJECT]
    known = {"projectId": PROJECT, "projectNumber": number, "lifecycleState": "ACTIVE"}
    return asset(
        f"{MANAGER}/Project",
        {**known, "name": "The shop", **data},
        name=f"projects/{number}",
        iam=iam,
        audit=audit,
    )


def organization(iam: Bindings | None = None, audit: Sequence[Json] = (), **data: Any) -> Make:
    """What the inventory says of the organization itself."""
    return asset(
        f"{MANAGER}/Organization",
        {
            "name": ORGANIZATION,
            "displayName": "example.com",
            "owner": {"directoryCustomerId": CUSTOMER},
            **data,
        },
        name=ORGANIZATION,
        above=[ORGANIZATION],
        iam=iam,
        audit=audit,
    )


def user(email: str, **members: Any) -> Make:
    """A person of the directory: an ordinary one, but for `members`."""
    ordinary = {
        "primaryEmail": email,
        "customerId": CUSTOMER,
        "suspended": False,
        "archived": False,
        "isAdmin": False,
        "isDelegatedAdmin": False,
        "isEnrolledIn2Sv": True,
        "isEnforcedIn2Sv": True,
        "creationTime": ago(400),
        "lastLoginTime": ago(1),
    }

    def make(world: World) -> str:
        world.users.append({**ordinary, **members})
        return email

    return make


def together(*makes: Make) -> Make:
    """Several of the above at once; the finding is that of the first."""

    def make(world: World) -> str:
        return next(iter([each(world) for each in makes]))

    return make


def of_target(make: Make) -> Make:
    """The same, where the finding is not that of the resource but that of the target."""

    def made(world: World) -> str:
        make(world)
        return ""

    return made


def nothing(_: World) -> str:
    """Nothing of the kind is there."""
    return ""


def ago(days: float) -> str:
    """The time so many days before now, as Google writes it; days to come are below zero."""
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
