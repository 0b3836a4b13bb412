"""The runbooks of the alerts as pages of the agent, so that whoever is woken needs no other site.

They are docs/runbooks, and of Markdown only what those use: headings, paragraphs, code, links.
Nothing of the store is read: its failure is what some of them are about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from msgspec import Struct

import agent

PLACES = (
    Path(agent.__file__).with_name("runbooks"),
    Path(agent.__file__).parents[1] / "docs/runbooks",
)
"""Where they are when installed, and in a checkout."""
_MARKED = re.compile(r"`([^`]+)`|\[([^\]]+)\]\(([^)]+)\)")


class Piece(Struct, frozen=True, kw_only=True):
    """Some words of a paragraph."""

    text: str
    is_code: bool = False
    runbook: str = ""
    """The runbook that they lead to."""


Paragraph = tuple[Piece, ...]


class Part(Struct, frozen=True, kw_only=True):
    """What stands under one heading."""

    heading: str
    paragraphs: tuple[Paragraph, ...]


class Runbook(Struct, frozen=True, kw_only=True):
    """What an alert means, and what to do."""

    name: str
    """The alert's."""
    parts: tuple[Part, ...]

    @property
    def meaning(self) -> Paragraph:
        """Say it in one paragraph."""
        return self.parts[0].paragraphs[0]


@cache
def runbooks() -> Mapping[str, Runbook]:
    """Give all of them by the alert's name."""
    folder = next(place for place in PLACES if place.is_dir())
    files = sorted(folder.glob("*.md"))
    return {file.stem: read_runbook(file.stem, file.read_text("utf-8")) for file in files}


def read_runbook(name: str, text: str) -> Runbook:
    """Read one: `# Alert`, then `## Heading` and paragraphs."""
    _, *sections = text.split("\n## ")
    return Runbook(name=name, parts=tuple(_part(section) for section in sections))


def _part(section: str) -> Part:
    heading, _, body = section.partition("\n")
    paragraphs = [" ".join(each.split()) for each in body.split("\n\n") if each.strip()]
    return Part(
        heading=heading.strip(),
        paragraphs=tuple(tuple(_pieces(paragraph)) for paragraph in paragraphs),
    )


def _pieces(paragraph: str) -> Iterator[Piece]:
    end = 0
    for found in _MARKED.finditer(paragraph):
        if found.start() > end:
            yield Piece(text=paragraph[end : found.start()])
        code, words, target = found.groups()
        yield Piece(text=code, is_code=True) if code else _link(words, target)
        end = found.end()
    if end < len(paragraph):
        yield Piece(text=paragraph[end:])


def _link(words: str, target: str) -> Piece:
    """Lead to another runbook; of the other documents, which are not served, say where they are."""
    if "/" not in target:
        return Piece(text=words, runbook=target.removesuffix(".md"))
    return Piece(text=f"{words} ({target.replace('../', 'docs/', 1)})")
