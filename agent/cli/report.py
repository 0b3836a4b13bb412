"""`assay report ...`: what an auditor is handed of a moment or a period."""

from __future__ import annotations

import sys
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.exits import CommandError, Exit
from agent.cli.output import rfc3339
from agent.cli.progress import progress_bar
from agent.cli.times import read_time

if TYPE_CHECKING:
    from agent.config import Settings
    from agent.reports.model import Report
    from agent.reports.question import Question

app = typer.Typer(
    help="Reports: readiness, type1, type2. Management's evidence, not an opinion.",
    no_args_is_help=True,
)


class Form(StrEnum):
    """How a report is written."""

    HTML = "html"
    JSON = "json"


OUT = Annotated[Path, typer.Option("--out", "-o", help="The folder to write to.")]
FORM = Annotated[Form, typer.Option("--format", "-f", help="How to write it.")]
AT = Annotated[str, typer.Option("--at", help="The moment, UTC; default: now.")]
VERIFY = Annotated[
    bool, typer.Option("--verify/--no-verify", help="Check every byte of the evidence first.")
]
RESPONSES = Annotated[
    Path | None,
    typer.Option("--responses", help="Management's responses to deviations (docs/reports.md)."),
]


@app.command("readiness")
def readiness(
    context: typer.Context,
    at: AT = "now",
    out: OUT = Path(),
    form: FORM = Form.HTML,
    verify: VERIFY = True,
) -> int:
    """Write how far each criterion is: designed, in place, one clean operation, failing now.

    Exit code: 0 written, 1 written and the evidence does not verify.
    """
    return _make(context, "readiness", (at, at), out, form, verify=verify)


@app.command("type1")
def type1(
    context: typer.Context,
    at: AT = "now",
    out: OUT = Path(),
    form: FORM = Form.HTML,
    responses: RESPONSES = None,
    verify: VERIFY = True,
) -> int:
    """Write the design of every control, and its state at a moment.

    Exit code: 0 written, 1 written and the evidence does not verify.
    """
    return _make(context, "type1", (at, at), out, form, verify=verify, responses=responses)


@app.command("type2")
def type2(
    context: typer.Context,
    start: Annotated[str, typer.Option("--from", help="Start of the period, UTC.")],
    to: Annotated[str, typer.Option("--to", help="End of the period, UTC, not in it.")] = "now",
    out: OUT = Path(),
    form: FORM = Form.HTML,
    responses: RESPONSES = None,
    verify: VERIFY = True,
) -> int:
    """Write how every control operated through a period.

    Exit code: 0 written, 1 written and the evidence does not verify.
    """
    return _make(context, "type2", (start, to), out, form, verify=verify, responses=responses)


def _make(
    context: typer.Context,
    kind: str,
    period: tuple[str, str],
    out: Path,
    form: Form,
    *,
    verify: bool,
    responses: Path | None = None,
) -> int:
    from agent.config import load_settings
    from agent.home import open_store
    from agent.reports.answers import load_answers
    from agent.reports.ask import ask
    from agent.reports.gather import gather
    from agent.reports.question import Kind
    from agent.run import CLOCK

    now = CLOCK.now()
    start, end = (now if text == "now" else read_time(text) for text in period)
    if Kind(kind) is Kind.TYPE2 and not start < min(end, now):
        raise CommandError("--from must be before --to, and in the past")
    settings = load_settings(context.obj)
    answers = load_answers(responses) if responses else ()
    with open_store(settings) as store:
        question = ask(
            settings, Kind(kind), start, end, made_at=now, answers=answers, verify=verify
        )
        with progress_bar() as progress:
            report = gather(store, question, progress)
    path = _write(report, out, form)
    _record(settings, question, report, path)
    sys.stdout.write(f"{path}: {_told(report)}\n")
    return Exit.FAIL if report.seal.wrong else Exit.PASS


def _write(report: Report, out: Path, form: Form) -> Path:
    """Write the file, whole or not at all."""
    from agent.reports.document import write_json
    from agent.reports.html import write_html

    end = f"{report.end:%Y-%m-%d}"
    name = end if report.start == report.end else f"{report.start:%Y-%m-%d}-to-{end}"
    path = out / f"{report.kind}-{name}.{form}"
    part = path.with_name(f"{path.name}.part")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            if form is Form.JSON:
                file.write(write_json(report))
            else:
                file.writelines(piece.encode() for piece in write_html(report))
        part.rename(path)
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror}") from None
    return path


def _record(settings: Settings, question: Question, report: Report, path: Path) -> None:
    """Seal that the report was made, of what, and its digest."""
    from agent.evidence.entry import Kind as Entry
    from agent.inbox import seal

    data = path.read_bytes()
    body = {
        "what": f"report {report.kind}",
        "from": rfc3339(report.start),
        "to": rfc3339(report.end),
        "targets": list(question.scope.targets),
        "log": {"size": report.seal.size, "root": report.seal.root},
        "files": [{"name": path.name, "sha256": sha256(data).hexdigest(), "size": len(data)}],
    }
    seal(settings, Entry.EXPORT, body, question.made_at)


def _told(report: Report) -> str:
    count = len(report.controls)
    counted = sum(each.counts for each in report.register)
    said = f"{count} controls, {report.provenance.completeness}"
    if report.kind == "type2":
        said += f"; {counted} deviations, {len(report.register) - counted} mended in time"
    return f"{said}; log {report.seal.verified or 'not verified'}, {report.seal.anchored}"
