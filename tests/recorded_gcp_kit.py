"""Strangers' recorded answers of Google Cloud, served by our fake to the real SDK.

A recorded listing becomes assets of Cloud Asset Inventory, whatever API it was recorded from.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cloud_kit import look
from gcp_kit import access_to, make_world
from jmespath import search
from msgspec.structs import replace
from recorded_clouds_kit import files_of
from recorded_kit import RECORDED

from agent.cel import BOOL, DYN, LIST, compile_expression
from agent.demo.gcp.server import Server
from checks.gcp.session import Organization
from checks.model import Call, Check, Join, Scope

Json = dict[str, Any]
OWNERS = ["projects/101", "organizations/9000"]
"""Where the kit's project is."""


@cache
def _read(path: str) -> Any:
    return json.loads((RECORDED / path).read_text())


def rows(case: Mapping[str, Any], asked: Mapping[str, Any]) -> list[tuple[str, Json]]:
    """What the recorded listings that `asked` names hold, with what they were asked of."""
    found: list[tuple[str, Json]] = []
    where = asked.get("rows") or (case["enum"][1] if case.get("enum") else "")
    for flight, file, _, url in case["calls"]:
        if not where or not re.search(asked.get("call", ""), url):
            continue
        calls = _read(f"gcp/c7n/{flight}.json")["calls"]
        body = next(call["body"] for call in calls if call["file"] == file)
        above = re.sub("^/([^/]*/)*?v[0-9][^/]*/|/[^/]*$", "", urlsplit(url).path)
        listed = search(where, body)
        found += [(above, row) for row in listed or () if isinstance(row, dict)]
    return found


def asset_of(kind: str, number: int, above: str, row: Json) -> Json:
    """One recorded thing as an inventory would tell it; `above`: what it was listed under."""
    return {
        "name": f"//recorded.googleapis.com/{kind.lower()}/{number}",
        "assetType": f"recorded.googleapis.com/{kind}",
        "resource": {"version": "v1", "data": row, "parent": f"//recorded.googleapis.com/{above}"},
    }


def rows_with_policies(case: Mapping[str, Any]) -> list[tuple[Json, Json]]:
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


def recorded_assets() -> list[Json]:
    """Every asset of Google Cloud that was recorded."""
    return inventory(one["path"] for one in files_of("gcp/cai/"))


def inventory(paths: Iterable[str]) -> list[Json]:
    """The recorded assets in some files, as Cloud Asset Inventory spells them today."""
    names = {"asset_type": "assetType", "iam_policy": "iamPolicy"}
    kept = {"name", "assetType", "resource", "iamPolicy"}
    assets = []
    for path in paths:
        for asset in _read(path):
            told = {names.get(key, key): value for key, value in asset.items()}
            assets.append({key: value for key, value in told.items() if key in kept})
    return assets


def seen(server: Server, folder: Path, assets: Iterable[Json]) -> list[Json]:
    """What our session and collector make of `assets`: each with the parts that it has."""
    listed = list(assets)
    checks = [
        _check(f"{content.lower()}_{number}", content, kind)
        for content, member in (("RESOURCE", "resource"), ("IAM_POLICY", "iamPolicy"))
        for number, kind in enumerate(
            sorted({asset["assetType"] for asset in listed if member in asset})
        )
    ]
    parts: dict[str, Json] = {}
    for one in _look(server, folder, listed, checks, ()):
        parts.setdefault(one["name"], {}).update(one)
    return list(parts.values())


def seen_joined(
    server: Server, folder: Path, case: Mapping[str, Any], asked: Mapping[str, Any]
) -> list[Json]:
    """What they make of the recorded answers of a case, with the joins that `asked` wants."""
    found = rows(case, asked)
    assets = [asset_of("Thing", number, *one) for number, one in enumerate(found)]
    checks, joins = [_check("thing", "RESOURCE", "recorded.googleapis.com/Thing")], []
    for name, given in asked.get("joins", {}).items():
        other = _check(name.lower(), "RESOURCE", f"recorded.googleapis.com/{name}")
        how = {key: value for key, value in given.items() if key not in {"call", "rows"}}
        joins.append(Join(name=name, check=other.name, **how))
        checks.append(other)
        assets += [asset_of(name, number, *one) for number, one in enumerate(rows(case, given))]
    return _look(server, folder, assets, checks, joins)


def _check(name: str, content: str, kind: str) -> Check:
    return Check(
        name=f"gcp.recorded.{name}",
        doc="Recorded.",
        scope=Scope.ACCOUNT,
        id="{name}",
        list=Call(service="asset", operation=content, select="rows", params={"type": kind}),
    )


def _look(
    server: Server,
    folder: Path,
    assets: Iterable[Json],
    checks: Sequence[Check],
    joins: Sequence[Join],
) -> list[Json]:
    """All of what is listed; with joins, of the first check alone."""
    server.world = make_world("shop")
    for asset in assets:
        server.world.put({**asset, "ancestors": OWNERS})
    first = replace(checks[0], joins=tuple(joins)) if checks else None
    known = {one.name: one for one in ((first, *checks[1:]) if first else ())}
    asked = [checks[0].name] if joins else list(known)
    organization = Organization(
        access_to(server, folder), list(known.values()), now=lambda: datetime.now(UTC)
    )
    wanted = {name: {one.name for one in joins} for name in asked}
    found = look(organization.session("shop"), wanted, known)
    assert found.gaps == []
    own = "//cloudresourcemanager.googleapis.com/projects/101"
    return [
        dict(one.attributes)
        for part in found.parts
        for one in part.resources
        if one.check in asked and one.attributes["name"] != own
    ]


def holding(expression: str, resources: Iterable[Json]) -> list[Json]:
    """Those of which the expression holds."""
    program = compile_expression(expression, {"resource": DYN}, BOOL)
    return [one for one in resources if program.interpret({"resource": one})]


def violations(control: Mapping[str, Any], params: Json, resources: Iterable[Json]) -> list[str]:
    """The name of a resource for each violation of a control in it."""
    about = [one for one in resources if control.get("type", one["assetType"]) == one["assetType"]]
    kinds = {"resource": DYN, "params": DYN}
    found: list[str] = []
    if "each" in control:
        listed = compile_expression(control["each"], kinds, LIST)
        for one in about:
            found += [one["name"]] * len(listed.interpret({"resource": one, "params": params}))
        return found
    ((name, over),) = control.get("over", {"once": "[true]"}).items()
    elements = compile_expression(over, kinds, LIST)
    program = compile_expression(control["violates"], {**kinds, name: DYN}, BOOL)
    for one in about:
        given = {"resource": one, "params": params}
        for each in elements.interpret(given):
            found += [one["name"]] * program.interpret({**given, name: each})
    return found
