"""Strangers' recorded answers of Azure and Google Cloud, served by our fakes to the real SDKs.

The recordings are outside of the repository (see tests/recorded_kit.py). A recorded listing becomes
rows of Resource Graph, or assets of Cloud Asset Inventory, whatever API it was recorded from.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from azure_kit import ONE, access_to
from azure_kit import make_world as make_tenant
from cloud_kit import look
from gcp_kit import access_to as access_to_google
from gcp_kit import make_world as make_organization
from jmespath import search
from recorded_kit import RECORDED, manifest

from agent.cel import BOOL, DYN, LIST, compile_expression
from agent.demo.azure.server import Server as Azure
from agent.demo.gcp.server import Server as Google
from checks.azure.session import Tenant
from checks.gcp.session import Organization
from checks.model import Call, Check, Scope

Json = dict[str, Any]
OWNERS = ["projects/101", "organizations/9000"]
"""Where the kit's project is."""


def expected(cloud: str, source: str) -> dict[str, Json]:
    """What another engine said: id of the case -> the case."""
    return {
        case["id"]: case
        for case in manifest()["expected"]
        if (case["cloud"], case["source"]) == (cloud, source)
    }


def files_of(folder: str) -> list[Json]:
    """The recordings in a folder, as the manifest describes them."""
    return [dict(one) for one in manifest()["files"] if one["path"].startswith(folder)]


def reasons(unsaid: Mapping[str, str]) -> list[str]:
    """Why cases are not restated, as lines of docs/recorded.md."""
    filters = Counter(why[11:] for why in unsaid.values() if why.startswith("the filter "))
    others = Counter(why for why in unsaid.values() if not why.startswith("the filter "))
    told = Counter(
        {
            f"{why} ({_counted(names, filters)})": _sum(names, filters)
            for why, names in ASKED.items()
            if _sum(names, filters)
        }
    )
    assert told.total() == filters.total(), filters.keys() - {
        n for names in ASKED.values() for n in names
    }
    lines = [f"- {len(unsaid)} are not restated:"]
    return lines + [f"  - {count}: {why}." for why, count in (told + others).most_common()]


def _sum(names: Sequence[str], found: Mapping[str, int]) -> int:
    return sum(found.get(name, 0) for name in names)


