"""A rule document: parsed, in its shape, and able to say where each thing in it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from agent.rules.shape import first_mistake
from checks.yaml import Map, YamlError, find_place, parse_yaml


class RuleError(Exception):
    """A rule document is wrong; the message starts with `file:line:column`."""


class Document(Struct, frozen=True):
    """What was written in one file."""

    file: Path
    text: bytes
    keys: Map

    def error(self, message: str, *steps: str | int) -> RuleError:
        """Make the error of the thing at `steps`, such as `("require", 0, "that")`."""
        place = find_place(self.keys, steps) or f"{self.file}:1:1"
        return RuleError(f"{place}: {message}")


def read_document(file: Path, text: bytes | None = None) -> Document:
    """Read the document of `file`, or its `text` when that is at hand. Raises `RuleError`."""
    text = _read(file) if text is None else text
    keys = _parse(file, text)
    if not isinstance(keys, Map):
        raise RuleError(f"{file}:1:1: a rule is a mapping that begins with `id:`")
    document = Document(file, text, keys)
    if mistake := first_mistake(keys):
        steps, message = mistake
        raise document.error(message, *steps)
    return document


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise RuleError(f"{file}:1:1: cannot be read: {error.strerror}") from error


def _parse(file: Path, text: bytes) -> Any:
    try:
        return parse_yaml(text.decode("utf-8"), str(file))
    except UnicodeDecodeError as error:
        raise RuleError(f"{file}:1:1: is not UTF-8 text (byte {error.start})") from error
    except YamlError as error:
        raise RuleError(str(error)) from error
