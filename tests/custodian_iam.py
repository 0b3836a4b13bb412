"""Says in our rule language what Cloud Custodian's `iam-policy` filters ask of Google Cloud.

cloudcustodian.io/docs/gcp/resources: the members of a policy's bindings, by role and by name. The
policy is the one that was recorded of the resource. All else is refused with `Unstated`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from custodian import Unstated, restate

BINDINGS = "resource.?iamPolicy.?bindings.orValue([])"
_ROLE = r"role=='([^']+)'"


def restate_with_policy(filters: Sequence[Mapping[str, Any]], root: str) -> str:
    """All of `filters` as one expression about `root` and its policy. Raises `Unstated`."""
    said = [
        _policy(each) if each.get("type") == "iam-policy" else restate([each], root, "labels")
        for each in filters
    ]
    return " && ".join(said)


def _policy(given: Mapping[str, Any]) -> str:
    if "user-role" in given:
        return _user_role(given["user-role"])
    asked = given["doc"]
    key, value = asked["key"], asked.get("value")
    roles = re.findall(_ROLE, key)
    if key == "bindings[*].members[]":
        names = value if isinstance(value, list) else [value]
        return f"{BINDINGS}.exists(b, b.members.exists(m, m in {json.dumps(names)}))"
    if key == "bindings[*].role":
        return f"{BINDINGS}.exists(b, b.role in {json.dumps(value)})"
    if key.endswith(".members[]") and roles:
        (other,) = re.findall(_ROLE, asked["value_path"])
        holders = f"{BINDINGS}.filter(o, o.role == {json.dumps(other)})"
        return (
            f"{BINDINGS}.exists(b, b.role == {json.dumps(roles[0])}"
            f" && b.members.exists(m, {holders}.exists(o, m in o.members)))"
        )
    if key.startswith("bindings[*].members[?"):
        return f"size({BINDINGS}) > 0"  # a list of lists, which is never an empty list
    if roles and (asked["op"], value) == ("ne", []):
        return f"{BINDINGS}.exists(b, b.role in {json.dumps(roles)})"
    raise Unstated("the filter iam-policy")


def _user_role(asked: Mapping[str, Any]) -> str:
    role = _matches("b.role", asked["role"])
    user = _matches("m", asked["user"])
    said = f"{BINDINGS}.exists(b, {role} && b.members.exists(m, {user}))"
    return said if asked.get("has", True) else f"!{said}"


def _matches(text: str, asked: Any) -> str:
    if isinstance(asked, str):
        return f"{text} == {json.dumps(asked)}"
    told = f"lower({text})" if asked.get("value_type") == "normalize" else text
    literal = json.dumps(asked["value"])
    return f"glob({literal}, {told})" if asked["op"] == "glob" else f"{told} in {literal}"
