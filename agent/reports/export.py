"""Writes a report in a form that other tools read: files of a new folder, with their digests.

ExportError    the folder cannot be written; the message says why
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from agent.evidence.store import Store
from agent.reports.assessment import to_assessment
from agent.reports.component import to_component
from agent.reports.document import write_json
from agent.reports.flat import write_csv
from agent.reports.forms import ExportError, Form
from agent.reports.members import Members, open_members
from agent.reports.model import Report
from agent.reports.ocsf import write_ocsf
from agent.reports.oscal import write_oscal
from agent.reports.overall import overall
from agent.reports.poam import to_poam
from agent.reports.tables import preface, tables_of
from agent.reports.workpapers import write_summary, write_workpaper

SUMS = "SHA256SUMS"
"""Checked with `sha256sum -c SHA256SUMS`."""


class Exported(Struct, frozen=True, kw_only=True):
    """A file that was written."""

    name: str
    sha256: str
    """Hexadecimal."""
    size: int
    """Bytes."""


def write_export(store: Store, report: Report, form: Form, folder: Path) -> tuple[Exported, ...]:
    """Write the files of a form, all or none; a plan of action of nothing is no file, no folder.

    The folder must be new or empty. Raises `ExportError`, `StoreError`.
    """
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ExportError(f"{folder}: is there already; name a folder that is new or empty")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as name:
            part = Path(name) / "part"
            part.mkdir()
            with open_members(store, report) as members:
                _WRITERS[form](report, members, part)
            found = _seen(part)
            if found:
                sums = "".join(f"{each.sha256}  {each.name}\n" for each in found)
                (part / SUMS).write_text(sums)
                part.replace(folder)
    except OSError as error:
        raise ExportError(f"{folder}: cannot be written: {error.strerror}") from None
    return found


def _seen(folder: Path) -> tuple[Exported, ...]:
    found = []
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            digest = sha256()
            while block := file.read(1 << 20):
                digest.update(block)
        found.append(Exported(name=path.name, sha256=digest.hexdigest(), size=path.stat().st_size))
    return tuple(found)


def _xlsx(report: Report, members: Members, folder: Path) -> None:
    # ids of controls begin with a letter, so that none takes this name
    write_summary(folder / "00-summary.xlsx", report)
    for each in report.controls:
        write_workpaper(folder / f"{each.control.id}.xlsx", report, each, members.of)


def _csv(report: Report, members: Members, folder: Path) -> None:
    for table in (*overall(report), *tables_of(report, report.controls, members.of)):
        name = table.name.lower().replace(" ", "-")
        _lines(folder / f"{name}.csv", map(str.encode, write_csv(table, preface(report))))


def _oscal(report: Report, _: Members, folder: Path) -> None:
    _lines(folder / "assessment-results.json", [write_oscal(to_assessment(report))])
    _lines(folder / "component-definition.json", [write_oscal(to_component(report))])


def _poam(report: Report, _: Members, folder: Path) -> None:
    document = to_poam(report)
    if document is not None:
        _lines(folder / "poam.json", [write_oscal(document)])


def _ocsf(report: Report, members: Members, folder: Path) -> None:
    _lines(folder / "findings.ocsf.jsonl", write_ocsf(report, members.standing))


def _json(report: Report, _: Members, folder: Path) -> None:
    _lines(folder / "report.json", [write_json(report)])


def _lines(path: Path, parts: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        file.writelines(parts)


_WRITERS: Mapping[Form, Callable[[Report, Members, Path], None]] = {
    Form.XLSX: _xlsx,
    Form.CSV: _csv,
    Form.OSCAL: _oscal,
    Form.POAM: _poam,
    Form.OCSF: _ocsf,
    Form.JSON: _json,
}
