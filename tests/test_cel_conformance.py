"""The published vectors of cel-spec: each is agreed with, or its expression is refused at load.

The data are transcribed from the textproto files that each data file names as its source.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from agent.cel import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    MAP,
    STRING,
    TIMESTAMP,
    CelError,
    EvalError,
    Type,
    compile_expression,
    list_of,
)
from agent.cel.times import duration, timestamp
from agent.cel.values import equal

FOLDER = Path(__file__).parent / "data" / "cel" / "conformance"
TYPES = {
    "int": INT,
    "string": STRING,
    "bool": BOOL,
    "double": DOUBLE,
    "timestamp": TIMESTAMP,
    "duration": DURATION,
    "dyn": DYN,
}

# suite, section, agreed, refused at load: one line a section. Refused are unsigned ints, bytes,
# messages, type(), maps with keys that are not text, zones by name, nanoseconds, loops with two
# variables, the extension libraries, and what the type check knows to be an error.
COUNTS = {
    (suite, section): (int(agreed), int(refused))
    for suite, section, agreed, refused in (
        line.split("\t") for line in (FOLDER.parent / "conformance.tsv").read_text().splitlines()
    )
}
AGREED = 715
REFUSED = 851


def type_named(text: str) -> Type:
    if text.startswith("list("):
        return list_of(type_named(text[5:-1]))
    # a map with typed values could only be read with has(), which is not what the vectors test
    return MAP if text.startswith("map(") else TYPES[text]


def decoded(value: Any) -> Any:
    if isinstance(value, dict):
        if "$timestamp" in value:
            return timestamp(value["$timestamp"])
        if "$duration" in value:
            return duration(value["$duration"])
        return {key: decoded(part) for key, part in value.items()}
    return [decoded(part) for part in value] if isinstance(value, list) else value


def same(found: Any, wanted: Any) -> bool:
    if isinstance(found, float) and isinstance(wanted, float) and math.isnan(found):
        return math.isnan(wanted)
    return type(found) is type(wanted) and equal(found, wanted)


def outcome(vector: dict[str, Any]) -> str:
    types = {name: type_named(text) for name, text in vector.get("types", {}).items()}
    try:
        program = compile_expression(vector["expr"], types, DYN)
    except CelError:
        return "refused"
    values = {name: decoded(value) for name, value in vector.get("bindings", {}).items()}
    found = []
    for evaluate in (
        lambda: program(*(values[name] for name in types)),
        lambda: program.interpret(values),
    ):
        try:
            found.append(("value", evaluate()))
        except EvalError as error:
            found.append(("error", error))
    wanted = ("error", None) if "error" in vector else ("value", decoded(vector["value"]))
    agreed = all(
        kind == wanted[0] and (kind == "error" or same(value, wanted[1])) for kind, value in found
    )
    return "agreed" if agreed else f"WRONG: {vector['section']}/{vector['name']}: {found}"


def suites() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def test_every_suite_has_its_numbers():
    assert suites() == sorted({suite for suite, _ in COUNTS})


@pytest.mark.parametrize("suite", suites())
def test_each_vector_is_agreed_with_or_refused_at_load(suite):
    data = json.loads((FOLDER / f"{suite}.json").read_text())
    assert data["source"].startswith("https://github.com/google/cel-spec/")
    outcomes = Counter((vector["section"], outcome(vector)) for vector in data["vectors"])
    wrong = [name for _, name in outcomes if name.startswith("WRONG")]
    assert not wrong
    sections = {section for section, _ in outcomes}
    assert {
        (suite, section): (outcomes[section, "agreed"], outcomes[section, "refused"])
        for section in sections
    } == {key: counts for key, counts in COUNTS.items() if key[0] == suite}


def test_the_numbers_add_up_to_the_ones_that_the_project_states():
    agreed, refused = (sum(each) for each in zip(*COUNTS.values(), strict=True))
    assert (agreed, refused) == (AGREED, REFUSED)