def _counted(names: Sequence[str], found: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {found[name]}" for name in sorted(names) if name in found)


ASKED: Mapping[str, Sequence[str]] = {
    "measured over a time, which is not how a thing is set up": (
        *("metric", "metrics", "storage-metrics", "cost"),
    ),
    "what a service says of itself or of others: findings, versions that it offers, compliance": (
        *(
            "scc-findings",
            "server-config",
            "policy-compliant",
            "effective-firewall",
            "last-execution",
        ),
    ),
    "whether a machine runs at this moment, by a call to it": ("instance-view", "session-host-vm"),
    "one more call a resource, which no row of Resource Graph or of the Asset Inventory answers": (
        *("authentication", "configuration", "configuration-parameter", "data-encryption"),
        *("diagnostic-settings", "file-services", "firewall-bypass", "firewall-rules", "flow-logs"),
        *("resource-lock", "security-alert-policies", "server-configurations", "server-parameter"),
        *("transparent-data-encryption", "compute-meta", "access-approval"),
    ),
    "two or three listings that are joined by the engine's own code": (
        *(
            "alerts",
            "bucket",
            "certificates",
            "compute-instances",
            "empty-group",
            "essential-contacts",
        ),
        *(
            "failover-group",
            "firewall",
            "frontend-public-ip",
            "jit-policy-port",
            "keyring",
            "missing",
        ),
        *("monitor-storage", "org-policy", "parent", "resource-access", "role", "snapshots"),
        *("waf", "whitelist"),
    ),
    "the engine's own bookkeeping, clock or notation, not a question about the resource": (
        *("marked-for-op", "resource-type", "time-range", "ingress"),
    ),
}
"""Why filters of the engine's own are not restated -> their names."""


@cache
def _read(path: str) -> Any:
    return json.loads((RECORDED / path).read_text())


def azure_rows(case: Mapping[str, Any]) -> list[Json]:
    """What the recorded listings of a case hold."""
    rows: dict[str, Json] = {}
    for name, index, *_ in case["calls"]:
        body = _read(f"azure/{name}")["interactions"][index].get("body")
        listed = body.get("value") if isinstance(body, dict) else None
        for row in listed if isinstance(listed, list) else ():
            if isinstance(row, dict) and isinstance(row.get("id"), str):
                rows.setdefault(row["id"], row)
    return list(rows.values())


def google_rows(case: Mapping[str, Any]) -> list[Json]:
    """What the recorded listings of a case hold."""
    rows: list[Json] = []
    for flight, file, *_ in case["calls"]:
        calls = _read(f"gcp/c7n/{flight}.json")["calls"]
        body = next(call["body"] for call in calls if call["file"] == file)
        found = search(case["enum"][1], body) if case.get("enum") else None
        rows += [row for row in found or () if isinstance(row, dict)]
    return rows


def google_rows_with_policies(case: Mapping[str, Any]) -> list[tuple[Json, Json]]:
    """What the recorded listing of a case holds, each with the policy that was recorded of it."""
    rows: list[Json] = []
    policies: dict[str, Json] = {}
    for flight, file, _, url in case["calls"]:
        calls = _read(f"gcp/c7n/{flight}.json")["calls"]
        body = next(call["body"] for call in calls if call["file"] == file)
        if "getIamPolicy" in url or url.partition("?")[0].endswith("/iam"):
            told = {"version", "etag", "bindings"} & body.keys()
            policies[url] = {key: body[key] for key in told}
        else:
            rows = [each for listed in body.values() if isinstance(listed, list) for each in listed]
    return list(zip(rows, policies.values(), strict=True))


def recorded_resources() -> list[Json]:
    """Every resource of Azure that was recorded whole, the last answer last."""
    rows: list[Json] = []
    for one in files_of("azure/"):
        for interaction in _read(one["path"]).get("interactions", []):
            body = interaction.get("body")
            listed = body.get("value") if isinstance(body, dict) else None
            rows += [
                row
                for row in (listed if isinstance(listed, list) else [body])
                if isinstance(row, dict) and {"id", "name", "type", "properties"} <= row.keys()
            ]
    return [row for row in rows if isinstance(row["id"], str) and isinstance(row["type"], str)]


def recorded_assets() -> list[Json]:
    """Every asset of Google Cloud that was recorded."""
    return inventory({"assets": [one["path"] for one in files_of("gcp/cai/")]})


def inventory(case: Mapping[str, Any]) -> list[Json]:
    """The recorded assets of a case, as Cloud Asset Inventory spells them today."""
    names = {"asset_type": "assetType", "iam_policy": "iamPolicy"}
    kept = {"name", "assetType", "resource", "iamPolicy"}
    assets = []
    for path in case["assets"]:
        for asset in _read(path):
            told = {names.get(key, key): value for key, value in asset.items()}
            assets.append({key: value for key, value in told.items() if key in kept})
    return assets


def azure_seen(server: Azure, folder: Path, rows: Iterable[Json]) -> list[Json]:
    """What our session and collector make of `rows`."""
    server.world = make_tenant(ONE)
    kinds = set()
    for row in rows:
        kind = str(row.get("type") or "recorded/things").lower()
        kinds.add(kind)
        given = {**row, "type": kind, "subscriptionId": ONE}
        server.world.put(given)
    checks = [
        Check(
            name=f"azure.recorded.t{number}",
            doc="Recorded.",
            scope=Scope.ACCOUNT,
            id="{id}",
            list=Call(
                service="resourcegraph", operation="resources", select="rows", params={"type": kind}
            ),
        )
        for number, kind in enumerate(sorted(kinds))
    ]
    tenant = Tenant(access_to(server, folder), checks, now=lambda: datetime.now(UTC))
    tenant.subscriptions = (ONE,)
    return _seen(tenant.session(ONE), checks)


def google_seen(server: Google, folder: Path, assets: Iterable[Json]) -> list[Json]:
    """What our session and collector make of `assets`: each with the parts that it has."""
    server.world = make_organization("shop")
    kinds: dict[str, set[str]] = {"RESOURCE": set(), "IAM_POLICY": set()}
    for asset in assets:
        server.world.put({**asset, "ancestors": OWNERS})
        kinds["RESOURCE"] |= {asset["assetType"]} if "resource" in asset else set()
        kinds["IAM_POLICY"] |= {asset["assetType"]} if "iamPolicy" in asset else set()
    checks = [
        Check(
            name=f"gcp.recorded.{content.lower()}_{number}",
            doc="Recorded.",
            scope=Scope.ACCOUNT,
            id="{name}",
            list=Call(service="asset", operation=content, select="rows", params={"type": kind}),
        )
        for content, found in kinds.items()
        for number, kind in enumerate(sorted(found))
    ]
    organization = Organization(
        access_to_google(server, folder), checks, now=lambda: datetime.now(UTC)
    )
    parts: dict[str, Json] = {}
    own = {"//cloudresourcemanager.googleapis.com/projects/101"}
    for one in _seen(organization.session("shop"), checks):
        if one["name"] not in own:
            parts.setdefault(one["name"], {}).update(one)
    return list(parts.values())


def _seen(session: Any, checks: Sequence[Check]) -> list[Json]:
    seen = look(session, {check.name: set() for check in checks}, {one.name: one for one in checks})
    assert seen.gaps == []
    return [dict(one.attributes) for part in seen.parts for one in part.resources]


def holding(expression: str, resources: Iterable[Json]) -> list[Json]:
    """Those of which the expression holds."""
    program = compile_expression(expression, {"resource": DYN}, BOOL)
    return [one for one in resources if program.interpret({"resource": one})]


def violations(control: Mapping[str, str], params: Json, resources: Iterable[Json]) -> list[str]:
    """The name of a resource for each violation of a control in it."""
    about = [one for one in resources if control.get("type", one["assetType"]) == one["assetType"]]
    kinds = {"resource": DYN, "params": DYN}
    found: list[str] = []
    if "each" in control:
        listed = compile_expression(control["each"], kinds, LIST)
        for one in about:
            found += [one["name"]] * len(listed.interpret({"resource": one, "params": params}))
        return found
    program = compile_expression(control["violates"], kinds, BOOL)
    return [one["name"] for one in about if program.interpret({"resource": one, "params": params})]
