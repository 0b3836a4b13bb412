"""Fills `{member}` places in the texts of a check: ids, labels, parameters of calls.

`"{Name}"` alone gives the member's value with its type kept; among other text it gives the value
as text. `{{` and `}}` are braces. `{account}`, `{region}` and `{partition}` come from the target,
`{parent.Name}` from the parent; a member wins over none of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)*\Z")

NAMES = ("account", "region", "partition")
"""What a target gives to every template."""


class TemplateError(ValueError):
    """A template is malformed, or names a member that the resource lacks."""


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """Fill every text inside `template` (lists and mappings are walked)."""
    if isinstance(template, str):
        return _fill_text(template, values)
    if isinstance(template, Mapping):
        return {key: fill(value, values) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return [fill(value, values) for value in template]
    return template


def fill_text(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template whose result is an id or another non-empty text."""
    filled = _fill_text(template, values)
    if isinstance(filled, int) and not isinstance(filled, bool):
        filled = str(filled)
    if not isinstance(filled, str) or not filled:
        raise TemplateError(f"'{template}' gives no text")
    return filled


def places(template: Any) -> Iterator[str]:
    """Every member path named in `template`; raises `TemplateError` when it is malformed."""
    if isinstance(template, str):
        for match in _PART.finditer(template):
            if match[0] in {"{", "}"}:
                raise TemplateError(f"'{template}': a brace is not closed; write {{{{ for a brace")
            if match[1] is not None:
                if not _PATH.match(match[1]):
                    raise TemplateError(f"'{template}': '{match[1]}' is not a member's name")
                yield match[1]
    elif isinstance(template, Mapping):
        for value in template.values():
            yield from places(value)
    elif isinstance(template, list | tuple):
        for value in template:
            yield from places(value)


def _fill_text(template: str, values: Mapping[str, Any]) -> Any:
    if "{" not in template and "}" not in template:
        return template
    whole = _PART.fullmatch(template)
    if whole and whole[1] is not None:
        return _lookup(whole[1], values)
    return _PART.sub(lambda match: _text_of(match, values), template)


def _text_of(match: re.Match[str], values: Mapping[str, Any]) -> str:
    if match[1] is None:
        return match[0][0]
    value = _lookup(match[1], values)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TemplateError(f"'{match[1]}' is not text")
    return str(value)


def _lookup(path: str, values: Mapping[str, Any]) -> Any:
    value: Any = values
    for step in path.split("."):
        if not isinstance(value, Mapping) or step not in value:
            raise TemplateError(f"there is no '{path}'")
        value = value[step]
    return value
