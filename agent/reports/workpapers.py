"""Workpapers: a workbook (XLSX) for each control, and one of what is of no single control.

The same report gives the same bytes. Every sheet says by itself from which source it is, by which
query, when, how complete and how intact. No text becomes a formula, a link or a number.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # it ships no type information
from msgspec import Struct
from xlsxwriter.exceptions import FileCreateError  # type: ignore[import-untyped]  # as above

from agent import __version__
from agent.escape import is_formula, visible
from agent.reports.flat import hours
from agent.reports.model import HONEST, NOT_AN_OPINION, ControlResult, Report
from agent.reports.overall import overall
from agent.reports.tables import Cell, Population, Row, Table, preface, tables_of

MAX_ROWS = 1_048_576
"""Of a sheet (ECMA-376, Excel's limit)."""
MAX_TEXT = 32_767
"""Characters of a cell, by the same limit; a longer text is cut, and says so."""
_WIDTH = (10, 60)
"""Of columns, in characters: at least and at most."""


class Formats(Struct, frozen=True, kw_only=True):
    """How cells look."""

    head: Any
    label: Any
    text: Any
    quoted: Any
    """Of text that a spreadsheet would run if somebody typed it."""
    time: Any
    day: Any
    title: Any


def write_workpaper(
    path: Path,
    report: Report,
    control: ControlResult,
    population: Population,
    *,
    rows: int = MAX_ROWS,
) -> None:
    """Write the workbook of one control, with at most `rows` on a sheet.

    Raises `OSError`, `PopulationMoved`, `StoreError`.
    """
    cover = [
        ("Control", control.control.id),
        ("Statement", control.control.title),
        ("Owner", control.control.owner or "not named"),
        *((f"Criteria ({name})", ", ".join(ids)) for name, ids in control.control.criteria.items()),
        ("Result", control.sentence),
    ]
    title = f"Workpaper {control.control.id}"
    _write(path, report, title, cover, tables_of(report, [control], population), rows=rows)


def write_summary(path: Path, report: Report) -> None:
    """Write the workbook of what is of no single control. Raises `OSError`."""
    cover = [
        ("System", report.scope.description or report.scope.system or "not described"),
        ("Targets", ", ".join(report.targets)),
        ("Criteria", ", ".join(report.criteria)),
    ]
    _write(path, report, "Workpapers: the whole", cover, overall(report), rows=MAX_ROWS)


def _write(
    path: Path,
    report: Report,
    title: str,
    cover: Iterable[tuple[str, str]],
    tables: Iterable[Table],
    *,
    rows: int,
) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
                "tmpdir": folder,
            },
        )
        made_at = report.provenance.made_at.astimezone(UTC).replace(tzinfo=None)
        book.set_properties(
            {"title": visible(title), "author": f"Assay {__version__}", "created": made_at}
        )
        try:
            formats = _formats(book)
            _cover(book, formats, report, title, cover)
            for table in tables:
                _sheet(book, formats, report, table, rows)
            book.close()
        except FileCreateError as error:
            raise error.args[0] from None  # the `OSError` that it wraps
        finally:
            for sheet in book.worksheets():
                sheet.row_data_fh.close()  # which the library leaves open when it fails


def _formats(book: Any) -> Formats:
    def add(**how: Any) -> Any:
        return book.add_format({"valign": "top", "font_size": 10, **how})

    return Formats(
        head=add(bold=True, bg_color="#E7ECF2", bottom=1, text_wrap=True),
        label=add(bold=True),
        text=add(),
        quoted=add(quote_prefix=True),
        time=add(num_format="yyyy-mm-dd hh:mm:ss"),
        day=add(num_format="yyyy-mm-dd"),
        title=add(bold=True, font_size=14),
    )


def _cover(
    book: Any, formats: Formats, report: Report, title: str, lines: Iterable[tuple[str, str]]
) -> None:
    sheet = _page(book, "Cover", report)
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 110, book.add_format({"text_wrap": True}))
    sheet.write_string(0, 0, visible(title), formats.title)
    seal = report.seal
    told = (
        *preface(report),
        *lines,
        ("Log", f"{seal.origin}, {seal.size} entries, root {seal.root}"),
        ("Verifier key", seal.vkey),
        ("Checkpoint", seal.checkpoint),
        ("What this is", NOT_AN_OPINION),
        ("What the log proves", HONEST),
    )
    for number, (name, text) in enumerate(told, 2):
        sheet.write_string(number, 0, visible(name), formats.label)
        _put(formats, sheet.write_string, number, 1, text)


def _sheet(book: Any, formats: Formats, report: Report, table: Table, most: int) -> None:
    sheet = _page(book, table.name, report)
    rows = iter(table.rows)
    first: list[Row] = [row for _, row in zip(range(200), rows, strict=False)]
    for column, width in enumerate(_widths(table.columns, first)):
        sheet.set_column(column, column, width)
    number = 0
    for name, text in (*preface(report), ("Table", table.says)):
        sheet.write_string(number, 0, name, formats.label)
        _put(formats, sheet.write_string, number, 1, text)
        number += 1
    header = number + 1
    for column, name in enumerate(table.columns):
        sheet.write_string(header, column, name, formats.head)
    sheet.freeze_panes(header + 1, 0)
    sheet.repeat_rows(header)
    number = header
    left = 0
    for part in (first, rows):
        for row in part:
            if number >= most - 2:
                left += 1
                continue
            number += 1
            for column, cell in enumerate(row):
                _cell(formats, sheet, number, column, cell)
    if left:
        said = f"{left:,} further rows do not fit on a sheet; the CSV export has all of them."
        sheet.write_string(number + 1, 0, said, formats.label)
    sheet.autofilter(header, 0, max(number, header + 1), len(table.columns) - 1)


def _page(book: Any, name: str, report: Report) -> Any:
    """Add a sheet that prints on A4, with the log's root on every page."""
    sheet = book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.hide_gridlines(2)
    root = report.seal.root[:32]
    sheet.set_footer(f"&L&A&Croot {root} of {report.seal.size}&R&P / &N")
    return sheet


def _cell(formats: Formats, sheet: Any, row: int, column: int, cell: Cell) -> None:
    match cell:
        case None:
            return
        case bool():
            sheet.write_string(row, column, "yes" if cell else "no", formats.text)
        case str():
            _put(formats, sheet.write_string, row, column, cell)
        case datetime():
            naive = cell.astimezone(UTC).replace(tzinfo=None, microsecond=0)
            sheet.write_datetime(row, column, naive, formats.time)
        case date():
            sheet.write_datetime(row, column, cell, formats.day)
        case timedelta():
            sheet.write_number(row, column, hours(cell), formats.text)
        case _:
            sheet.write_number(row, column, cell, formats.text)


def _put(formats: Formats, write: Callable[..., Any], row: int, column: int, text: str) -> None:
    """Write text that may be anything; the library leaves out what is too long without a word."""
    shown = visible(text)
    if len(shown) > MAX_TEXT:
        said = f" [cut: {len(shown):,} characters]"
        shown = shown[: MAX_TEXT - len(said)] + said
    write(row, column, shown, formats.quoted if is_formula(shown) else formats.text)


def _widths(columns: tuple[str, ...], rows: Iterable[Row]) -> list[int]:
    """Fit columns to their first rows."""
    widths = [len(name) for name in columns]
    for row in rows:
        for column, cell in enumerate(row):
            size = 19 if isinstance(cell, datetime) else len(str(cell or ""))
            widths[column] = max(widths[column], size)
    low, high = _WIDTH
    return [math.ceil(min(high, max(low, width + 2))) for width in widths]
