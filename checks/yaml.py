"""Reads YAML strictly, and knows the line and column of everything it read.

Stricter than YAML is by itself: a key given twice is refused, as are anchors, aliases, tags and
second documents; `no`, `on`, `2026-01-01` and `0o17` stay the text that they are. Only `true`,
`false`, `null`, decimal numbers and what JSON knows become anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

DEPTH = 64
"""Levels of nesting that a document may have; beyond it is refused rather than recursed into."""

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\Z")
_FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


class YamlError(Exception):
    """A document cannot be read; the message starts with `file:line:column`."""


class Place(Struct, frozen=True):
    """Where something stands: `rules/aws/x.yaml:3:7` as text. Lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Text(str):
    """A string that knows where it stands; `inner` is the place of its first character."""

    __slots__ = ("inner", "lines", "place", "quote")

    place: Place
    inner: Place
    lines: list[str]
    """Of the whole document."""
    quote: str

    def place_of(self, offset: int) -> Place:
        """Find where the character at `offset` stands, though lines were folded or quotes doubled.

        White space is not counted, because folding changes it; after an escape that is longer than
        two characters the place is off by its length.
        """
        written = _written(self.lines, self.inner, self.quote)
        before = sum(1 for char in self[:offset] if not char.isspace())
        if self[offset:].strip():
            return next(islice(written, before, None), self.inner)
        last = next(islice(written, max(before - 1, 0), None), self.inner)
        return Place(last.file, last.line, last.column + 1)


class Map(dict[str, Any]):
    """A mapping that knows where it, its keys and its values stand."""

    __slots__ = ("keys_at", "place", "values_at")

    place: Place
    keys_at: dict[str, Place]
    values_at: dict[str, Place]


class List(list[Any]):
    """A list that knows where it and its elements stand."""

    __slots__ = ("items_at", "place")

    place: Place
    items_at: list[Place]


def read_yaml(path: Path) -> Any:
    """Read the one document of a file as `Map`, `List`, `Text`, int, float, bool and None."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise YamlError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise YamlError(f"{path}: is not UTF-8 text (byte {error.start})") from error
    return parse_yaml(text, str(path))


def parse_yaml(text: str, file: str) -> Any:
    """Read the one document of `text`; `file` is what places are called after."""
    # Of the loaders only the scanner and the parser are used. libyaml's are seven times faster;
    # what they refuse is read again by Python's own, for the same words on every machine.
    try:
        return _Composer(file, text).document(_events(text, _FAST))
    except yaml.YAMLError:
        pass
    try:
        return _Composer(file, text).document(_events(text, yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
        raise YamlError(f"{place}: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise YamlError(f"{Place(file, 1, 1)}: {' '.join(str(error).split())}") from error


def _events(text: str, loader: Any) -> list[Any]:
    return list(yaml.parse(text, Loader=loader))


def plain(value: Any) -> Any:
    """Give the same as plain dict, list and str, which know no place."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return str(value) if isinstance(value, str) else value


def find_place(document: Any, steps: Iterable[str | int]) -> Place | None:
    """Find where `("targets", 0, "role")` stands, or the nearest thing around it."""
    place: Place | None = getattr(document, "place", None)
    for step in steps:
        if isinstance(document, Map) and step in document:
            place, document = document.keys_at[str(step)], document[str(step)]
        elif isinstance(document, List) and isinstance(step, int) and step < len(document):
            place, document = document.items_at[step], document[step]
        else:
            break
    return place


def unknown_key(key: str, known: Iterator[str] | tuple[str, ...] | list[str]) -> str:
    """Say that `key` is not known, and what was probably meant."""
    close = get_close_matches(key, list(known), n=1, cutoff=0.6)
    hint = f"; did you mean '{close[0]}'?" if close else ""
    return f"unknown key '{key}'{hint}"


def _written(lines: list[str], start: Place, quote: str) -> Iterator[Place]:
    """Give the places of the visible characters of a text, a pair that stands for one as one."""
    pair = re.compile(r"\\\S|\S" if quote == '"' else r"''|\S" if quote == "'" else r"\S")
    column = start.column - 1
    for line in range(start.line, len(lines) + 1):  # pragma: no branch - no text outlasts its lines
        for found in pair.finditer(lines[line - 1], column):
            yield Place(start.file, line, found.start() + 1)
        column = 0


class _Composer:
    """Builds values out of the parser's events."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines = text.split("\n")
        self.events: Iterator[Any] = iter(())

    def document(self, events: list[Any]) -> Any:
        self.events = iter(events)
        value: Any = None
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise YamlError(f"{self.at(event)}: a file holds one document")
                value = self.value(next(self.events), 0)
        return value

    def at(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1)

    def value(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise YamlError(f"{self.at(event)}: anchors and aliases are not used here")
        if getattr(event, "tag", None):
            raise YamlError(f"{self.at(event)}: tags (!...) are not used here")
        if depth > DEPTH:
            raise YamlError(f"{self.at(event)}: nested more than {DEPTH} levels deep")
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(event, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(event, depth)
        return self.scalar(event)

    def mapping(self, start: Any, depth: int) -> Map:
        result = Map()
        result.place, result.keys_at, result.values_at = self.at(start), {}, {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            place = self.at(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise YamlError(f"{place}: a key must be text")
            self.value(event, depth)  # refuses an anchored or tagged key
            key = str(event.value)
            if key in result:
                raise YamlError(
                    f"{place}: the key '{key}' is given twice, first in line "
                    f"{result.keys_at[key].line}"
                )
            following = next(self.events)
            result.keys_at[key], result.values_at[key] = place, self.at(following)
            result[key] = self.value(following, depth + 1)
        return result

    def sequence(self, start: Any, depth: int) -> List:
        result = List()
        result.place, result.items_at = self.at(start), []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            result.items_at.append(self.at(event))
            result.append(self.value(event, depth + 1))
        return result

    def scalar(self, event: Any) -> Any:
        value = str(event.value)
        if not event.style:  # libyaml says '' of a plain scalar, Python's own None
            if value in _WORDS:
                return _WORDS[value]
            if _INT.match(value):
                return self.integer(event, value)
            if _FLOAT.match(value):
                return float(value)
        text = Text(value)
        text.place = self.at(event)
        text.inner = self.inner(event)
        text.lines, text.quote = self.lines, event.style or ""
        return text

    def integer(self, event: Any, value: str) -> int:
        number = int(value) if len(value) <= 20 else 1 << 64  # noqa: PLR2004  # 64 bits fit in 20
        if not -(1 << 63) <= number < 1 << 63:
            raise YamlError(f"{self.at(event)}: {value[:24]} does not fit 64 bits")
        return number

    def inner(self, event: Any) -> Place:
        """Where the first character stands: past a quote, or on a block's first line."""
        mark = event.start_mark
        if event.style in {"|", ">"}:
            for number in range(mark.line + 1, len(self.lines)):
                line = self.lines[number]
                if line.strip():
                    indent = len(line) - len(line.lstrip(" "))
                    return Place(self.file, number + 1, indent + 1)
        quoted = 1 if event.style in {"'", '"'} else 0
        return Place(self.file, mark.line + 1, mark.column + 1 + quoted)
