"""Workpapers and CSV: whole, the same bytes each time, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import timedelta
from hashlib import sha256

import msgspec
import openpyxl
import pytest
from evidence_world import HOUR, START, TARGET
from period_kit import DAY, good, live, period_world, report, run

from agent.reports.flat import PREFACE, write_csv
from agent.reports.members import PopulationMoved, open_members
from agent.reports.overall import overall
from agent.reports.tables import Table, preface, tables_of
from agent.reports.workpapers import write_summary, write_workpaper

HOSTILE = '=HYPERLINK("http://example.com")'
NAMES = (HOSTILE, "+1", "-1", "@SUM(1)", "\tx", "a\x07\u202eb", "001")
RULE = "aws-s3-encrypted"


@pytest.fixture(scope="module")
def period(tmp_path_factory):
    """Two days: a bucket of a hostile name fails for three hours, and another one goes."""

    def state(at):
        hour = (at - START) // HOUR
        found = good(*NAMES, *(["gone"] if hour < 24 else []))
        bad = {HOSTILE: "fail"} if 5 <= hour < 8 else {}
        return {**found, RULE: {**found[RULE], **bad}}

    with period_world(tmp_path_factory.mktemp("period")) as world:
        live(world, state, hours=48)
        yield world, report(world, 2)


def control_of(made, name=RULE):
    return next(each for each in made.controls if each.control.id == name)


def workbook(period, path, name=RULE, **limit):
    world, made = period
    with open_members(world.store, made) as members:
        write_workpaper(path, made, control_of(made, name), members.of, **limit)
    return openpyxl.load_workbook(path)


def cells(sheet):
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def body(sheet):
    rows = cells(sheet)
    head = next(number for number, row in enumerate(rows) if not any(row)) + 1
    names = rows[head]
    return [dict(zip(names, row, strict=True)) for row in rows[head + 1 :]]


def test_a_workbook_has_the_whole_population_of_its_control(period, tmp_path):
    book = workbook(period, tmp_path / "paper.xlsx")
    rows = body(book["Population"])
    assert len(rows) == len(NAMES) + 1
    ids = [row["Resource"] for row in rows]
    assert {row["Resource"]: row["At the end"] for row in rows}["gone"] == "not in it any more"
    assert [row["Failed in the period"] for row in rows if row["Resource"] == HOSTILE] == ["yes"]
    (result,) = body(book["Results"])
    raw = [name.replace("\u27e8U+0009\u27e9", "\t") for name in ids]
    raw = [name.replace("\u27e8U+0007\u27e9\u27e8U+202E\u27e9", "\x07\u202e") for name in raw]
    assert (result["Population"], result["Tests"], result["Deviated"]) == (8, 48, 1)
    listed = "".join(f"{name}\n" for name in sorted(raw))
    assert result["Population SHA-256"] == sha256(listed.encode()).hexdigest()


def test_a_workbook_lists_the_deviation_with_its_times(period, tmp_path):
    (row,) = body(workbook(period, tmp_path / "paper.xlsx")["Deviations"])
    assert (row["Number"], row["Resource"], row["Counts"], row["Ended by"]) == (
        1, HOSTILE, "yes", "pass",
    )  # fmt: skip
    assert row["First seen bad (UTC)"] == (START + timedelta(hours=5, minutes=2)).replace(
        tzinfo=None
    )
    assert row["Ended (UTC)"] == (START + timedelta(hours=8, minutes=2)).replace(tzinfo=None)
    assert row["At most (h)"] == pytest.approx(4.0333)


def test_every_sheet_says_source_query_time_completeness_and_integrity(period, tmp_path):
    made = period[1]
    book = workbook(period, tmp_path / "paper.xlsx")
    assert book.sheetnames == [
        "Cover", "Results", "Test", "Population", "Deviations", "Waivers", "Blind", "People",
        "Calendar", "Instance", "Rule text",
    ]  # fmt: skip
    for sheet in book:
        told = {row[0]: row[1] for row in cells(sheet)[:9]}
        for name, text in preface(made):
            assert told[name] == text, sheet.title
    assert f"root {made.seal.root}" in str(cells(book["Cover"]))


def test_no_text_is_a_formula_a_link_or_a_number(period, tmp_path):
    path = tmp_path / "paper.xlsx"
    book = workbook(period, path)
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            assert b"<f>" not in archive.read(name)
            assert b"<hyperlink" not in archive.read(name)
    types = {}
    for row in book["Population"].iter_rows():
        for cell in row:
            types[cell.value] = (cell.data_type, cell.quotePrefix)
    assert types[HOSTILE] == ("s", True)
    assert [types[each] for each in ("+1", "-1", "@SUM(1)")] == [("s", True)] * 3
    assert types["001"] == ("s", False)
    assert "a\u27e8U+0007\u27e9\u27e8U+202E\u27e9b" in types


def test_the_same_report_gives_the_same_bytes(period, tmp_path):
    paths = [tmp_path / "first" / "paper.xlsx", tmp_path / "second" / "paper.xlsx"]
    for path in paths:
        path.parent.mkdir()
        workbook(period, path)
        write_summary(path.with_name("whole.xlsx"), period[1])
        assert {each.name for each in path.parent.iterdir()} == {"paper.xlsx", "whole.xlsx"}
    for name in ("paper.xlsx", "whole.xlsx"):
        first, second = (path.with_name(name).read_bytes() for path in paths)
        assert first == second


def test_a_workbook_is_dated_by_its_report(period, tmp_path):
    made = period[1]
    book = workbook(period, tmp_path / "paper.xlsx")
    assert book.properties.created == made.provenance.made_at.replace(tzinfo=None)


def test_what_does_not_fit_in_a_cell_is_cut_and_says_so(period, tmp_path):
    world, made = period
    control = control_of(made)
    path = tmp_path / "long.xlsx"
    with open_members(world.store, made) as members:
        write_workpaper(path, made, _with_sentence(control, "x" * 40_000), members.of)
    told = {row[0]: row[1] for row in cells(openpyxl.load_workbook(path)["Cover"])}
    assert len(told["Result"]) == 32_767
    assert told["Result"].endswith("x [cut: 40,000 characters]")


def test_rows_beyond_a_sheet_are_counted(period, tmp_path):
    sheet = workbook(period, tmp_path / "paper.xlsx", rows=14)["Population"]
    said = "4 further rows do not fit on a sheet; the CSV export has all of them."
    assert cells(sheet)[-1][0] == said
    assert len(cells(sheet)) == 14


def test_a_workbook_that_cannot_be_written_is_an_error_of_the_system(period, tmp_path):
    path = tmp_path / "paper.xlsx"
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        write_summary(path, period[1])


def test_the_summary_ties_the_populations_out(period, tmp_path):
    path = tmp_path / "whole.xlsx"
    write_summary(path, period[1])
    book = openpyxl.load_workbook(path)
    sheets = ["Controls", "Gaps", "Changes", "Roll-forward", "Samples", "Tool"]
    assert book.sheetnames == ["Cover", *sheets]
    (row,) = body(book["Roll-forward"])
    assert (row["Joined"], row["Left"], row["At end"], row["Ties out"]) == (8, 1, 7, "yes")


def test_a_population_that_moved_meanwhile_is_refused(period, tmp_path):
    world, made = period
    with period_world(tmp_path) as other:
        live(other, lambda _: good("one"), hours=24)
        before = report(other, 1)
        run(other, START + 12 * HOUR + timedelta(minutes=7), good("one", "two"), slot=False)
        with open_members(other.store, before) as members, pytest.raises(PopulationMoved) as said:
            list(members.of(control_of(before).rules[0]))
    assert str(said.value) == (
        "aws-s3-encrypted: its population changed while it was written; export it again"
    )
    with open_members(world.store, made) as members:
        found = list(members.of(control_of(made).rules[0]))
    assert [each.resource for each in found] == sorted((*NAMES, "gone"))
    assert {each.target for each in found} == {TARGET}


def read(table, made):
    text = "".join(write_csv(table, preface(made)))
    rows = list(csv.reader(io.StringIO(text, newline="")))
    return rows[:PREFACE], rows[PREFACE], rows[PREFACE + 1 :]


def test_csv_has_the_same_rows_after_a_fixed_number_of_lines(period):
    world, made = period
    with open_members(world.store, made) as members:
        tables = {
            each.name: read(each, made)
            for each in (*tables_of(made, made.controls, members.of), *overall(made))
        }
    assert len(tables) == 16
    for name, (head, columns, rows) in tables.items():
        assert head[0] == ["About", "Acme / Shop"]
        assert head[3] == ["Made at (UTC)", "2026-01-03T00:00:00Z"]
        assert head[-2][1].startswith(f"{name}: ")
        assert head[-1] == []
        assert all(len(row) == len(columns) for row in rows), name
    _, columns, rows = tables["Deviations"]
    row = dict(zip(columns, rows[0], strict=True))
    assert row["Resource"] == "'" + HOSTILE
    assert row["First seen bad (UTC)"] == "2026-01-01T05:02:00Z"
    assert row["Allowed (h)"] == ""
    assert len(tables["Population"][2]) == 2 * (len(NAMES) + 1)


def test_no_cell_of_csv_is_a_formula(period):
    table = Table(name="T", says="x", columns=("=a",), rows=[(each,) for each in NAMES])
    _, columns, rows = read(table, period[1])
    for (cell,) in [columns, *rows]:
        assert cell[:1] not in {"=", "+", "-", "@", "\t", "\r"}
        assert cell.isprintable()


def test_rows_of_csv_hold_what_happened_in_a_moment_too(tmp_path):
    with period_world(tmp_path) as world:
        live(world, lambda _: good("one"), hours=24)
        made = report(world, 1, kind="type1", now=START + DAY)
        with open_members(world.store, made) as members:
            tables = {
                each.name: read(each, made) for each in tables_of(made, made.controls, members.of)
            }
    assert [row[:4] for row in tables["Population"][2]] == [
        [RULE, "one", TARGET, "pass"],
        ["aws-s3-logged", "one", TARGET, "pass"],
    ]


def _with_sentence(control, sentence):

    return msgspec.structs.replace(control, sentence=sentence)
