"""Strangers' recorded answers of Azure, served by our fake to the real SDK.

A recorded listing becomes rows of Resource Graph, and whatever else was answered is what Resource
Manager answers there.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from azure_kit import ONE, access_to, make_world
from cloud_kit import look
from msgspec.structs import replace
from recorded_clouds_kit import files_of
from recorded_kit import RECORDED

from agent.cel import BOOL, DYN, TIMESTAMP, compile_expression
from agent.demo.azure.server import Server
from agent.demo.azure.world import Subscription, World
from checks.azure.session import Tenant
from checks.model import Call, Cause, Check, Facet, Join, Resource, Scope

Json = dict[str, Any]
NO_TYPE = "recorded/things"
"""The type of what was recorded without one."""


@cache
def _interactions(name: str) -> list[Json]:
    found: list[Json] = json.loads((RECORDED / "azure" / name).read_text()).get("interactions", [])
    return found


def answers(case: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The path and the body of each answer of a case."""
    found = []
    for name, index, *_ in case["calls"]:
        one = _interactions(name)[index]
        path = re.sub("/+", "/", urlsplit(one["uri"]).path)
        found.append((path, _body(one)))
    return found


def _body(one: Mapping[str, Any]) -> Any:
    """What was answered: here, or in another recording, which had the same."""
    while "body_ref" in one:
        name, index = one["body_ref"]
        one = _interactions(name)[index]
    return one.get("body")


def rows_of(case: Mapping[str, Any], of: str = ".*") -> list[Json]:
    """What the answers of a case hold, alone or in listings, of the types that fit `of`."""
    rows: dict[str, Json] = {}
    for _, body in answers(case):
        listed = body.get("value", [body]) if isinstance(body, dict) else ()
        for row in listed if isinstance(listed, list) else ():
            if isinstance(row, dict) and isinstance(row.get("id"), str):
                rows.setdefault(row["id"], {**row, "type": _type_of(row).lower()})
    return [row for row in rows.values() if re.fullmatch(of, row["type"])]


def listed_of(case: Mapping[str, Any]) -> list[Json]:
    """What the listings of a case hold."""
    listed = [
        body["value"] for _, body in answers(case) if isinstance(body, dict) and "value" in body
    ]
    ids = {row["id"] for rows in listed for row in rows if isinstance(row.get("id"), str)}
    return [row for row in rows_of(case) if row["id"] in ids]


def _type_of(row: Mapping[str, Any]) -> str:
    if row.get("type"):
        return str(row["type"])
    group = re.fullmatch("/subscriptions/[^/]+/resourceGroups/[^/]+", row["id"], re.IGNORECASE)
    return "microsoft.resources/resourcegroups" if group else NO_TYPE


def recorded_resources() -> list[Json]:
    """Every resource of Azure that was recorded whole, the last answer last."""
    rows: list[Json] = []
    for one in files_of("azure/"):
        for interaction in _interactions(one["path"].removeprefix("azure/")):
            body = interaction.get("body")
            listed = body.get("value") if isinstance(body, dict) else None
            rows += [
                row
                for row in (listed if isinstance(listed, list) else [body])
                if isinstance(row, dict) and {"id", "name", "type", "properties"} <= row.keys()
            ]
    return [row for row in rows if isinstance(row["id"], str) and isinstance(row["type"], str)]


def world_of(case: Mapping[str, Any]) -> World:
    """A tenant that answers as was recorded."""
    world = make_world(ONE)
    for path, body in answers(case):
        parts = path.split("/")
        if parts[1] == "subscriptions" and parts[2] != ONE:
            world.subscribe(Subscription(id=parts[2], name="recorded"))
        listed = body.get("value") if isinstance(body, dict) else None
        world.answer(path, listed if isinstance(listed, list) else body)
    for row in rows_of(case):
        group = re.search("/resourceGroups/([^/]+)", row["id"], re.IGNORECASE)
        group = {"resourceGroup": group[1].lower()} if group else {}
        world.put({**row, **group, "subscriptionId": ONE})
    return world


def seen(
    server: Server, folder: Path, case: Mapping[str, Any], asked: Mapping[str, Any]
) -> list[Resource]:
    """What our session and collector make of a case, with what `asked` wants to know of it."""
    server.world = world_of(case)
    facets = tuple(_facet(name, call) for name, call in asked.get("facets", {}).items())
    joins, others = [], []
    for number, (name, given) in enumerate(asked.get("joins", {}).items()):
        others.append(_check(f"other{number}", given["of"]))
        how = {key: value for key, value in given.items() if key != "of"}
        joins.append(Join(name=name, check=others[-1].name, ignore_case=True, **how))
    kinds = sorted({row["type"] for row in population(case, asked)})
    own = [
        replace(_check(f"of{number}", kind), facets=facets, joins=tuple(joins))
        for number, kind in enumerate(kinds)
    ]
    tenant = Tenant(access_to(server, folder), [*own, *others], now=lambda: datetime.now(UTC))
    tenant.subscriptions = (ONE,)
    parts = {*asked.get("facets", {}), *asked.get("joins", {})}
    all_of_them = {one.name: one for one in (*own, *others)}
    found = look(tenant.session(ONE), {one.name: parts for one in own}, all_of_them)
    # what was not recorded of a resource is what Custodian did not ask about it
    assert {gap.cause for gap in found.gaps} <= {Cause.NOT_FOUND}, found.gaps
    names = {one.name for one in own}
    return [one for one in found.resources.values() if one.check in names]


def population(case: Mapping[str, Any], asked: Mapping[str, Any]) -> list[Json]:
    """What a case asks about."""
    return rows_of(case, asked["of"]) if "of" in asked else listed_of(case)


def _check(name: str, kind: str) -> Check:
    call = Call(
        service="resourcegraph", operation="resources", select="rows", params={"type": kind}
    )
    return Check(
        name=f"azure.recorded.{name}", doc="Recorded.", scope=Scope.ACCOUNT, id="{id}", list=call
    )


def _facet(name: str, given: Mapping[str, Any]) -> Facet:
    return Facet(name=name, call=Call(**{"service": "arm", "params": {"of": "{id}"}, **given}))


def holding(expression: str, resources: Iterable[Resource]) -> list[Mapping[str, Any]]:
    """Those of which the expression holds; what was not seen of one may not be asked."""
    program = compile_expression(expression, {"resource": DYN, "now": TIMESTAMP}, BOOL)
    now = datetime.now(UTC)
    found = []
    for one in resources:
        unseen = [f"resource.{gap.facet}" for gap in one.gaps]
        if program.interpret({"resource": one.attributes, "now": now}, unseen):
            found.append(one.attributes)
    return found
