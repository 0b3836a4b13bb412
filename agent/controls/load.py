"""Reads control documents: a mapping of control id to what it says, one file a subject.

The shipped library is `rules/controls/*.yaml`. An organisation's own file adds controls, replaces
the shipped one of the same id as a whole, or says of it `not_applicable: <why>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from agent.controls.document import Document, read_moment, same_name
from agent.controls.model import Cadence, Control, Manual
from agent.duration import parse_duration
from agent.rules.frameworks import SHIPPED as FRAMEWORKS
from agent.rules.frameworks import Framework
from agent.rules.params import suggest

SHIPPED = FRAMEWORKS.parent / "controls"


class Library(Struct, frozen=True, kw_only=True):
    """The controls in force."""

    controls: Mapping[str, Control]
    """By id, in the order of the files."""
    not_applicable: Mapping[str, str]
    """Shipped controls that the organisation leaves out, and why."""


def load_controls(
    paths: Iterable[Path], frameworks: Mapping[str, Framework], *, shipped: bool = True
) -> Library:
    """Read the shipped controls and those of `paths` (files or folders of *.yaml).

    Raises `DocumentError` on the first mistake.
    """
    library = _read_all([SHIPPED] if shipped else [], frameworks)
    left_out: dict[str, str] = {}
    own: dict[str, Control] = {}
    for document, name, written in _entries(paths):
        if isinstance(written, Mapping) and "not_applicable" in written:
            left_out[name] = _reason(document, name, written, library)
        else:
            own[name] = _once(own, document, name, _control(document, name, written, frameworks))
    controls = {
        name: control for name, control in {**library, **own}.items() if name not in left_out
    }
    return Library(controls=controls, not_applicable=left_out)


def _read_all(paths: Iterable[Path], frameworks: Mapping[str, Framework]) -> dict[str, Control]:
    found: dict[str, Control] = {}
    for document, name, written in _entries(paths):
        control = _control(document, name, written, frameworks)
        found[name] = _once(found, document, name, control)
    return found


def _entries(paths: Iterable[Path]) -> Iterator[tuple[Document, str, Any]]:
    for path in paths:
        for file in sorted(path.rglob("*.yaml")) if path.is_dir() else [path]:
            document = Document(file)
            for name, written in document.keys.items():
                yield document, name, written


def _once(known: Mapping[str, Control], document: Document, name: str, control: Control) -> Control:
    if name in known:
        raise document.error(f"'{name}' is defined already in {known[name].source}", name)
    return control


def _reason(
    document: Document, name: str, written: Mapping[str, Any], library: Mapping[str, Control]
) -> str:
    if name not in library:
        raise document.error(f"no shipped control is called '{name}'{suggest(name, library)}", name)
    reason = written["not_applicable"]
    if not isinstance(reason, str) or not reason.strip():
        raise document.error("say why it does not apply", name, "not_applicable")
    for key in written:
        if key != "not_applicable":
            raise document.error("`not_applicable` goes with no other key", name, key)
    return str(reason)


def _control(
    document: Document, name: str, written: Any, frameworks: Mapping[str, Framework]
) -> Control:
    if not _ID.fullmatch(name):
        raise document.error(f"'{name}' must be lower-case words joined by hyphens", name)
    if not isinstance(written, Mapping):
        raise document.error("a control is a mapping that begins with `title:`", name)
    for own in ("id", "source"):
        if own in written:
            raise document.error(
                f"unknown key '{own}'; the key of the mapping is the id", name, own
            )
    parts = dict(written)
    parts.update({"id": name, "source": str(document.file)})
    if "manual" in parts:
        parts["manual"] = _prepared(document, name, parts["manual"])
    control = document.typed(Control, parts, name)
    _check(document, control, frameworks)
    return control


def _prepared(document: Document, name: str, manual: Any) -> Any:
    """Turn durations and dates from how people write them."""
    if not isinstance(manual, Mapping):
        return manual
    parts = dict(manual)
    if "grace" in parts:
        try:
            parts["grace"] = parse_duration(str(parts["grace"]))
        except ValueError as error:
            raise document.error(str(error), name, "manual", "grace") from None
    if "since" in parts:
        try:
            parts["since"] = read_moment(parts["since"]).date()
        except ValueError as error:
            raise document.error(str(error), name, "manual", "since") from None
    return parts


def _check(document: Document, control: Control, frameworks: Mapping[str, Framework]) -> None:
    name = control.id
    if not control.rules and control.manual is None:
        message = "nothing proves it: give `rules`, `manual` or both"
        raise document.error(message, name)
    if not control.criteria:
        raise document.error("it serves no criterion", name, "criteria")
    for framework, ids in control.criteria.items():
        if framework not in frameworks:
            hint = suggest(framework, frameworks)
            raise document.error(f"unknown framework '{framework}'{hint}", name, "criteria")
        for index, criterion in enumerate(ids):
            if not frameworks[framework].has(criterion):
                hint = suggest(criterion, frameworks[framework].criteria)
                message = f"{frameworks[framework].title} has no '{criterion}'{hint}"
                raise document.error(message, name, "criteria", framework, index)
    _check_selectors(document, control, frameworks)
    if control.manual is not None:
        _check_manual(document, name, control.manual)


def _check_selectors(
    document: Document, control: Control, frameworks: Mapping[str, Framework]
) -> None:
    for key in ("rules", "without"):
        for index, selector in enumerate(getattr(control, key)):
            named, colon, criterion = selector.partition(":")
            if colon and (named not in frameworks or not frameworks[named].has(criterion)):
                message = f"'{selector}' is no criterion of a framework (`soc2:CC6.7`)"
                raise document.error(message, control.id, key, index)


def _check_manual(document: Document, name: str, manual: Manual) -> None:
    if same_name(manual.performer, manual.reviewer):
        message = "the reviewer must be another role than the performer"
        raise document.error(message, name, "manual", "reviewer")
    if not manual.attach:
        raise document.error("say what to attach", name, "manual", "attach")
    if (manual.cadence is Cadence.EVENT) != bool(manual.population):
        message = "`population` says where the events of `cadence: event` are listed"
        raise document.error(message, name, "manual", "population")


_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
