"""Terraform modules without their providers: what is left can be planned, and is.

Each resource becomes a `terraform_data` that holds the same arguments, and what only a provider
could tell becomes a text of the right form. Terraform then computes every expression, and checks
every variable, of a module and of those that it calls. What providers check it cannot see.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from terraform_kit import ROOT, read

_BLOCK = re.compile(r'(?ms)^(?:resource|data) "(?!terraform_data)[^\n]*\{\n.*?^\}\n')
_PROVIDERS = re.compile(r"(?ms)^  required_providers \{\n.*?^  \}\n")
_ORDER = re.compile(r"(?m)^ *depends_on = \[[^\]]*\]\n")
_REFERENCE = re.compile(
    r"(?<![\w\"./])(?:data\.)?(?:aws|azurerm|azuread|google)_\w+\.\w+((?:\[[^\]]*\]|\.\w+)*)"
)
_TOLD = {
    "id": "/subscriptions/1/resourceGroups/1",
    "principal_id": "11111111-2222-3333-4444-555555555555",
    "client_id": "11111111-2222-3333-4444-555555555555",
    "email": "agent@acme.iam.gserviceaccount.com",
}
"""Attribute -> what a provider could tell; anything else is `told`."""


def write_stubs(to: Path) -> Path:
    """Copy `deploy/terraform` and `deploy/permissions`, with stubs; gives where the modules are."""
    for name in ("terraform", "permissions"):
        shutil.copytree(ROOT / "deploy" / name, to / name)
    for folder in {file.parent for file in to.rglob("*.tf")}:
        _stub(folder)
    return to / "terraform"


def _stub(folder: Path) -> None:
    module = read(folder)
    made = {
        f"{type_}-{name}": _arguments(body)
        for type_, name, body in module.resources()
        if type_ != "terraform_data"
    }
    if not made:
        return
    for file in folder.glob("*.tf"):
        kept = _ORDER.sub("", _PROVIDERS.sub("", _BLOCK.sub("", file.read_text())))
        file.write_text(_REFERENCE.sub(_told, kept))
    (folder / "stub.tf.json").write_text(json.dumps({"resource": {"terraform_data": made}}))


def _arguments(body: Mapping[str, Any]) -> dict[str, Any]:
    repeated = {name: body[name] for name in ("count", "for_each") if name in body}
    return {name: _value(each) for name, each in {**repeated, "input": _inner(body)}.items()}


def _inner(body: Mapping[str, Any]) -> dict[str, Any]:
    left_out = {"count", "for_each", "depends_on", "lifecycle", "dynamic"}
    inner = {
        name: _inner_of(each)
        for name, each in body.items()
        if name not in left_out and name[:2] != "__"
    }
    for block in body.get("dynamic", []):
        for name, each in block.items():
            if name[:2] != "__":  # how often, and not what: the iterator is known to blocks only
                inner[name] = f"${{[for _ in {each['for_each'][2:-1]} : true]}}"
    return inner


def _inner_of(value: Any) -> Any:
    if isinstance(value, dict):
        return _inner(value)
    return [_inner_of(each) for each in value] if isinstance(value, list) else value


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _value(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_value(each) for each in value]
    return _REFERENCE.sub(_told, value) if isinstance(value, str) and "${" in value else value


def _told(found: re.Match[str]) -> str:
    return json.dumps(_TOLD.get(found[1].rpartition(".")[2], "told"))
