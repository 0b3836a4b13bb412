"""What management says of deviations: a file, reviewed like code.

responses:
- rule: aws-s3-bucket-encryption
resource: arn:aws:s3:::logs        # left out: of all resources of the rule
start: 2026-03-01T08:02:00Z        # left out: of all its deviations
by: Eva Lind
at: 2026-03-10
text: The bucket was made by hand during the incident of 1 March.
cause: Change outside the pipeline.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from agent.controls.document import Document
from agent.reports.model import Response
from agent.reports.register import Answer


class _Written(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rule: str
    by: str
    at: str
    text: str
    resource: str = ""
    start: str = ""
    cause: str = ""


def load_answers(path: Path) -> tuple[Answer, ...]:
    """Read a file of responses. Raises `DocumentError`."""
    document = Document(path)
    for key in document.keys:
        if key != "responses":
            raise document.error(f"unknown key '{key}'; there is `responses`", key)
    listed = document.keys.get("responses", [])
    if not isinstance(listed, list):
        raise document.error("a list is expected", "responses")
    return tuple(_answer(document, index, each) for index, each in enumerate(listed))


def _answer(document: Document, index: int, value: Any) -> Answer:
    where = ("responses", index)
    if isinstance(value, Mapping):  # a date without quotes is text here as well
        value = {name: part if isinstance(part, str) else str(part) for name, part in value.items()}
    written = document.typed(_Written, value, *where)
    for name in ("by", "text"):
        if not getattr(written, name).strip():
            raise document.error("is empty", *where, name)
    at = document.day(written.at, *where, "at")
    start: datetime | None = None
    if written.start:
        start = document.day(written.start, *where, "start")
    response = Response(by=written.by, at=at, text=written.text, cause=written.cause)
    return Answer(rule=written.rule, resource=written.resource, start=start, response=response)
