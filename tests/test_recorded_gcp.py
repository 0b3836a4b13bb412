"""Strangers' recorded answers of Google Cloud: what two other engines found is what we find.

Cloud Custodian's expectations about members of a listing are restated by tests/custodian.py, the
controls of Google's policy-library by tests/data/recorded/gcp_controls.yaml. Skipped where the
recordings are not.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloud_kit import checks_of, look
from custodian import Unstated, restate
from custodian_iam import restate_with_policy
from gcp_kit import make_world, organization_on, serving
from jmespath import search
from recorded_clouds_kit import expected, files_of, reasons
from recorded_gcp_kit import (
    OWNERS,
    holding,
    inventory,
    recorded_assets,
    rows_with_policies,
    seen,
    seen_joined,
    violations,
)
from recorded_kit import RECORDED

from agent.demo.gcp.server import Server
from checks.gcp.session import types_of

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recordings are not here")
DATA = "resource.resource.data"
CONTROLS = yaml.safe_load((ROOT / "tests/data/recorded/gcp_controls.yaml").read_text())

BY_HAND: Mapping[str, Any] = yaml.safe_load(
    (ROOT / "tests/data/recorded/gcp_cases.yaml").read_text()
)
"""Cases whose question is more than paths and literals of a listing, restated by hand."""

TWINS = "two of the assets have one name, of which an inventory holds one"
NOTHING = "they take a policy without bindings for one that has some: null is not an empty list"
EXPLAINED: Mapping[str, str] = {
    "gcp-1862": NOTHING,
    "gcp-1971": NOTHING,
    "gcp-2102": TWINS,
    "gcp-2103": TWINS,
}
"""Cases of which we find something else, and why."""


@cache
def stated() -> tuple[Mapping[str, Mapping[str, Any]], Mapping[str, str]]:
    """Custodian's restated cases with what is asked in them, and the others with the reason."""
    said: dict[str, Mapping[str, Any]] = {}
    unsaid: dict[str, str] = {}
    for name, case in expected("gcp", "c7n").items():
        try:
            filters = case["policy"].get("filters", [])
            given = BY_HAND.get(name) or restate(filters, DATA, "labels")
        except Unstated as reason:
            unsaid[name] = str(reason)
            continue
        said[name] = {"holds": given} if isinstance(given, str) else given
    return said, unsaid


@cache
def of_policies() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The cases about policies of IAM with their expressions, and the others with the reason."""
    said: dict[str, str] = {}
    unsaid = dict(stated()[1])
    for name, reason in stated()[1].items():
        case = expected("gcp", "c7n")[name]
        if reason != "the filter iam-policy":
            continue
        try:
            said[name] = restate_with_policy(case["policy"]["filters"], DATA)
        except Unstated:
            continue
        del unsaid[name]
    return said, unsaid


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(make_world(), tmp_path_factory.mktemp("gcp")) as server:
        yield server


@pytest.mark.parametrize("name", stated()[0] if RECORDED.is_dir() else ())
def test_what_custodian_found_is_what_we_find(name: str, server: Server, tmp_path: Path) -> None:
    case, asked = expected("gcp", "c7n")[name], stated()[0][name]
    resources = seen_joined(server, tmp_path, case, asked)
    assert len(resources) == case["total"]
    found = holding(asked["holds"], resources)
    ours = [_id(case, one["resource"]["data"]) for one in found]
    same = sorted(ours) == sorted(map(str, case["matched_ids"]))
    assert same is (name not in EXPLAINED), (ours, case["matched_ids"])


def _id(case: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """What Custodian tells a thing by; of some it names what the listing has them under."""
    return str(search(case["id_field"], data) or data["name"])


@pytest.mark.parametrize("name", of_policies()[0] if RECORDED.is_dir() else ())
def test_whom_custodian_found_in_policies_we_find(
    name: str, server: Server, tmp_path: Path
) -> None:
    case = expected("gcp", "c7n")[name]
    assets = [
        {
            "name": f"//recorded.googleapis.com/things/{number}",
            "assetType": "recorded.googleapis.com/Thing",
            "resource": {"version": "v1", "data": row},
            "iamPolicy": policy,
        }
        for number, (row, policy) in enumerate(rows_with_policies(case))
    ]
    resources = seen(server, tmp_path, assets)
    assert len(resources) == case["total"]
    found = holding(of_policies()[0][name], resources)
    ours = [_id(case, one["resource"]["data"]) for one in found]
    same = sorted(ours) == sorted(map(str, case["matched_ids"]))
    assert same is (name not in EXPLAINED), (ours, case["matched_ids"])


@cache
def library() -> tuple[Mapping[str, Mapping[str, Any]], Mapping[str, str]]:
    """The policy-library's cases that are restated, and the others with the reason."""
    said: dict[str, Mapping[str, Any]] = {}
    unsaid: dict[str, str] = {}
    for name, case in expected("gcp", "policy-library").items():
        if case["policy"]["kind"] not in CONTROLS:
            unsaid[name] = "loops nested deeper than our language lets them"
        else:
            said[name] = case
    return said, unsaid


