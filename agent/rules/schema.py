"""The shape of a rule document, as JSON Schema; what it means is in docs/rules.md."""

from __future__ import annotations

from typing import Any

DURATION = "^[1-9][0-9]{0,5}[smhdw]$"
_TEXT = {"type": "string", "minLength": 1}
_RESOURCE = {"type": "object"}

EXAMPLE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["expect"],
    "oneOf": [{"required": ["resource"]}, {"required": ["resources"]}],
    "properties": {
        "expect": {"enum": ["pass", "fail", "error", "not_applicable"]},
        "resource": _RESOURCE,
        "resources": {"type": "array", "items": _RESOURCE},
        "params": {"type": "object"},
        "now": _TEXT,
        "unseen": {"type": "array", "items": _TEXT},
    },
}

PARAM: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["type", "default"],
    "properties": {
        "type": {
            "enum": ["int", "double", "bool", "string", "duration", "list(string)", "list(int)"]
        },
        "default": {},
        "help": _TEXT,
        "min": {},
        "max": {},
        "values": {"type": "array"},
    },
}

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "A rule of Assay",
    "type": "object",
    "additionalProperties": False,
    "required": ["id", "title", "check", "severity", "every", "criteria", "message", "examples"],
    "properties": {
        "id": {"type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)+$"},
        "title": _TEXT,
        "check": _TEXT,
        "severity": {"enum": ["critical", "high", "medium", "low"]},
        "every": {"type": "string", "pattern": DURATION},
        "criteria": {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"type": "array", "minItems": 1, "items": {}},
        },
        "params": {"type": "object", "additionalProperties": PARAM},
        "each": {"type": "object", "minProperties": 1, "maxProperties": 1},
        "element": _TEXT,
        "when": _TEXT,
        "require": {
            "oneOf": [
                _TEXT,
                {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["that"],
                        "properties": {"that": _TEXT, "message": _TEXT},
                    },
                },
            ]
        },
        "message": _TEXT,
        "quantifier": {"enum": ["each", "any", "none"]},
        "per": {"enum": ["target", "region"]},
        "at_least": {"type": "integer", "minimum": 1, "maximum": 25},
        "deviation": {
            "oneOf": [
                {"const": "any"},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["within"],
                    "properties": {"within": {"type": "string", "pattern": DURATION}},
                },
            ]
        },
        "control": _TEXT,
        "owner": _TEXT,
        "rationale": _TEXT,
        "remediation": _TEXT,
        "examples": {"type": "array", "minItems": 3, "items": EXAMPLE},
    },
}
