"""Fill the demo's Azure from its table, and change it as people do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.demo.azure.world import Subscription, World
from agent.demo.blueprint import Dice, Land, Thing, draw_things, load_blueprints

TENANT = "7e4a4711-0000-4000-8000-00000000de30"
SUBSCRIPTIONS = {
    "5ab5c819-0000-4000-8000-000000000001": "production",
    "5ab5c819-0000-4000-8000-000000000002": "staging",
    "5ab5c819-0000-4000-8000-000000000003": "sandbox",
}
PLANS = (
    *("VirtualMachines", "Containers", "StorageAccounts", "AppServices", "CosmosDbs", "Arm"),
    *("OpenSourceRelationalDatabases", "SqlServers", "SqlServerVirtualMachines", "KeyVaults"),
    "CloudPosture",
)
"""Of Defender for Cloud."""


def draw_azure(dice: Dice, *, scale: int, now: datetime) -> tuple[Thing, ...]:
    """Everything that exists, as the table says."""
    land = Land(
        places={
            place: {"title": title, "base": f"/subscriptions/{place}/resourceGroups/main/providers"}
            for place, title in SUBSCRIPTIONS.items()
        },
        identity="{base}/{kind}/{name}",
        rounds={"plan": PLANS},
    )
    table = load_blueprints(Path(__file__).with_name("estate.yaml"))
    return tuple(draw_things(table, land, dice=dice, scale=scale, now=now))


def make_azure(things: Iterable[Thing]) -> World:
    """A tenant that holds `things`."""
    world = World(tenant=TENANT)
    for place, title in SUBSCRIPTIONS.items():
        world.subscribe(Subscription(id=place, name=title))
    for thing in things:
        put_azure(world, thing, thing.wrong)
    return world


def put_azure(world: World, thing: Thing, wrong: frozenset[str]) -> None:
    """Let a thing be what it is with these flaws, and no longer what it was."""
    state = thing.state(wrong)
    with world.lock:
        if "row" in state:
            row = {"id": state["id"], "name": thing.name, "type": thing.kind, **state["row"]}
            world.put({**row, "subscriptionId": thing.place}, table=state.get("table", "resources"))
        above = state["id"] if "row" in state else f"subscriptions/{thing.place}"
        for path, body in state.get("below", {}).items():
            world.answer(f"{above}/{path}", body)
        for path, row in state.get("graph", {}).items():
            _replace(world.graph.setdefault(path, []), row)
        world.graph.update(state.get("answers", {}))


def _replace(rows: list[Any], row: Any) -> None:
    for index, known in enumerate(rows):
        if known["id"] == row["id"]:
            rows[index] = row
            return
    rows.append(row)
