"""The frameworks whose criteria a rule can name: `rules/frameworks/<id>.yaml`.

A closed framework lists its criteria; of an open one only the pattern of its ids is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

import checks
from checks.yaml import YamlError, plain, read_yaml

SHIPPED = Path(checks.__file__).parent.parent / "rules" / "frameworks"


class FrameworkError(Exception):
    """A framework's document is wrong; the message starts with its place."""


class Criterion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One criterion of a closed framework."""

    title: str
    """In our own words."""
    reach: str = ""
    """`automatic`, `partly` or `manual`: how far a machine can see it."""


class Framework(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A set of criteria."""

    id: str
    title: str
    source: str = ""
    closed: bool
    criteria: Mapping[str, Criterion] = {}
    pattern: str = ""

    def has(self, criterion: str) -> bool:
        """Whether `criterion` can be an id of this framework."""
        if self.closed:
            return criterion in self.criteria
        return re.fullmatch(self.pattern, criterion) is not None


def load_frameworks(folders: Iterable[Path] = ()) -> dict[str, Framework]:
    """Read the shipped frameworks and those of `folders`. Raises `FrameworkError`."""
    found: dict[str, Framework] = {}
    for folder in dict.fromkeys((SHIPPED, *folders)):  # the shipped rules bring theirs again
        for file in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
            framework = _read(file)
            found[framework.id] = framework
    return found


def _read(file: Path) -> Framework:
    try:
        document: Any = plain(read_yaml(file))
        framework = msgspec.convert(document, Framework)
        re.compile(framework.pattern)
    except YamlError as error:
        raise FrameworkError(str(error)) from error
    except (msgspec.ValidationError, re.error) as error:
        raise FrameworkError(f"{file}:1:1: {error}") from error
    if framework.id != file.stem:
        raise FrameworkError(f"{file}:1:1: the id is '{framework.id}'; name the file so, or it so")
    return framework
