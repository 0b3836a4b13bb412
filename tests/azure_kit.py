"""The demo's Azure on loopback, and our session on it through Microsoft's own SDK."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cloud_kit import checks_of, identity_in

from agent.demo.azure.server import Server
from agent.demo.azure.world import Subscription, World
from checks.azure.access import Access, Auth, Cloud
from checks.azure.session import Tenant

TENANT = "7e4a4711-0000-4000-8000-000000000001"
ONE, TWO, THREE = (f"5ab5c819-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))


def make_world(*subscriptions: str) -> World:
    world = World(tenant=TENANT)
    for number, each in enumerate(subscriptions or (ONE,)):
        world.subscribe(Subscription(id=each, name=f"subscription {number}"))
    return world


def resource_id(subscription: str, kind: str, name: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/main/providers/{kind}/{name}"


def put(world: World, subscription: str, kind: str, name: str, **members: Any) -> str:
    identity = resource_id(subscription, kind, name)
    row = {"id": identity, "name": name, "type": kind, "subscriptionId": subscription, **members}
    return world.put(row)


@contextmanager
def serving(world: World, folder: Path, *, page: int = 1000) -> Iterator[Server]:
    with Server(world, identity_in(folder), page=page) as server:
        yield server


def access_to(server: Server, folder: Path, *, secret: str = "good", **changed: Any) -> Access:
    file = folder / "secret"
    file.write_text(secret, encoding="utf-8")
    given = {
        "tenant": TENANT,
        "auth": Auth.CLIENT_SECRET,
        "client_id": "c11e4700-0000-4000-8000-000000000001",
        "secret_file": str(file),
        "cloud": Cloud(authority=server.url, arm=server.url, graph=server.url),
        "ca_bundle": server.authority,
        "known_authority": False,
        **changed,
    }
    return Access(**given)


def tenant_on(server: Server, folder: Path, *, secret: str = "good", **changed: Any) -> Tenant:
    access = access_to(server, folder, secret=secret, **changed)
    tenant = Tenant(access, checks_of("azure"), now=lambda: datetime.now(UTC))
    tenant.subscriptions = tuple(server.world.subscriptions)
    return tenant
