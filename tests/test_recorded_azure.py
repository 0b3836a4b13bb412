"""Strangers' recorded answers of Azure: what Cloud Custodian found in them is what we find.

Its expectations about members of a listing are restated in our rule language (tests/custodian.py);
the rest is listed with the reason. Skipped where the recordings are not.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from azure_kit import ONE, make_world, serving, tenant_on
from cloud_kit import checks_of, look
from custodian import Unstated, restate
from custodian_firewall import restate_with_firewall
from jmespath import search
from recorded_azure_kit import holding, population, recorded_resources, seen
from recorded_clouds_kit import expected, files_of, reasons
from recorded_kit import RECORDED

from agent.demo.azure.server import Server
from checks.azure.session import types_of

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recordings are not here")

BY_HAND: Mapping[str, Any] = yaml.safe_load(
    (ROOT / "tests/data/recorded/azure_cases.yaml").read_text()
)
"""Cases whose question is more than paths and literals of a listing, restated by hand."""

EXPLAINED: Mapping[str, str] = {}
"""Cases of which we find something else, and why."""


@cache
def stated() -> tuple[Mapping[str, Mapping[str, Any]], Mapping[str, str]]:
    """The restated cases with what is asked in them, and the others with the reason."""
    said: dict[str, Mapping[str, Any]] = {}
    unsaid: dict[str, str] = {}
    for name, case in expected("azure", "c7n").items():
        try:
            filters = case["policy"].get("filters", [])
            given = BY_HAND.get(name) or restated(case["policy"]["resource"], filters)
        except Unstated as reason:
            unsaid[name] = str(reason)
            continue
        said[name] = {"holds": given} if isinstance(given, str) else given
    return said, unsaid


def restated(kind: str, filters: Sequence[Any]) -> str:
    if any(isinstance(each, dict) and each.get("type") == "firewall-rules" for each in filters):
        return restate_with_firewall(kind, filters)
    return restate(filters, "resource", "tags")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(make_world(), tmp_path_factory.mktemp("azure")) as server:
        yield server


@pytest.mark.parametrize("name", stated()[0] if RECORDED.is_dir() else ())
def test_what_another_engine_found_is_what_we_find(
    name: str, server: Server, tmp_path: Path
) -> None:
    case, asked = expected("azure", "c7n")[name], stated()[0][name]
    resources = seen(server, tmp_path, case, asked)
    assert len(resources) == len(population(case, asked)) == case["total"]
    ours = [_id(case, one) for one in holding(asked["holds"], resources)]
    same = sorted(ours) == sorted(map(str, case["matched_ids"]))
    assert same is (name not in EXPLAINED), (ours, case["matched_ids"])


def _id(case: Mapping[str, Any], resource: Mapping[str, Any]) -> str:
    return str(search(case["id_field"], resource))


def summary() -> str:
    """The figures of docs/recorded.md, as they are now."""
    said, unsaid = stated()
    answers = sum(one["responses"] for one in files_of("azure/"))
    agree = sum(1 for name in said if name not in EXPLAINED)
    return "\n".join(
        (
            f"- Azure: {len(files_of('azure/'))} recordings, {answers} answers.",
            f"- {len(said) + len(unsaid)} expectations. {len(said)} are restated; {agree} agree.",
            *(f"  - {n} differ: {why}." for why, n in Counter(EXPLAINED.values()).items()),
            *reasons(unsaid),
        )
    )


def test_the_figures_in_the_documentation_are_those_of_the_recordings() -> None:
    assert summary() in (ROOT / "docs" / "recorded.md").read_text()


def test_every_recorded_resource_of_a_type_of_ours_collects(server: Server, tmp_path: Path) -> None:
    types = types_of(checks_of("azure"))["resources"]
    rows = {row["id"].lower(): row for row in recorded_resources() if row["type"].lower() in types}
    server.world = make_world(ONE)
    for row in rows.values():
        server.world.put({**row, "subscriptionId": ONE})
    wanted: dict[str, set[str]] = {
        check.name: set()
        for check in checks_of("azure")
        if check.list and check.list.operation == "resources"
    }
    told = look(tenant_on(server, tmp_path).session(ONE), wanted)
    assert len(rows) > 100
    found = {str(one.attributes["id"]).lower() for one in told.resources.values()}
    assert set(rows) - found == set()
    assert [gap.message for gap in told.gaps] == []
