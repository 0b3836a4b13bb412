"""Reads rule documents: YAML in, `Rule` out, every mistake with file, line and column.

A rule that loads is right: its document has the shape of `agent.rules.schema`, its expressions fit
the resources of its check, its criteria exist, its examples give the outcomes that they say, and
each clause of `require` alone decides some failing example.

    RuleError    the first mistake, in one line
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from agent.cel import Type, from_json_schema
from agent.rules.document import RuleError, read_document
from agent.rules.frameworks import FrameworkError, load_frameworks
from agent.rules.reader import RuleReader
from agent.rules.rule import Rule
from checks.model import Check

__all__ = ["RuleError", "load_rules", "read_rule"]

APART = frozenset({"frameworks", "controls"})
"""Folders among the rules that hold other documents."""
SchemaOf = Callable[[Check, Mapping[str, Check]], Mapping[str, Any]]


def load_rules(
    paths: Iterable[Path], checks: Mapping[str, Check], schema_of: SchemaOf
) -> dict[str, Rule]:
    """Read every rule of `paths` (files, or folders searched for *.yaml), by id.

    `schema_of(check, checks)` says how the resources of a check look. Raises `RuleError`.
    """
    roots = list(paths)
    try:
        frameworks = load_frameworks(root / "frameworks" for root in roots)
    except FrameworkError as error:
        raise RuleError(str(error)) from error
    # The rules of a check lie together, and the types of all checks would be tens of megabytes.
    resource_of = lru_cache(maxsize=2)(
        lambda check: from_json_schema(schema_of(checks[check], checks))
    )
    found: dict[str, Rule] = {}
    for file in _files(roots):
        rule = RuleReader(read_document(file), checks, frameworks, resource_of).rule()
        if rule.id in found:
            raise RuleError(f"{file}:1:1: '{rule.id}' is defined already in {found[rule.id].path}")
        found[rule.id] = rule
    return dict(sorted(found.items()))


def read_rule(text: bytes, file: Path, checks: Mapping[str, Check], schema_of: SchemaOf) -> Rule:
    """Read one rule from the bytes of its document, as replay does. Raises `RuleError`."""
    resource_of: Callable[[str], Type] = lambda check: from_json_schema(  # noqa: E731 - one use
        schema_of(checks[check], checks)
    )
    return RuleReader(read_document(file, text), checks, None, resource_of).rule()


def _files(roots: Iterable[Path]) -> Iterator[Path]:
    for root in roots:
        if root.is_dir():
            for path in sorted(root.rglob("*.yaml")):
                if not APART & set(path.relative_to(root).parts[:-1]):
                    yield path
        elif root.exists():
            yield root
        else:
            raise RuleError(f"{root}:1:1: there is no such file or folder")