@pytest.fixture(scope="module")
def seen_of(
    server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., list[dict[str, Any]]]:
    """What we make of files of assets, each of which several cases are about."""
    folder = tmp_path_factory.mktemp("library")
    return cache(lambda *paths: seen(server, folder, inventory(paths)))


@pytest.mark.parametrize("name", library()[0] if RECORDED.is_dir() else ())
def test_what_the_policy_library_found_is_what_we_find(
    name: str, seen_of: Callable[..., list[dict[str, Any]]]
) -> None:
    case = library()[0][name]
    resources = seen_of(*case["assets"])
    constraint = case["policy"]["constraints"][0] or {}
    control = CONTROLS[case["policy"]["kind"]]
    params = {**control.get("defaults", {}), **(constraint.get("parameters") or {})}
    if "rules" in params:
        params["rules"] = [with_ends(rule) for rule in params["rules"]]
    ours = violations(control, params, resources)
    same = (
        case.get("violations", len(ours)) == len(ours)
        and set(case.get("violating_resources", ours)) == set(ours)
        and set(case.get("violating_resources_at_least", ())) <= set(ours)
        and not set(case.get("non_violating_resources", ())) & set(ours)
    )
    assert same is (name not in EXPLAINED), ours


def with_ends(rule: Mapping[str, Any]) -> dict[str, Any]:
    """The rule of a constraint, its port also as the first and the last of a range."""
    ports = str(rule.get("port", "")).split("-")
    ends = {"first": int(ports[0]), "last": int(ports[-1])} if ports[0].isdigit() else {}
    return {**rule, **ends}


def summary() -> str:
    """The figures of docs/recorded.md, as they are now."""
    (policies, unsaid), (controls, uncontrolled) = of_policies(), library()
    said = {**stated()[0], **policies}
    answers = sum(one["responses"] for one in files_of("gcp/c7n/"))
    recordings, assets = len(files_of("gcp/c7n/")), len(files_of("gcp/cai/"))
    kinds = len({case["policy"]["kind"] for case in expected("gcp", "policy-library").values()})
    agree = [sum(1 for name in found if name not in EXPLAINED) for found in (said, controls)]
    custodian = f"- {len(said) + len(unsaid)} expectations of Custodian."
    rego = f"- {len(controls) + len(uncontrolled)} expectations of {kinds} controls in Rego."
    lines = [
        f"- Google Cloud: {recordings} recordings, {answers} answers; {assets} files of assets.",
        f"{custodian} {len(said)} are restated; {agree[0]} agree.",
        *differences(said),
        *reasons(unsaid),
        f"{rego} {len(controls)} are restated; {agree[1]} agree.",
        *differences(controls),
        *reasons(uncontrolled),
    ]
    return "\n".join(lines)


def differences(cases: Mapping[str, Any]) -> list[str]:
    """Of which of the cases we find something else, and why, as lines of docs/recorded.md."""
    whys = Counter(why for name, why in EXPLAINED.items() if name in cases)
    return [f"  - {count} differ: {why}." for why, count in whys.items()]


def test_the_figures_in_the_documentation_are_those_of_the_recordings() -> None:
    assert summary() in (ROOT / "docs" / "recorded.md").read_text()


def test_every_recorded_asset_of_a_type_of_ours_collects(server: Server, tmp_path: Path) -> None:
    types = types_of(checks_of("gcp"))
    assets = {one["name"]: one for one in recorded_assets() if "resource" in one}
    ours = {one["name"] for one in assets.values() if one["assetType"] in types["RESOURCE"]}
    world = make_world("shop")
    for asset in assets.values():
        world.put({**asset, "ancestors": OWNERS})
    server.world = world
    session = organization_on(server, tmp_path).session("shop")
    wanted: dict[str, set[str]] = {
        check.name: set()
        for check in checks_of("gcp")
        if check.list and check.list.operation == "RESOURCE" and not check.level
    }
    told = look(session, wanted)
    found = {str(one.attributes["name"]) for one in told.resources.values()}
    listed = {name for name in ours if _is_listed(assets[name], wanted)}
    assert len(listed) > 100
    # Some were made by hand, without the name that every API tells: a gap, and not silence.
    unnamed = {name for name in listed if "name" not in assets[name]["resource"]["data"]}
    assert listed - found == unnamed - found
    assert {gap.message for gap in told.gaps} == {"there is no 'resource.data.name'"}
    assert len(told.gaps) >= len(listed - found) > 0


def _is_listed(asset: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a check without a condition lists the type."""
    return any(
        check.list.params["type"] == asset["assetType"] and not check.where
        for check in checks_of("gcp")
        if check.list and check.name in wanted
    )
