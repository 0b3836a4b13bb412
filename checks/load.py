"""Reads check documents: YAML in, `Check` out, every mistake with file, line and column.

A loaded check cannot be wrong in itself; that its operations and members exist is verified
against the cloud's own models in a test (`checks/aws/verify.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from checks.entry import MEMBER, Entry
from checks.model import Before, Call, Check, CheckError, Facet, Join, Scope
from checks.template import places
from checks.yaml import Map, Place, YamlError, read_yaml, unknown_key

SHIPPED = Path(__file__).parent
"""The folder of the checks that come with Assay: `<cloud>/<service>.yaml`."""


def load_checks(paths: Iterable[Path] = (), *, shipped: bool = True) -> dict[str, Check]:
    """Every check of the shipped documents and of `paths` (files, or folders searched for *.yaml).

    Raises `CheckError` on the first mistake, and when two documents define one name.
    """
    roots = [SHIPPED, *paths] if shipped else list(paths)
    checks: dict[str, Check] = {}
    places_of: dict[str, Place] = {}
    for file in _files(roots):
        for name, (check, place) in _read(file).items():
            if name in checks:
                raise CheckError(f"{place}: '{name}' is defined already in {places_of[name]}")
            checks[name], places_of[name] = check, place
    for name, check in checks.items():
        _link(check, checks, places_of[name])
    return dict(sorted(checks.items()))


def _files(roots: Iterable[Path]) -> list[Path]:
    files: list[Path] = []
    for root in roots:
        if root.is_dir():
            files += sorted(path for path in root.rglob("*.y*ml") if path.suffix in _SUFFIXES)
        elif root.exists():
            files.append(root)
        else:
            raise CheckError(f"{root}:1:1: there is no such file or folder")
    return files


def _read(file: Path) -> dict[str, tuple[Check, Place]]:
    try:
        document = read_yaml(file)
    except YamlError as error:
        raise CheckError(str(error)) from error
    if document is None:
        return {}
    if not isinstance(document, Map):
        raise CheckError(f"{file}:1:1: a check document maps names to checks")
    result = {}
    for name, entry in document.items():
        place = document.keys_at[name]
        if not _NAME.match(name):
            raise CheckError(f"{place}: '{name}' is not a name like aws.s3.bucket")
        if not isinstance(entry, Map):
            raise CheckError(f"{document.values_at[name]}: '{name}' must be a mapping")
        result[name] = (_check(name, Entry(entry)), place)
    return result


def _check(name: str, entry: Entry) -> Check:
    entry.only(_CHECK_KEYS)
    singleton = entry.flag("singleton")
    if singleton == ("list" in entry.map):
        raise entry.wrong("list", "give either 'list' or 'singleton: true'")
    listing = None if singleton else _call(entry.entry("list"), "", _LIST_KEYS, listing=True)
    service = listing.service if listing else ""
    batch = entry.entry("batch") if "batch" in entry.map else None
    before = entry.entry("before") if "before" in entry.map else None
    check = Check(
        name=name,
        doc=entry.text("doc", required=True),
        scope=Scope(entry.word("scope", tuple(Scope))),
        id=entry.template("id", required=True),
        label=entry.template("label"),
        region=entry.path("region"),
        list=listing,
        before=_before(before, service) if before else None,
        parent=entry.text("parent"),
        keep=entry.templates("keep"),
        item=entry.path("item"),
        batch=_call(batch, service, _BATCH_KEYS) if batch else None,
        batch_key=batch.text("key", required=True) if batch else "",
        batch_param=batch.text("param", required=True) if batch else "",
        batch_size=batch.whole("size", 100) if batch else 100,
        where=entry.query("where"),
        observed_at=entry.query("observed_at"),
        facets=_facets(entry, service),
        joins=_joins(entry),
        level=entry.text("level"),
        aliases=entry.aliases("aliases"),
        fields=entry.fields("fields"),
        optional=entry.paths("optional"),
        defaults=entry.defaults("defaults"),
        volatile=entry.paths("volatile"),
        redact=entry.paths("redact"),
        source=entry.text("source"),
    )
    return _coherent(check, entry)


def _call(entry: Entry, service: str, known: tuple[str, ...], *, listing: bool = False) -> Call:
    entry.only(known)
    named = entry.text("service", service, required=not service)
    return Call(
        service=named,
        operation=entry.text("operation", required=True),
        params=entry.params("params"),
        select=entry.query("items" if "items" in known else "select", required=listing),
        absent=entry.texts("absent"),
        needs=entry.texts("needs", required=named not in _WITHOUT_PERMISSIONS),
        decode=entry.codecs("decode"),
    )


def _before(entry: Entry, service: str) -> Before:
    until = entry.map.get("until")
    if not isinstance(until, Map) or not until:
        raise entry.wrong("until", "'until' must map members to what they must be")
    call = _call(entry, service, _BEFORE_KEYS)
    return Before(call=call, until={key: str(value) for key, value in until.items()})


def _facets(entry: Entry, service: str) -> tuple[Facet, ...]:
    facets = []
    for name, inner in entry.entries("facets"):
        if not MEMBER.match(name):
            raise CheckError(f"{inner.map.place}: '{name}' is not a member's name")
        facets.append(Facet(name=name, call=_call(inner, service, _FACET_KEYS)))
    return tuple(facets)


def _joins(entry: Entry) -> tuple[Join, ...]:
    joins = []
    for name, inner in entry.entries("joins"):
        inner.only(_JOIN_KEYS)
        joins.append(
            Join(
                name=name,
                check=inner.text("check", required=True),
                local=inner.query("local", required=True),
                foreign=inner.query("foreign", required=True),
                many=inner.flag("many", default=True),
                ignore_case=inner.flag("ignore_case"),
            )
        )
    return tuple(joins)


def _coherent(check: Check, entry: Entry) -> Check:
    """What one document can contradict by itself."""
    facets = [facet.name for facet in check.facets]
    names = [*facets, *(join.name for join in check.joins)]
    for join in check.joins:
        if join.name in facets:
            raise entry.wrong("joins", f"'{join.name}' is a facet and a join")
        if re.split(r"[.\[|]", join.local)[0] in names:
            raise entry.wrong("joins", f"'{join.name}' is joined by a facet, which may be unread")
    if check.before and not check.list:
        raise entry.wrong("before", "'before' goes with 'list'")
    for text in [check.id, check.label, *check.keep.values()]:
        for path in places(text):
            if path.split(".")[0] in names:
                raise entry.wrong("id", f"'{{{path}}}' is a facet, which may be unread")
            if path.startswith("parent.") and not check.parent:
                raise entry.wrong("id", f"'{{{path}}}' without a 'parent'")
    if check.list is None and not check.facets:
        raise entry.wrong("facets", "a singleton has facets")
    return check


def _link(check: Check, checks: Mapping[str, Check], place: Place) -> None:
    """What depends on other documents: parents and joined checks."""
    seen = {check.name}
    other: Check | None = check
    while other and other.parent:
        if other.parent not in checks:
            raise CheckError(f"{place}: the parent {_unknown(other.parent, checks)}")
        other = checks[other.parent]
        if other.name in seen:
            raise CheckError(f"{place}: '{check.name}' is its own ancestor")
        seen.add(other.name)
        if other.scope is not check.scope or other.list is None:
            raise CheckError(f"{place}: the parent '{other.name}' has another scope or no listing")
    for join in check.joins:
        if join.check not in checks:
            raise CheckError(f"{place}: the join {_unknown(join.check, checks)}")
        if checks[join.check].list is None:
            raise CheckError(f"{place}: '{join.check}' has no listing to join")


def _unknown(name: str, checks: Mapping[str, Check]) -> str:
    return unknown_key(name, list(checks)).replace("unknown key", "names an unknown check")


_SUFFIXES = {".yaml", ".yml"}
_WITHOUT_PERMISSIONS = {"files"}
"""Services that no cloud grants anything for."""
_NAME = re.compile(r"[a-z][a-z0-9]*(\.[a-z][a-z0-9_]*){1,3}\Z")
_CHECK_KEYS = (
    *("doc", "source", "scope", "list", "singleton", "id", "label", "region", "optional"),
    *("defaults", "volatile", "redact", "facets", "joins", "parent", "keep", "item", "batch"),
    *("before", "where", "observed_at", "level", "fields", "aliases"),
)
_CALL_KEYS = ("service", "operation", "params", "needs", "decode", "absent")
_LIST_KEYS = (*_CALL_KEYS, "items")
_BATCH_KEYS = (*_CALL_KEYS, "items", "param", "size", "key")
_BEFORE_KEYS = ("service", "operation", "params", "needs", "until")
_JOIN_KEYS = ("check", "local", "foreign", "many", "ignore_case")
_FACET_KEYS = (*_CALL_KEYS, "select")
