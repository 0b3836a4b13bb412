"""Every control and resource type of the catalogue of AWS is here, under its name or another.

The catalogue is not part of the repository: without it beside, only our own tables are checked.
`tests/data/catalogue/*.tsv`: the catalogue's id, ours, and why they differ.
"""

import json
import pkgutil
from functools import cache
from importlib import import_module
from pathlib import Path

import moto_cases
import pytest
from moto_cases import Case
from rule_kit import CHECKS, ROOT, shipped

CATALOGUE = ROOT.parent / "shared" / "catalogue" / "catalogue.json"
TABLES = Path(__file__).parent / "data" / "catalogue"
beside = pytest.mark.skipif(not CATALOGUE.exists(), reason="the catalogue is not beside the repo")


@cache
def catalogue():
    return json.loads(CATALOGUE.read_text())


def rows(*names):
    lines = [line for name in names for line in (TABLES / name).read_text().splitlines()]
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


@cache
def ours():
    """The catalogue's id of a control -> the id of our rule, where they differ."""
    tables = [path.name for path in sorted(TABLES.glob("*.tsv")) if path.name != "types.tsv"]
    return {row[0]: row[1] for row in rows(*tables)}


def proven_on_moto():
    cases = [
        case
        for module in pkgutil.iter_modules(moto_cases.__path__)
        for case in import_module(f"moto_cases.{module.name}").CASES
    ]
    return {case.rule for case in cases if isinstance(case, Case)}


@pytest.mark.parametrize("path", sorted(TABLES.glob("*.tsv")), ids=lambda path: path.stem)
def test_a_table_names_each_once_and_what_exists(path):
    table = rows(path.name)
    assert [row for row in table if len(row) != 3] == []
    assert len({row[0] for row in table}) == len(table)
    there = CHECKS if path.stem == "types" else shipped()
    assert [row[1] for row in table if row[1] not in there] == []


def test_no_two_tables_name_the_same_control():
    tables = [path for path in TABLES.glob("*.tsv") if path.stem != "types"]
    assert sum(len(rows(path.name)) for path in tables) == len(ours())


@beside
def test_every_control_of_the_catalogue_has_a_rule():
    controls = [control["id"] for control in catalogue()["controls"]]
    assert len(controls) == 283
    assert [name for name in controls if ours().get(name, name) not in shipped()] == []
    assert set(ours()) <= set(controls)


@beside
def test_every_resource_type_of_the_catalogue_has_a_check():
    types = catalogue()["resource_types"]
    assert len(types) == 104
    renamed = {row[0]: row[1] for row in rows("types.tsv")}
    assert [name for name in types if renamed.get(name, name) not in CHECKS] == []
    assert set(renamed) <= set(types)


@beside
def test_what_moto_can_show_is_shown_on_moto():
    """Both states made by calls; the cases say where the clock, or a single call, is pretended."""
    real = proven_on_moto()
    can = [control["id"] for control in catalogue()["controls"] if control["moto"] == "yes"]
    assert len(can) == 248
    assert [name for name in can if ours().get(name, name) not in real] == []
