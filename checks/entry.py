"""Reads the keys of one mapping of a check document: each of its kind, or a mistake with its place.

Every method gives the value of a key, or what stands for it when the key is not there, and raises
`CheckError` with file, line and column when the value is of another kind.
"""

from __future__ import annotations

import re
from typing import Any

from checks.decode import CODECS
from checks.fields import FieldError, read_field
from checks.model import CheckError
from checks.paths import PATH
from checks.query import QueryError, parse
from checks.template import TemplateError, places
from checks.yaml import Map, Text, unknown_key

MEMBER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
"""The name of a member."""


class Entry:
    """A mapping of a document, read key by key with the place of every mistake."""

    def __init__(self, given: Map) -> None:
        """Nothing is read yet."""
        self.map = given

    def only(self, known: tuple[str, ...]) -> None:
        """Refuse keys that are not `known`, with the one that was probably meant."""
        for key in self.map:
            if key not in known:
                raise CheckError(f"{self.map.keys_at[key]}: {unknown_key(key, known)}")

    def wrong(self, key: str, message: str) -> CheckError:
        """Give the error of a key's value, to be raised."""
        return CheckError(f"{self.map.values_at.get(key, self.map.place)}: {message}")

    def text(self, key: str, default: str = "", *, required: bool = False) -> str:
        """Text that is not blank."""
        if key not in self.map:
            if required:
                raise CheckError(f"{self.map.place}: '{key}' is missing")
            return default
        value = self.map[key]
        if not isinstance(value, Text) or not value.strip():
            raise self.wrong(key, f"'{key}' must be text")
        return str(value)

    def word(self, key: str, words: tuple[str, ...]) -> str:
        """One of `words`; it must be there."""
        word = self.text(key, required=True)
        if word not in words:
            raise self.wrong(key, f"'{key}' must be one of {', '.join(words)}")
        return word

    def flag(self, key: str, *, default: bool = False) -> bool:
        """True or false."""
        value = self.map.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, f"'{key}' must be true or false")
        return value

    def whole(self, key: str, default: int) -> int:
        """A whole number above 0."""
        value = self.map.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.wrong(key, f"'{key}' must be a whole number above 0")
        return value

    def template(self, key: str, *, required: bool = False) -> str:
        """Text with `{placeholders}`."""
        return str(self._templated(key, self.text(key, required=required)))

    def templates(self, key: str) -> dict[str, str]:
        """Name -> text with `{placeholders}`."""
        inner = self.entry(key) if key in self.map else None
        return {name: inner.template(name) for name in inner.map} if inner else {}

    def params(self, key: str) -> dict[str, Any]:
        """Name -> literal, or text with `{placeholders}`, at any depth."""
        if key not in self.map:
            return {}
        value = self._templated(key, self.entry(key).map)
        return {name: _plain(inner) for name, inner in value.items()}

    def query(self, key: str, *, required: bool = False) -> str:
        """A JMESPath."""
        text = self.text(key, required=required)
        if text:
            try:
                parse(text)
            except QueryError as error:
                raise self.wrong(key, f"'{key}' is not a JMESPath: {error}") from error
        return text

    def path(self, key: str) -> str:
        """A path of members."""
        text = self.text(key)
        if text and not PATH.fullmatch(text):
            raise self.wrong(key, f"'{text}' is not a path of members")
        return text

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A text or a list of texts."""
        value = self.map.get(key, [])
        given = [value] if isinstance(value, Text) else value
        if not isinstance(given, list) or not all(isinstance(one, Text) for one in given):
            raise self.wrong(key, f"'{key}' must be text or a list of texts")
        if required and not given:
            raise CheckError(f"{self.map.place}: '{key}' is missing")
        return tuple(str(one) for one in given)

    def paths(self, key: str) -> tuple[str, ...]:
        """A path of members or a list of such."""
        paths = self.texts(key)
        for path in paths:
            if not PATH.fullmatch(path):
                raise self.wrong(key, f"'{path}' is not a path of members")
        return paths

    def defaults(self, key: str) -> dict[str, Any]:
        """Path of a member -> any value."""
        inner = self.entry(key).map if key in self.map else Map()
        for path in inner:
            if not PATH.fullmatch(path):
                raise CheckError(f"{inner.keys_at[path]}: '{path}' is not a path of members")
        return {path: _plain(value) for path, value in inner.items()}

    def fields(self, key: str) -> dict[str, str]:
        """Path of a member -> how it looks, as `checks.fields` reads it."""
        inner = self.entry(key) if key in self.map else Entry(Map())
        for path in inner.map:
            if not PATH.fullmatch(path):
                raise CheckError(f"{inner.map.keys_at[path]}: '{path}' is not a path of members")
            try:
                read_field(inner.text(path, required=True))
            except FieldError as error:
                raise inner.wrong(path, str(error)) from error
        return {str(path): str(text) for path, text in inner.map.items()}

    def aliases(self, key: str) -> dict[str, str]:
        """Path of a member -> a member's name."""
        inner = self.entry(key) if key in self.map else Entry(Map())
        for path in inner.map:
            if not PATH.fullmatch(path) or not MEMBER.match(inner.text(path, required=True)):
                raise inner.wrong(path, f"'{path}' must map a path of members to a member's name")
        return {str(path): str(name) for path, name in inner.map.items()}

    def codecs(self, key: str) -> dict[str, str]:
        """Member -> codec; of a bare codec, `@` -> codec."""
        if key not in self.map:
            return {}
        if isinstance(self.map[key], Text):
            return {"@": self.word(key, tuple(CODECS))}
        inner = self.entry(key)
        return {path: inner.word(path, tuple(CODECS)) for path in inner.map}

    def entry(self, key: str) -> Entry:
        """A mapping; it must be there."""
        value = self.map.get(key)
        if not isinstance(value, Map):
            raise self.wrong(key, f"'{key}' must be a mapping")
        return Entry(value)

    def entries(self, key: str) -> list[tuple[str, Entry]]:
        """The mappings of a mapping, by name; none when it is not there."""
        if key not in self.map:
            return []
        inner = self.entry(key)
        return [(name, inner.entry(name)) for name in inner.map]

    def _templated(self, key: str, value: Any) -> Any:
        try:
            for path in places(value):
                if path.split(".")[0] == "parent" and "." not in path:
                    raise self.wrong(key, "'{parent}' needs a member: {parent.Name}")
        except TemplateError as error:
            raise self.wrong(key, str(error)) from error
        return value


def _plain(value: Any) -> Any:
    """`value` without the places, so that SDKs see nothing but strings, lists and mappings."""
    if isinstance(value, Map):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, Text) else value
