"""The forms in which a period can be exported, and what is wrong when it cannot be.

ExportError            the folder cannot be written; the message says why
+- PopulationMoved     the evidence grew meanwhile (agent/reports/members.py)
"""

from __future__ import annotations

from enum import StrEnum


class ExportError(Exception):
    """A period cannot be exported; the message says why."""


class Form(StrEnum):
    """The forms of an export."""

    XLSX = "xlsx"
    """A workbook a control, and one of what is of none."""
    CSV = "csv"
    """A file a table, over all controls."""
    OSCAL = "oscal"
    """Assessment results and a component definition."""
    POAM = "poam"
    """A plan of action and milestones, in OSCAL."""
    OCSF = "ocsf"
    """Events of class 2003, one a line."""
    JSON = "json"
    """The whole report."""
