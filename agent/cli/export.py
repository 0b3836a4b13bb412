"""`assay evidence export`: a period in the forms that auditors' and other tools read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.exits import CommandError, Exit
from agent.cli.output import rfc3339
from agent.cli.progress import progress_bar
from agent.cli.times import read_time
from agent.reports.forms import Form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from agent.config import Settings
    from agent.reports.export import Exported
    from agent.reports.model import Report


def export(
    context: typer.Context,
    form: Annotated[Form, typer.Option("--format", "-f", help="The form to write.")],
    start: Annotated[str, typer.Option("--from", help="Start of the period, UTC.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to make; new or empty.")],
    to: Annotated[str, typer.Option("--to", help="End of the period, UTC, not in it.")] = "now",
    responses: Annotated[
        Path | None,
        typer.Option("--responses", help="Management's responses to deviations."),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify/--no-verify", help="Check every byte of the evidence first.")
    ] = True,
) -> int:
    """Write a period as workpapers, tables, OSCAL, a plan of action, OCSF events or JSON.

    It is an entry of the log, with the digest of every file; SHA256SUMS in the folder has them too.
    Exit code: 0 written, 1 written and the evidence does not verify.
    """
    from agent.config import load_settings
    from agent.home import open_store
    from agent.reports.answers import load_answers
    from agent.reports.ask import ask
    from agent.reports.export import write_export
    from agent.reports.gather import gather
    from agent.reports.question import Kind
    from agent.run import CLOCK

    now = CLOCK.now()
    low, high = read_time(start), min(read_time(to), now)
    if low >= high:
        raise CommandError("--from must be before --to, and in the past")
    settings = load_settings(context.obj)
    answers = load_answers(responses) if responses else ()
    with open_store(settings) as store:
        question = ask(settings, Kind.TYPE2, low, high, made_at=now, answers=answers, verify=verify)
        with progress_bar() as progress:
            report = gather(store, question, progress)
            progress(0, 1, "writing the files")
            files = write_export(store, report, form, out)
    sys.stdout.write(f"{out}: {_told(report, form, files)}\n")
    if files:
        _record(settings, report, form, files)
    return Exit.FAIL if report.seal.wrong else Exit.PASS


def _record(settings: Settings, report: Report, form: Form, files: Sequence[Exported]) -> None:
    """Seal that it was made, of what, and the digest of every file."""
    import msgspec

    from agent.evidence.entry import Kind
    from agent.inbox import seal

    body = {
        "what": f"export {form}",
        "from": rfc3339(report.start),
        "to": rfc3339(report.end),
        "targets": list(report.scope.targets),
        "log": {"size": report.seal.size, "root": report.seal.root},
        "files": [msgspec.to_builtins(each) for each in files],
    }
    seal(settings, Kind.EXPORT, body, report.provenance.made_at)


def _told(report: Report, form: Form, files: Sequence[Exported]) -> str:
    if not files:
        return f"nothing was open at {rfc3339(report.end)}: no {form} is due, none is written"
    noun = "file" if len(files) == 1 else "files"
    return (
        f"{len(files)} {noun}, {report.provenance.completeness};"
        f" log {report.seal.verified or 'not verified'}, {report.seal.anchored}"
    )
