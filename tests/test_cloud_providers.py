"""Who is looked at behind an entry for Azure or Google Cloud, by whom, and through which doors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import azure_kit
import gcp_kit
import pytest
from azure_kit import ONE, THREE, TWO
from cloud_kit import checks_of

from agent.demo.azure.server import Fault
from agent.demo.azure.server import Server as Azure
from agent.demo.gcp.server import Server as Google
from checks.azure.provider import AzureTenant
from checks.azure.provider import access_of as azure_access
from checks.azure.settings import AzureSettings, EndpointSettings
from checks.azure.wire import Wire
from checks.gcp.provider import GcpParent
from checks.gcp.settings import EndpointSettings as GoogleEndpoints
from checks.gcp.settings import GcpSettings
from checks.model import CallError
from checks.provider import Member

GROUP = "providers/Microsoft.Management/managementGroups/acme/descendants"


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    with azure_kit.serving(azure_kit.make_world(ONE, TWO, THREE), tmp_path, page=2) as server:
        yield server


def settings(server: Azure, folder: Path, **given: Any) -> AzureSettings:
    (folder / "secret").write_text("good")
    endpoints = EndpointSettings(
        authority=server.url, arm=server.url, graph=server.url, known_authority=False
    )
    return AzureSettings(
        tenant=azure_kit.TENANT,
        auth="client_secret",
        client_id="c11e4700-0000-4000-8000-000000000001",
        secret_file="secret",
        ca_bundle=str(server.authority),
        **{"endpoints": endpoints, "directory": False, **given},
    )


@pytest.fixture
def found(azure: Azure, tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Who is found behind an entry that says so: id -> why it is not looked at."""

    def find(**given: Any) -> dict[str, str]:
        tenant = AzureTenant(
            settings(azure, tmp_path, **given),
            checks_of("azure"),
            threads=2,
            path=tmp_path.joinpath,
            now=lambda: datetime.now(UTC),
        )
        return states(tenant.members())

    return find


def states(members: tuple[Member, ...]) -> dict[str, str]:
    return {one.target.id: one.state for one in members}


def test_all_subscriptions_that_are_shown_are_found_to_the_last_page(
    azure: Azure, found: Callable[..., dict[str, str]]
) -> None:
    azure.world.subscriptions[TWO].state = "Disabled"
    assert found(exclude=(THREE,)) == {ONE: "", TWO: "Disabled", THREE: "EXCLUDED"}


def test_what_is_below_a_management_group_is_expected_though_it_is_not_shown(
    azure: Azure, found: Callable[..., dict[str, str]]
) -> None:
    """A subscription that we may not read is an error at each run, and not left out."""
    azure.world.subscriptions[TWO].permissions = ()
    subscription = "Microsoft.Management/managementGroups/subscriptions"
    below = [{"type": subscription, "name": each} for each in (ONE, TWO)]
    azure.world.answer(GROUP, [*below, {"type": "Microsoft.Management/managementGroups"}])
    assert found(management_groups=("acme",)) == {ONE: "", TWO: ""}


def test_a_management_group_without_subscriptions_is_no_empty_population(
    azure: Azure, found: Callable[..., dict[str, str]]
) -> None:
    azure.world.answer(GROUP, [])
    with pytest.raises(CallError, match="no subscription below"):
        found(management_groups=("acme",))


def test_a_list_of_subscriptions_that_is_cut_short_is_an_error(
    azure: Azure, found: Callable[..., dict[str, str]]
) -> None:
    azure.faults.append(Fault(matching=r"/subscriptions\?.*skiptoken", status=503, code="Busy"))
    with pytest.raises(CallError, match="Busy"):
        found()


def test_the_directory_is_a_target_beside_the_subscriptions(
    found: Callable[..., dict[str, str]],
) -> None:
    assert azure_kit.TENANT in found(directory=True, subscriptions=(ONE,))


@pytest.mark.parametrize(
    ("cloud", "authority", "arm", "graph"),
    [
        ("public", "login.microsoftonline.com", "management.azure.com", "graph.microsoft.com"),
        (
            "usgovernment",
            "login.microsoftonline.us",
            "management.usgovcloudapi.net",
            "graph.microsoft.us",
        ),
        (
            "china",
            "login.chinacloudapi.cn",
            "management.chinacloudapi.cn",
            "microsoftgraph.chinacloudapi.cn",
        ),
    ],
)
def test_a_sovereign_cloud_has_doors_of_its_own(
    cloud: str, authority: str, arm: str, graph: str
) -> None:
    access = azure_access(AzureSettings(tenant=azure_kit.TENANT, cloud=cloud), Path)
    doors = (access.cloud.authority, access.cloud.arm, access.cloud.graph)
    assert doors == (f"https://{authority}", f"https://{arm}", f"https://{graph}")


def test_a_token_is_for_the_cloud_also_when_something_stands_before_it(
    azure: Azure, tmp_path: Path
) -> None:
    """A proxy passes the token on to the cloud, which would refuse one for the proxy."""
    given = settings(azure, tmp_path, cloud="usgovernment")
    wire = Wire(azure_access(given, tmp_path.joinpath))
    assert wire.claims("arm")["aud"] == "https://management.usgovcloudapi.net"
    assert wire.claims("msgraph")["aud"] == "https://graph.microsoft.us"
    assert wire.get("arm", "subscriptions", {}).data["value"]


@pytest.fixture
def google(tmp_path: Path) -> Iterator[Google]:
    world = gcp_kit.make_world("shop", "front-shop", "old-shop")
    gcp_kit.add_project(world, "old-shop", "DELETE_REQUESTED")
    with gcp_kit.serving(world, tmp_path, page=2) as server:
        yield server


def projects_of(server: Google, folder: Path, **given: Any) -> dict[str, str]:
    gcp_kit.key_file(folder, server)
    entry = GcpSettings(
        auth="service_account",
        credentials_file="key.json",
        ca_bundle=str(server.authority),
        endpoints=GoogleEndpoints(asset=server.grpc),
        **{"parent": gcp_kit.ORGANIZATION, **given},
    )
    parent = GcpParent(entry, checks_of("gcp"), path=folder.joinpath, now=lambda: datetime.now(UTC))
    return states(parent.members())


def test_all_projects_below_the_parent_are_found_to_the_last_page(
    google: Google, tmp_path: Path
) -> None:
    above = gcp_kit.ORGANIZATION.replace("s/", "-")
    told = {"shop": "", "front-shop": "EXCLUDED", "old-shop": "DELETE_REQUESTED", above: ""}
    assert projects_of(google, tmp_path, exclude=("front-shop",)) == told


def test_named_projects_are_expected_whether_they_are_shown_or_not(
    google: Google, tmp_path: Path
) -> None:
    named = projects_of(google, tmp_path, parent="folders/123", projects=("front-shop", "nowhere"))
    assert named == {"front-shop": "", "nowhere": ""}
    assert google.asked == []
