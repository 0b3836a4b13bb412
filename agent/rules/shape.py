"""Whether a rule document has its shape, and in one line what is wrong where it has not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from agent.rules.params import suggest
from agent.rules.schema import DURATION as DURATION_TEXT
from agent.rules.schema import SCHEMA
from checks.yaml import unknown_key

_VALIDATOR = Draft202012Validator(SCHEMA)


def first_mistake(document: Any) -> tuple[list[str | int], str] | None:
    """Give the steps to the first thing that is out of shape, and what is wrong with it."""
    error = best_match(_VALIDATOR.iter_errors(document))
    if error is None:
        return None
    steps = list(error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = list(error.schema["properties"])
        key = next(key for key in error.instance if key not in known)
        return [*steps, key], unknown_key(key, known)
    return steps, _said(error, steps)


_SAID: Mapping[str, Callable[[Any, Any], str]] = {
    "required": lambda value, names: f"`{next(n for n in names if n not in value)}` is missing",
    "enum": lambda value, words: (
        f"'{value}' is not one of {', '.join(words)}{suggest(str(value), tuple(words))}"
    ),
    "pattern": lambda value, pattern: (
        f"'{value}' is not a duration such as 15m, 1h or 7d"
        if pattern == DURATION_TEXT
        else f"'{value}' must be lower-case words joined by hyphens"
    ),
    "minimum": lambda value, least: f"{value} is below {least}",
    "maximum": lambda value, most: f"{value} is above {most}",
    "minItems": lambda _, least: f"at least {least} are expected",
    "minProperties": lambda *_: "is empty",
    "maxProperties": lambda *_: "one variable is expected",
    "type": lambda _, kind: f"a value of type {kind} is expected",
}
"""Word of JSON Schema -> what to say of a value that breaks it."""
_SAID_OF = {
    "require": "an expression, or a list of {that, message}, is expected",
    "examples": "give either `resource` or `resources`",
    "deviation": "`any` or {within: 7d} is expected",
}
"""Key of the document -> what to say when its value has none of the shapes that it may have."""


def _said(error: Any, steps: list[str | int]) -> str:
    what = ".".join(map(str, steps)) or "the rule"
    if error.validator == "oneOf":
        return f"{what}: {_SAID_OF.get(str(steps[0]), error.message)}"
    say = _SAID.get(error.validator)
    return f"{what}: {say(error.instance, error.validator_value) if say else error.message}"
