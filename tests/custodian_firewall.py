"""Says in our rule language what Cloud Custodian's `firewall-rules` filters ask of Azure.

cloudcustodian.io/docs/azure/resources: which addresses a firewall lets in, of resources whose
listing has the rules. A range is given as the networks that it is made of.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, summarize_address_range
from typing import Any

from custodian import Unstated, restate

KINDS = ("azure.keyvault", "azure.storage")
RULES = "resource.properties.networkAcls.ipRules"


def restate_with_firewall(kind: str, filters: Sequence[Mapping[str, Any]]) -> str:
    """All of `filters` on resources of `kind` as one expression. Raises `Unstated`."""
    said = [
        _firewall(kind, each)
        if each.get("type") == "firewall-rules"
        else restate([each], "resource", "tags")
        for each in filters
    ]
    return " && ".join(said)


def _firewall(kind: str, asked: Mapping[str, Any]) -> str:
    if kind not in KINDS:
        raise Unstated("the filter firewall-rules")
    ((how, given),) = ((key, value) for key, value in asked.items() if key != "type")
    networks = json.dumps([network for text in given for network in _networks(text)])
    include = f"{networks}.all(g, {RULES}.exists(r, cidr_contains(r.value, g)))"
    only = f"{RULES}.all(r, {networks}.exists(g, cidr_contains(g, r.value)))"
    meets = "cidr_contains(r.value, g) || cidr_contains(g, r.value)"
    said = {
        "include": include,
        "only": only,
        "equal": f"{include} && {only}",
        "any": f"{RULES}.exists(r, {networks}.exists(g, {meets}))",
    }
    return f"resource.properties.networkAcls.defaultAction == 'Deny' && {said[how]}"


def _networks(text: str) -> Iterator[str]:
    first, _, last = text.partition("-")
    if last:
        yield from map(str, summarize_address_range(IPv4Address(first), IPv4Address(last)))
    else:
        yield text if "/" in text else f"{text}/32"
