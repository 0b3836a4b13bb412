"""Listings are harmless in a terminal, a spreadsheet and JSON."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.cli.output import (
    Format,
    Listing,
    printable,
    rfc3339,
    show,
    to_cell,
    to_csv,
    to_json,
)
from agent.escape import defused

ROWS = [{"id": "=cmd|' /C calc'!A0", "outcome": "fail", "at": datetime(2026, 11, 24, tzinfo=UTC)}]
LISTING = Listing(schema="assay.test.v1", columns=("id", "outcome"), rows=ROWS)


def test_json_names_its_schema_and_keeps_every_field():
    document = json.loads(to_json(LISTING))
    assert document["schema"] == "assay.test.v1"
    assert document["items"] == [
        {"id": "=cmd|' /C calc'!A0", "outcome": "fail", "at": "2026-11-24T00:00:00Z"}
    ]


def test_a_formula_in_csv_is_text():
    rows = list(csv.reader(io.StringIO(to_csv(LISTING))))
    assert rows == [["id", "outcome"], ["'=cmd|' /C calc'!A0", "fail"]]


@given(st.text())
def test_no_cell_starts_like_a_formula(text):
    assert defused(text)[:1] not in {"=", "+", "-", "@", "\t", "\r"}


@given(st.text())
def test_what_is_printed_cannot_move_the_cursor(text):
    assert all(c.isprintable() for c in printable(text))


def test_a_table_shows_columns_and_no_escape_sequence(capsys):
    rows = [{"id": "a\x1b[2Jb", "outcome": "pass"}]
    show(Listing(schema="assay.test.v1", columns=("id", "outcome"), rows=rows), Format.TABLE)
    out = capsys.readouterr().out
    assert out.splitlines()[0].split() == ["ID", "OUTCOME"]
    assert "a?[2Jb" in out
    assert "\x1b" not in out


def test_an_empty_table_says_so(capsys):
    empty = Listing(schema="assay.test.v1", columns=("id",), rows=[], empty="no gap")
    show(empty, Format.TABLE)
    assert capsys.readouterr().out == "no gap\n"


def test_a_long_id_is_never_cut(capsys):
    rows = [{"id": "x" * 400, "outcome": "pass"}]
    show(Listing(schema="assay.test.v1", columns=("id", "outcome"), rows=rows), Format.TABLE)
    assert "x" * 400 in capsys.readouterr().out


@pytest.mark.parametrize("hours", [0, 5, -8])
def test_times_are_shown_in_utc(hours):
    zone = timezone(timedelta(hours=hours))
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).astimezone(zone)
    assert rfc3339(moment) == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "yes"),
        (False, "no"),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00Z"),
        (["a", None, ("b", 1)], "a, , b, 1"),
        (1.5, "1.5"),
    ],
)
def test_a_cell_is_written_for_people(value, cell):
    assert to_cell(value) == cell


def test_json_has_times_bytes_sets_and_names_as_text():
    row = {"at": ROWS[0]["at"], "key": b"\x00\xff", "ids": {"b", "a"}, "file": Path("x/y")}
    written = json.loads(to_json(Listing(schema="assay.test.v1", columns=(), rows=[row])))
    assert written["items"] == [
        {"at": "2026-11-24T00:00:00Z", "key": "00ff", "ids": ["a", "b"], "file": "x/y"}
    ]
