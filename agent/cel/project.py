"""Keeps of some values only what an expression read: enough to evaluate it again, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agent.cel.paths import split


class _Wanted:
    """One step of the paths: all of the value, or some of its fields, or parts of each element."""

    __slots__ = ("element", "fields", "whole")

    def __init__(self) -> None:
        self.whole = False
        self.fields: dict[str, _Wanted] = {}
        self.element: _Wanted | None = None


def project(reads: Iterable[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Give the parts of `values` (by variable) on the paths of `reads`.

    Evaluating on the result has the same outcome: a field that is missing stays missing, a list
    keeps its length and the positions of its elements, a value on the way keeps its type.
    """
    root = _Wanted()
    for path in reads:
        _add(root, path)
    return {
        name: _part(values[name], wanted) for name, wanted in root.fields.items() if name in values
    }


def _add(root: _Wanted, path: str) -> None:
    here = root
    for name in split(path):
        if name is None:
            here.element = here.element or _Wanted()
            here = here.element
        else:
            here = here.fields.setdefault(name, _Wanted())
    here.whole = True


def _part(value: Any, wanted: _Wanted) -> Any:
    if wanted.whole:
        return value
    if isinstance(value, dict):
        # a loop over a map, or a key that is computed: any of its entries may have been read
        if wanted.element is not None:
            return value
        return {
            name: _part(value[name], part) for name, part in wanted.fields.items() if name in value
        }
    if isinstance(value, list):
        if wanted.element is None:
            return []
        return [_part(each, wanted.element) for each in value]
    return value
