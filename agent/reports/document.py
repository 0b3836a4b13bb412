"""A report as JSON: all that its forms are written from, under the name of its version."""

from __future__ import annotations

from typing import Any

import msgspec

from agent.reports.model import Report

SCHEMA = "assay.report.v1"
"""Times are RFC 3339 in UTC, lengths ISO 8601 durations."""


def write_json(report: Report) -> bytes:
    """Write the report; the register stands once, and rules cite its entries by number."""
    return msgspec.json.format(msgspec.json.encode(to_document(report)), indent=1) + b"\n"


def to_document(report: Report) -> dict[str, Any]:
    """Make JSON values of the report."""
    document: dict[str, Any] = {"schema": SCHEMA, **msgspec.to_builtins(report)}
    for control in document["controls"]:
        for rule in control["rules"]:
            rule["register"] = [entry["number"] for entry in rule["register"]]
    return document
