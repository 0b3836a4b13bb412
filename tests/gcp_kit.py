"""The demo's Google Cloud on loopback, and our session on it through Google's own library."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from cloud_kit import checks_of, identity_in
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from agent.demo.gcp.server import Server
from agent.demo.gcp.world import World
from checks.gcp.access import Access, Auth, Transport
from checks.gcp.assets import PROJECT
from checks.gcp.session import Organization

ORGANIZATION = "organizations/9000"
ACCOUNT = "assay@audit.iam.gserviceaccount.com"
NUMBERS = {"shop": 101, "labs": 102, "idle": 103, "front-shop": 104, "old-shop": 105}


def make_world(*projects: str) -> World:
    world = World(organization=ORGANIZATION)
    for project in projects or ("shop",):
        add_project(world, project)
    return world


def add_project(world: World, project: str, state: str = "ACTIVE") -> None:
    number = NUMBERS[project]
    data = {"projectId": project, "projectNumber": number, "lifecycleState": state}
    world.put(
        {
            "name": f"//cloudresourcemanager.googleapis.com/projects/{number}",
            "assetType": PROJECT,
            "resource": {"version": "v1", "data": {**data, "name": f"The {project}"}},
            "ancestors": [f"projects/{number}", ORGANIZATION],
        }
    )


def asset(project: str, kind: str, name: str, data: Any = None, **more: Any) -> dict[str, Any]:
    service, short = kind.split("/")
    made = {
        "name": f"//{service}/projects/{project}/{short.lower()}s/{name}",
        "assetType": kind,
        "ancestors": [f"projects/{NUMBERS[project]}", ORGANIZATION],
        **more,
    }
    if data is not None:
        made["resource"] = {"version": "v1", "location": "europe-west1", "data": data}
    return made


@contextmanager
def serving(world: World, folder: Path, *, page: int = 1000) -> Iterator[Server]:
    with Server(world, identity_in(folder), page=page) as server:
        yield server


def access_to(server: Server, folder: Path, **changed: Any) -> Access:
    transport = changed.get("transport", Transport.GRPC)
    given = {
        "parent": ORGANIZATION,
        "auth": Auth.SERVICE_ACCOUNT,
        "credentials_file": str(key_file(folder, server)),
        "asset_endpoint": server.grpc if transport is Transport.GRPC else server.rest,
        "admin_endpoint": f"https://{server.rest}",
        "admin": "root@example.com",
        "ca_bundle": server.authority,
        **changed,
    }
    return Access(**given)


def key_file(folder: Path, server: Server) -> Path:
    path = folder / "key.json"
    key = {
        "type": "service_account",
        "project_id": "audit",
        "private_key_id": "1",
        "private_key": _key(),
        "client_email": ACCOUNT,
        "client_id": "1",
        "token_uri": f"https://{server.rest}/token",
    }
    path.write_text(json.dumps(key), encoding="utf-8")
    return path


@cache
def _key() -> str:
    made = rsa.generate_private_key(65537, 2048)
    return made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def organization_on(server: Server, folder: Path, **changed: Any) -> Organization:
    return Organization(
        access_to(server, folder, **changed), checks_of("gcp"), now=lambda: datetime.now(UTC)
    )
