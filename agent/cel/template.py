"""Text with `{{expression}}` in it, checked when it is loaded."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from agent.cel.compile import compile_expression
from agent.cel.errors import CelError, EvalError, locate
from agent.cel.program import Program
from agent.cel.text import to_string
from agent.cel.types import DYN, Type
from agent.cel.values import Optional

_PLACE: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_SCALARS: Final = (str, bool, int, float, dt.datetime, dt.timedelta)
_LIST_SHOWN: Final = 20


class Template(Struct, frozen=True, kw_only=True):
    """Made by `compile_template`."""

    text: str
    reads: frozenset[str]
    parts: tuple[str | Program, ...]

    def render(self, values: Mapping[str, Any]) -> str:
        """Give the text with the values in place; never raises.

        What has no value shows as its source in «».
        """
        return "".join(
            [part if type(part) is str else _rendered(part, values) for part in self.parts]
        )


def compile_template(text: str, variables: Mapping[str, Type]) -> Template:
    """Give the template of `text`; CelError, placed in the text, if an expression is wrong."""
    parts: list[str | Program] = []
    end = 0
    for match in _PLACE.finditer(text):
        parts += [text[end : match.start()], _compiled(text, match, variables)]
        end = match.end()
    if (left := text.find("{{", end)) >= 0:
        line, column = locate(text, left)
        raise CelError("'{{' without '}}'", code="syntax", line=line, column=column)
    parts.append(text[end:])
    programs = [part for part in parts if isinstance(part, Program)]
    reads = frozenset[str]().union(*(program.reads for program in programs))
    return Template(text=text, reads=reads, parts=tuple(part for part in parts if part != ""))


def _compiled(text: str, match: re.Match[str], variables: Mapping[str, Type]) -> Program:
    try:
        return compile_expression(match[1], variables, DYN)
    except CelError as error:
        line, column = locate(text, match.start(1))
        error.column += column - 1 if error.line == 1 else 0
        error.line += line - 1
        raise


def _rendered(program: Any, values: Mapping[str, Any]) -> str:
    try:
        found = program(*map(values.__getitem__, program.names))
    except (EvalError, KeyError):
        return f"«{program.source.strip()}»"
    return found if type(found) is str else _shown(found)


def _shown(value: Any) -> str:
    if isinstance(value, Optional):
        return _shown(value.held[0]) if value.held else "none"
    if isinstance(value, _SCALARS):
        return to_string(value)
    if isinstance(value, list):
        more = ", ..." if len(value) > _LIST_SHOWN else ""
        return ", ".join(map(_shown, value[:_LIST_SHOWN])) + more
    return "null" if value is None else json.dumps(value, default=str, sort_keys=True)
