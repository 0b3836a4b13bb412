"""What all OSCAL documents of a report share: ids, words, properties, and where they are from.

OSCAL 1.2 (https://pages.nist.gov/OSCAL/). Ids are UUIDv5 of the log's origin and of what they
name, so that the same thing has the same id in every document of the same log. Text that was
observed is never markup: titles and descriptions escape it, properties show it as it is.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from agent import __version__
from agent.escape import visible
from agent.reports.model import HONEST, NOT_AN_OPINION, Report

VERSION = "1.2.1"
NAMESPACE = "urn:assay:oscal"
"""Of the properties that are ours."""
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#!|~^$&\"'])")
_TOKEN = re.compile(r"[^\w.-]", re.ASCII)
_ENHANCEMENT = re.compile(r"\((\d+)\)")

Object = dict[str, Any]


def write_oscal(document: Mapping[str, Any]) -> bytes:
    """Write a document; its members stay in their order."""
    return json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"


def make_id(report: Report, *parts: object) -> str:
    """Give the id of something in the log of the report."""
    return str(uuid5(_space(report), json.dumps([str(part) for part in parts])))


def metadata(report: Report, title: str) -> Object:
    """Say what the document is, of whom, and whatever an auditor asks first."""
    proof, organization = report.provenance, report.scope.organization
    return filled(
        {
            "title": title,
            "last-modified": rfc3339(proof.made_at),
            "version": rfc3339(proof.made_at),
            "oscal-version": VERSION,
            "props": [
                prop("source", proof.source),
                prop("query", proof.query),
                prop("completeness", proof.completeness),
                prop("integrity", proof.integrity),
            ],
            "parties": [
                {
                    "uuid": make_id(report, "party", organization),
                    "type": "organization",
                    "name": string(organization),
                }
            ]
            if organization
            else [],
            "remarks": f"{NOT_AN_OPINION} {HONEST}",
        }
    )


def log_resource(report: Report) -> Object:
    """Give the log as a resource: what every document cites as its evidence."""
    seal = report.seal
    return {
        "uuid": make_id(report, "log"),
        "title": "The sealed log",
        "description": "An RFC 6962 tree of everything that was scheduled, run, found and missed;"
        " its signed checkpoint is enclosed.",
        "props": [
            prop("origin", seal.origin),
            prop("size", seal.size),
            prop("root", seal.root or "none"),
            prop("verifier-key", seal.vkey),
            prop("verified", seal.verified or "not verified for this document"),
            prop("anchored", seal.anchored),
        ],
        "base64": {
            "filename": "checkpoint.txt",
            "media-type": "text/plain",
            "value": b64encode(seal.checkpoint.encode()).decode(),
        },
    }


def tool_component(report: Report) -> Object:
    """Give the tool that tested, as a component."""
    return {
        "uuid": make_id(report, "tool"),
        "type": "software",
        "title": "Assay",
        "description": "A policy-as-code agent for continuous control monitoring.",
        "props": [prop("version", __version__, ns="")],
        "status": {"state": "operational"},
    }


def origin(report: Report) -> list[Object]:
    """Say that it was the tool."""
    return [{"actors": [{"type": "tool", "actor-uuid": make_id(report, "tool")}]}]


def prop(name: str, value: object, *, ns: str = NAMESPACE) -> Object:
    """Give a property; `ns` is empty for those that OSCAL names."""
    return filled({"name": name, "ns": ns, "value": string(value)})


def string(value: object) -> str:
    """Write a value as OSCAL's string: one line, nothing around it, never empty."""
    return " ".join(visible(str(value)).split()) or "none"


def markup(text: str) -> str:
    """Write a text that was observed as OSCAL's markup that means it literally."""
    return _MARKUP.sub(r"\\\1", string(text))


def control_id(identifier: str, framework: str = "") -> str:
    """Write the id of a control or criterion as OSCAL's token.

    `AC-2(1)` of NIST SP 800-53 is `ac-2.1` in NIST's own catalog.
    """
    if framework.startswith("nist_800_53"):
        identifier = _ENHANCEMENT.sub(r".\1", identifier).lower()
    token = _TOKEN.sub("_", identifier)
    return token if token[:1].isalpha() else f"_{token}"


def filled(members: Mapping[str, Any]) -> Object:
    """Leave out what is empty: OSCAL knows no empty list or text."""
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}


def rfc3339(moment: datetime) -> str:
    """Write an instant in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def references(name: str, ids: Iterable[str]) -> list[Object]:
    """Give references of a kind (`observation-uuid`)."""
    return [{name: each} for each in ids]


def _space(report: Report) -> UUID:
    return uuid5(NAMESPACE_URL, f"{NAMESPACE}:{report.seal.origin}")
