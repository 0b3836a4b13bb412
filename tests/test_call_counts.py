"""How often Azure and Google Cloud are asked, and that the way of asking leaves no trace."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import azure_kit
import gcp_kit
import pytest
from cloud_kit import CHECKS, look
from evidence_world import SIGNER
from msgspec.structs import replace

from agent.demo.azure.world import World
from agent.demo.blueprint import Dice
from agent.demo.gcp.seed import ORGANIZATION, PROJECTS, draw_gcp, make_gcp
from agent.evidence.log import Log
from agent.evidence.sealing import SealedRun
from agent.evidence.store import Store
from agent.plan import rules_on
from agent.rules.load import load_rules
from agent.run import CLOCK, Done, Runner, Task
from checks.gcp.access import Transport
from checks.schema import schema_of

ROOT = Path(__file__).parents[1]
SUBSCRIPTIONS = [f"5ab5c819-0000-4000-8000-0000000001{number:02}" for number in range(50)]
TYPES = {
    "azure.storage.account": "Microsoft.Storage/storageAccounts",
    "azure.compute.disk": "Microsoft.Compute/disks",
    "azure.network.security_group": "Microsoft.Network/networkSecurityGroups",
    "azure.keyvault.vault": "Microsoft.KeyVault/vaults",
}
RESOURCES = 10_000


def large_tenant() -> World:
    world = azure_kit.make_world(*SUBSCRIPTIONS)
    for number in range(RESOURCES):
        kind = list(TYPES.values())[number % len(TYPES)]
        azure_kit.put(world, SUBSCRIPTIONS[number % 50], kind, f"r{number:05}")
    return world


def test_ten_thousand_resources_in_fifty_subscriptions_cost_ten_listings(tmp_path: Path) -> None:
    """Ten pages of Resource Graph for all, and of each subscription who we are and what we may."""
    with azure_kit.serving(large_tenant(), tmp_path) as server:
        tenant = azure_kit.tenant_on(server, tmp_path)
        wanted: dict[str, set[str]] = {check: set() for check in TYPES}
        seen = sum(len(look(tenant.session(one), wanted).resources) for one in SUBSCRIPTIONS)
        asked = server.counts()
    assert seen == RESOURCES
    assert asked["POST /providers/Microsoft.ResourceGraph/resources"] == RESOURCES // 1000
    assert asked["GET /subscriptions/S"] == 50
    assert asked["GET /subscriptions/S/providers/Microsoft.Authorization/permissions"] == 50
    signing_in = sum(n for path, n in asked.items() if "oauth2" in path or "well-known" in path)
    assert signing_in <= 3
    assert sum(asked.values()) - signing_in == RESOURCES // 1000 + 2 * 50


def test_ten_thousand_assets_cost_ten_listings_a_content_type(tmp_path: Path) -> None:
    """And one for the projects, in the first of which what is ours is asked for."""
    world = gcp_kit.make_world("shop", "labs")
    for number in range(RESOURCES):
        world.put(
            gcp_kit.asset(
                ("shop", "labs")[number % 2],
                "storage.googleapis.com/Bucket",
                f"b{number:05}",
                {"name": f"b{number:05}", "iamConfiguration": {}},
                iamPolicy={"bindings": [{"role": "roles/viewer", "members": ["user:a@x"]}]},
            )
        )
    with gcp_kit.serving(world, tmp_path) as server:
        organization = gcp_kit.organization_on(server, tmp_path)
        bucket = "gcp.storage.bucket"
        seen = sum(
            len(look(organization.session(one), {bucket: {"Policy"}}).resources)
            for one in ("shop", "labs")
        )
        asked = Counter(content for content, _ in server.asked)
        projects = sum(1 for content, page in server.asked if content == "RESOURCE" and not page)
    assert seen == RESOURCES
    assert asked["IAM_POLICY"] == RESOURCES // 1000
    assert asked["RESOURCE"] == RESOURCES // 1000 + 1
    assert projects == 2
    assert asked["token"] == 1
    assert sum(asked.values()) == 2 * RESOURCES // 1000 + 2


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[SealedRun]]:
    """The demo's organization, judged by every rule over each transport: the sealed runs."""
    folder = tmp_path_factory.mktemp("transports")
    now = CLOCK.now()
    still = replace(CLOCK, now=lambda: now)
    things = draw_gcp(Dice(seed=7, kept=60), scale=1, now=now - timedelta(hours=1))
    rules = load_rules([ROOT / "rules" / "gcp"], CHECKS, schema_of)
    found: dict[str, list[SealedRun]] = {}
    with gcp_kit.serving(make_gcp(things), folder, page=100) as server:
        for transport in Transport:
            organization = gcp_kit.organization_on(
                server, folder, parent=ORGANIZATION, transport=transport
            )
            sessions = [organization.session(one) for one in PROJECTS] + [organization.above()]
            place = folder / f"{transport}.db"
            with Store.open(place) as store, Log.open(store, SIGNER, at=now) as log:
                runner = Runner(log, CHECKS, deadline=timedelta(minutes=10), clock=still)
                for session in sessions:
                    its = rules_on(session.target, rules, CHECKS)
                    done = runner.run(Task(session=session, rules=its))
                    assert isinstance(done, Done), done
                    found.setdefault(transport, []).append(done.sealed)
    return found


def test_the_sealed_evidence_is_the_same_over_both_transports(
    sealed: dict[str, list[SealedRun]],
) -> None:
    """The roots cover every leaf: rule, resource, outcome, message and the values that decided."""
    grpc, rest = sealed[Transport.GRPC], sealed[Transport.REST]
    assert len(grpc) == len(PROJECTS) + 1
    assert [one.state_root for one in grpc] == [one.state_root for one in rest]
    assert [one.inventory_root for one in grpc] == [one.inventory_root for one in rest]
    assert [one.counts for one in grpc] == [one.counts for one in rest]
    assert len({one.state_root for one in grpc}) == len(grpc)
    assert sum(n for one in grpc for counts in one.counts.values() for n in counts.values()) > 500
