"""The proof that a rule document carries: its examples read, and the rule held against them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from agent.cel import DYN, Type
from agent.model import Outcome
from agent.rules.document import Document
from agent.rules.examples import NOW, failed_examples, uncovered_clauses
from agent.rules.params import ParamError, suggest, with_params
from agent.rules.rule import LISTING, Example, Rule
from checks.canonical import canonical
from checks.yaml import List, Map, Text, plain

REQUIRED = (Outcome.PASS, Outcome.FAIL, Outcome.ERROR)
"""Every rule shows at least one of each."""


def read_examples(document: Document, resource: Type) -> Iterator[Example]:
    """Read the examples, whose resources can have the fields of `resource` and no others.

    Raises `RuleError`.
    """
    written: List = document.keys["examples"]
    for index, example in enumerate(written):
        where = ("examples", index)
        _refuse_unknown_fields(document, example, resource, where)
        _refuse_unknown_unseen(document, example, resource, where)
        place = written.items_at[index]
        resources = example.get("resources", [example.get("resource")])
        yield Example(
            expect=Outcome(example["expect"]),
            resources=tuple(canonical(plain(each)) for each in resources),
            params=plain(example.get("params", {})),
            now=_moment(document, example["now"], where) if "now" in example else NOW,
            unseen=tuple(map(str, example.get("unseen", ()))),
            line=place.line,
            column=place.column,
        )


def verify_proof(document: Document, rule: Rule) -> None:
    """Hold a rule against its examples. Raises `RuleError` where one shows something else."""
    for expected in REQUIRED:
        if all(example.expect is not expected for example in rule.examples):
            raise document.error(f"an example with `expect: {expected}` is missing", "examples")
    for index, example in enumerate(rule.examples):
        try:
            with_params(rule, example.params)
        except ParamError as error:
            raise document.error(str(error), "examples", index, "params") from None
    failed = next(failed_examples(rule), None)
    if failed:
        number = int(failed.split(":", 1)[0].removeprefix("example "))
        raise document.error(failed, "examples", number - 1)
    clause = next(uncovered_clauses(rule), None)
    if clause is not None:
        message = "no failing example fails by this clause alone: add one, or drop the clause"
        raise document.error(message, "require", clause)


def _refuse_unknown_fields(
    document: Document, example: Map, resource: Type, where: tuple[str | int, ...]
) -> None:
    """Refuse a field that the resource cannot have: such an example shows nothing."""
    if "resource" in example:
        _refuse_unknown(document, example["resource"], resource, (*where, "resource"))
    for number, each in enumerate(example.get("resources", ())):
        _refuse_unknown(document, each, resource, (*where, "resources", number))


def _refuse_unknown(
    document: Document, value: Any, kind: Type, where: tuple[str | int, ...]
) -> None:
    if isinstance(value, Map) and kind.kind == "map":
        for name, inner in value.items():
            known = (kind.fields or {}).get(name, kind.element)
            if known is None:
                hint = suggest(name, kind.fields or {})
                raise document.error(f"unknown field '{name}'{hint}", *where, name)
            _refuse_unknown(document, inner, known, (*where, name))
    elif isinstance(value, list) and kind.element is not None:
        for index, inner in enumerate(value):
            _refuse_unknown(document, inner, kind.element, (*where, index))


def _refuse_unknown_unseen(
    document: Document, example: Map, resource: Type, where: tuple[str | int, ...]
) -> None:
    known = {LISTING: DYN, **(resource.fields or {})}
    for index, name in enumerate(example.get("unseen", ())):
        if name not in known:
            message = f"'{name}' is neither a facet nor `listing`{suggest(name, known)}"
            raise document.error(message, *where, "unseen", index)


def _moment(document: Document, text: Text, where: tuple[str | int, ...]) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        message = f"{text!r} is not a time such as 2026-06-01T00:00:00Z"
        raise document.error(message, *where, "now")
    return moment
