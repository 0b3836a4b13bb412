"""The demo's Azure on loopback, and our session on it through Microsoft's own SDK."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.demo.azure.server import Server
from agent.demo.azure.world import Subscription, World
from agent.demo.tls import Identity, make_identity
from checks.azure.access import Access, Auth, Cloud
from checks.azure.session import Tenant
from checks.collect import collect
from checks.limits import Clock, Limits
from checks.load import load_checks
from checks.model import Observation, Session

CHECKS = load_checks()
AZURE = [check for check in CHECKS.values() if check.name.startswith("azure.")]
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


def identity_in(folder: Path) -> Identity:
    return make_identity(folder, datetime.now(UTC))


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
    subscriptions = list(server.world.subscriptions)
    return Tenant(access, AZURE, subscriptions, now=lambda: datetime.now(UTC))


class Seen:
    """All that a collection gave."""

    def __init__(self, parts: list[Observation], collection: Any) -> None:
        self.resources = {one.id: one for part in parts for one in part.resources}
        self.gaps = [
            *(gap for part in parts for gap in part.gaps),
            *(gap for one in self.resources.values() for gap in one.gaps),
        ]
        self.collection = collection

    @property
    def causes(self) -> list[tuple[str, str]]:
        return [(gap.cause.value, gap.code) for gap in self.gaps]


def look(
    session: Session, wanted: dict[str, set[str]], *, tries: int = 2, deadline: float = 30
) -> Seen:
    clock = Clock(
        now=lambda: datetime.now(UTC),
        monotonic=time.monotonic,
        sleep=lambda _: None,
        random=lambda: 0.0,
    )
    collecting = collect(
        session,
        CHECKS,
        {name: frozenset(parts) for name, parts in wanted.items()},
        clock=clock,
        deadline=deadline,
        threads=4,
        limits=Limits(tries=tries),
    )
    return Seen(list(collecting), collecting.collection)
