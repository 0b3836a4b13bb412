"""For each Azure rule, how a resource that it passes and one that it fails are made.

One module a service, each with a table `CASES`. A state is made by a function that puts into the
fake `World` what Azure would say: `resource` a row of Resource Graph with the children that
Resource Manager knows below it, `arm` what Resource Manager says of the subscription, `graph` what
Microsoft Graph says of the tenant; `together` several of them. `tests/test_azure_cases.py` runs
all of them through Microsoft's SDK, collection and evaluation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from azure_kit import ONE, resource_id

from agent.demo.azure.world import World

SUBSCRIPTION = ONE
"""The one subscription of the fake tenant; that in which `resource` puts things."""

Json = dict[str, Any]

Make = Callable[[World], str]
"""Puts a state into the world, and gives the part of an id by which its finding is known; empty
text where the finding is that of the target."""


@dataclass(frozen=True)
class Case:
    """Both states of a rule."""

    rule: str
    good: Make
    bad: Make
    params: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of the rule that both states need."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Files that both states have beside the cloud: `hr.person` -> CSV."""


def resource(
    kind: str,
    /,
    *,
    name: str = "it",
    table: str = "resources",
    below: Mapping[str, Any] | None = None,
    **members: Any,
) -> Make:
    """A row of Resource Graph; `below`: path under its id -> what Resource Manager answers there.

    A list among the answers is served by pages, as `{value: [...]}`.
    """

    def make(world: World) -> str:
        identity = str(members.get("id") or resource_id(SUBSCRIPTION, kind, name))
        row = {"name": name, "type": kind, "subscriptionId": SUBSCRIPTION, **members}
        world.put({**row, "id": identity}, table=table)
        for path, body in (below or {}).items():
            world.answer(f"{identity}/{path}", body)
        return identity

    return make


def connected(status: str) -> Json:
    """What a resource says of its private endpoint."""
    state = {"privateLinkServiceConnectionState": {"status": status}}
    return {"privateEndpointConnections": [{"properties": state}]}


def arm(answers: Mapping[str, Any]) -> Make:
    """What Resource Manager answers below the subscription: path -> an object, or a list."""

    def make(world: World) -> str:
        for path, body in answers.items():
            world.answer(f"subscriptions/{SUBSCRIPTION}/{path}", body)
        return ""

    return make


def graph(answers: Mapping[str, Any]) -> Make:
    """What Microsoft Graph answers: path without its version -> an object, or a list."""

    def make(world: World) -> str:
        world.graph.update(answers)
        return ""

    return make


def together(*makes: Make) -> Make:
    """Several of the above at once; the finding is that of the first."""

    def make(world: World) -> str:
        return next(iter([each(world) for each in makes]))

    return make


def ago(days: float) -> str:
    """The time so many days before now, as Azure writes it; days to come are below zero."""
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
