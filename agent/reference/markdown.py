"""Markdown in which text stays text. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

WRITTEN = "<!-- Written by `make docs` from the checks and rules; edit those. -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table; cells are Markdown already."""
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return lines + [f"| {' | '.join(row)} |" for row in rows]


def prose(text: str) -> str:
    """Words of ours, in which only `code` has a meaning."""
    return " ".join(text.split()).replace("<", "&lt;").replace("*", "\\*").replace("|", "\\|")


def code(text: str) -> str:
    """An expression in a line or cell."""
    inline = " ".join(text.split())
    ticks = "``" if "`" in inline else "`"
    return f"{ticks}{inline}{ticks}".replace("|", "\\|")


def block(text: str, language: str = "") -> list[str]:
    """Lines that are shown as they are."""
    return [f"```{language}", *text.strip("\n").split("\n"), "```"]


def value(of: Any) -> str:
    """A JSON value in a cell."""
    return code(json.dumps(of, ensure_ascii=False))


def codes(names: Iterable[str]) -> str:
    """Names, each as code."""
    return ", ".join(code(name) for name in names)


def anchor(heading: str) -> str:
    """The address of a heading on its page, as GitHub and GitLab make it."""
    return "".join(c for c in heading.lower().replace(" ", "-") if c.isalnum() or c in "-_")
