"""Fill the demo's Google Cloud from its table, and change it as people do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.demo.blueprint import Dice, Land, Thing, draw_things, load_blueprints
from agent.demo.gcp.world import BEGINNING, World

ORGANIZATION = "organizations/900071"
PROJECTS = {
    "harbour-shop": ("71001", "Shop"),
    "harbour-staging": ("71002", "Staging"),
    "harbour-lake": ("71003", "Data lake"),
    "harbour-labs": ("71004", "Labs"),
}
"""Id -> number and name."""
CONSTRAINTS = (
    "iam.allowedPolicyMemberDomains",
    "iam.automaticIamGrantsForDefaultServiceAccounts",
    "compute.skipDefaultNetworkCreation",
    "iam.disableServiceAccountKeyCreation",
    "compute.requireOsLogin",
    "storage.publicAccessPrevention",
    "sql.restrictPublicIp",
    "storage.uniformBucketLevelAccess",
)
"""Of the organization's policies."""


def draw_gcp(dice: Dice, *, scale: int, now: datetime) -> tuple[Thing, ...]:
    """Everything that exists, as the table says."""
    land = Land(
        places={
            place: {"title": title, "numeral": numeral, "organization": ORGANIZATION}
            for place, (numeral, title) in PROJECTS.items()
        },
        identity="user:{name}",
        series={"constraint": CONSTRAINTS},
    )
    table = load_blueprints(Path(__file__).with_name("estate.yaml"))
    return tuple(draw_things(table, land, dice=dice, scale=scale, now=now))


def make_gcp(things: Iterable[Thing]) -> World:
    """An organization that holds `things`, and has since the beginning."""
    world = World(organization=ORGANIZATION)
    for thing in things:
        put_gcp(world, thing, thing.wrong, BEGINNING)
    return world


def put_gcp(world: World, thing: Thing, wrong: frozenset[str], at: datetime) -> None:
    """Let a thing be what it is with these flaws from `at` on."""
    state = thing.state(wrong)
    with world.lock:
        if "user" in state:
            _replace(world.users, state["user"])
            return
        asset: dict[str, Any] = {"name": state["id"], "assetType": thing.kind}
        project = [] if state.get("above") else [f"projects/{PROJECTS[thing.place][0]}"]
        asset["ancestors"] = [*project, ORGANIZATION]
        resource = {"version": "v1", "location": "europe-west1", "data": state["data"]}
        asset["resource"] = {**resource, "parent": state.get("parent", "")}
        if "iam" in state:
            rows = [{"role": role, "members": who} for role, who in state["iam"].items()]
            asset["iamPolicy"] = {"bindings": rows, "auditConfigs": state.get("audit", [])}
        world.put(asset, at)


def _replace(users: list[Any], user: Any) -> None:
    for index, known in enumerate(users):
        if known["id"] == user["id"]:
            users[index] = user
            return
    users.append(user)
