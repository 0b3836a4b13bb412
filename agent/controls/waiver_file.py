"""Reads waivers: a mapping of a waiver's id to who accepts which failure, why and until when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from msgspec import Struct

from agent.cel import BOOL, DYN, STRING, Program
from agent.controls.document import Document, DocumentError, same_name
from agent.rules.document import RuleError
from agent.rules.expressions import Expressions
from agent.rules.params import suggest
from agent.waivers import Waiver
from checks.yaml import Text

LONGEST = timedelta(days=366)
"""A year: a failure that is accepted for longer is a change of the rule."""
VARIABLES = {"id": STRING, "region": STRING, "resource": DYN}


class _Written(Struct, kw_only=True, forbid_unknown_fields=True, rename={"since": "from"}):
    rule: str
    reason: str
    requested_by: str
    approved_by: str
    since: str
    until: str
    resources: tuple[str, ...] = ()
    where: str = ""
    ticket: str = ""


def load_waivers(paths: Iterable[Path], rules: Collection[str]) -> tuple[Waiver, ...]:
    """Read every waiver of `paths`, by id; `rules` are the ids that there are.

    Raises `DocumentError` on the first mistake.
    """
    found: dict[str, Waiver] = {}
    for path in paths:
        document = Document(path)
        for name, written in document.keys.items():
            if name in found:
                raise document.error(f"the waiver '{name}' is in another file already", name)
            found[name] = _waiver(document, name, written, rules)
    return tuple(found[name] for name in sorted(found))


def _waiver(document: Document, name: str, written: Any, rules: Collection[str]) -> Waiver:
    parts = document.typed(_Written, written, name)
    for key in ("reason", "requested_by", "approved_by"):
        if not getattr(parts, key).strip():
            raise document.error(f"`{key}` is empty", name, key)
    if parts.rule not in rules:
        hint = suggest(parts.rule, tuple(rules))
        raise document.error(f"there is no rule '{parts.rule}'{hint}", name, "rule")
    if same_name(parts.requested_by, parts.approved_by):
        message = "somebody else than who requests a waiver must approve it"
        raise document.error(message, name, "approved_by")
    if not parts.resources and not parts.where:
        raise document.error("say of what: `resources` (ids or globs), `where`, or both", name)
    since = document.day(parts.since, name, "from")
    until = document.day(parts.until, name, "until")
    if until <= since:
        raise document.error("`until` must be after `from`", name, "until")
    if until - since > LONGEST:
        raise document.error("a waiver lasts a year at most", name, "until")
    return Waiver(
        id=name,
        rule=parts.rule,
        resources=parts.resources,
        reason=parts.reason,
        requested_by=parts.requested_by,
        approved_by=parts.approved_by,
        since=since,
        until=until,
        ticket=parts.ticket,
        where=_where(written, document),
    )


def _where(written: Mapping[str, Any], document: Document) -> Program | None:
    source = written.get("where")
    if not source:
        return None
    if not isinstance(source, Text):
        raise document.error("an expression is expected", "where")
    try:
        return Expressions(VARIABLES).compile(source, BOOL)
    except RuleError as error:
        raise DocumentError(str(error)) from None
