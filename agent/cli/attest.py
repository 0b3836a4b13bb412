"""`assay attest ...`: state that a manual control was performed, and see what is due."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from agent.cli.exits import CommandError, Exit
from agent.cli.output import Format, Listing, printable, show

if TYPE_CHECKING:
    from agent.config import Settings
    from agent.controls.decisions import Decisions
    from agent.controls.model import Attestation, Control
    from agent.evidence.store import Store


class _Group(TyperGroup):
    """Takes a first word that is no command as the control that is attested."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; called by typer."""
        named = args and (args[0] in self.commands or args[0].startswith("-"))
        return super().resolve_command(ctx, args if named else ["record", *args])


app = typer.Typer(
    cls=_Group,
    help="Attestations: `assay attest CONTROL ...`, due, list, files.",
    no_args_is_help=True,
)
FORM = Annotated[Format, typer.Option("--format", "-f", help="How to show it.")]
RECENT = timedelta(days=366)
"""How long what is done stays in the calendar that is shown."""


@app.command("record")
def record_attestation(
    context: typer.Context,
    control: Annotated[str, typer.Argument(help="The control's id.")],
    by: Annotated[str, typer.Option("--by", help="Who performed it.")],
    reviewed_by: Annotated[str, typer.Option("--reviewed-by", help="Who reviewed it.")],
    statement: Annotated[str, typer.Option("--statement", help="What was done and found.")],
    period: Annotated[str, typer.Option("--period", help="Such as 2026-Q3.")] = "",
    event: Annotated[str, typer.Option("--event", help="The event, for a control of events.")] = "",
    occurred: Annotated[str, typer.Option("--occurred", help="Date of an unlisted event.")] = "",
    performed_at: Annotated[str, typer.Option("--performed-at", help="Default: now.")] = "",
    result: Annotated[str, typer.Option("--result", help="done, exception, not_done.")] = "done",
    file: Annotated[list[Path] | None, typer.Option("--file", help="A file to attach.")] = None,
) -> int:
    """State that a control was performed; a second statement on the same period amends the first.

    While an agent runs it seals the statement within a minute.
    """
    from agent.config import load_settings
    from agent.controls.attest import AttestError, read_files, to_body, verify_attestation
    from agent.controls.model import Attestation, Result
    from agent.evidence.entry import Kind
    from agent.home import folder_of, open_store_if_any
    from agent.inbox import seal
    from agent.run import CLOCK

    settings, now = load_settings(context.obj), CLOCK.now()
    decisions = _decisions(settings)
    known = _control(decisions, control)
    if result not in list(Result):
        raise CommandError(f"--result {result}: use one of {', '.join(Result)}")
    key = _period(known, period, event)
    with open_store_if_any(settings) as store:
        happened = _occurred(store, decisions, known, key, occurred)
    statement_of = Attestation(
        control=control,
        period=key,
        performer=by,
        reviewer=reviewed_by,
        performed_at=_moment(performed_at) if performed_at else now,
        recorded_at=now,
        statement=statement,
        result=Result(result),
        occurred_at=happened,
    )
    try:
        verify_attestation(statement_of, known)
        files, contents = read_files(file or [], folder_of(settings))
        sealed = _with_files(statement_of, files)
        verify_attestation(sealed, known)
    except AttestError as error:
        raise CommandError(str(error)) from None
    entry = seal(settings, Kind.ATTESTATION, to_body(sealed), now, contents)
    sys.stdout.write(
        f"{control} {printable(key)}: {result}, {len(files)} files; "
        + (f"sealed as entry {entry}\n" if entry is not None else "left for the agent to seal\n")
    )
    return Exit.PASS


@app.command("due")
def list_due(context: typer.Context, form: FORM = Format.TABLE) -> int:
    """Show the calendar: what is overdue, due and coming, and what was done in the last year.

    Exit code: 0 nothing is overdue, 1 something is, 2 a list of events cannot be read.
    """
    from agent.config import load_settings
    from agent.controls.duties import duties
    from agent.controls.model import State
    from agent.controls.rows import DUE_COLUMNS, due_row
    from agent.home import open_store_if_any
    from agent.run import CLOCK

    settings, now = load_settings(context.obj), CLOCK.now()
    decisions = _decisions(settings)
    with open_store_if_any(settings) as store:
        found = duties(store, decisions, now)
    rows = [
        due_row(due, decisions.controls[due.control], now)
        for due in found
        if due.due > now - RECENT or due.attestation is None
    ]
    empty = "nothing is due: no control in force is performed by people"
    show(Listing(schema="assay.due.v1", columns=DUE_COLUMNS, rows=rows, empty=empty), form)
    for failure in decisions.failures:
        sys.stderr.write(f"assay: {printable(failure)}; the events known before stay due\n")
    if any(row["state"] == State.OVERDUE for row in rows):
        return Exit.FAIL
    return Exit.UNSEEN if decisions.failures else Exit.PASS


@app.command("list")
def list_attestations(
    context: typer.Context,
    control: Annotated[str, typer.Option("--control", help="Only this control.")] = "",
    form: FORM = Format.TABLE,
) -> None:
    """List the statements in the log, oldest first; a later one on the same period amends."""
    from agent.config import load_settings
    from agent.controls.attest import recorded_attestations
    from agent.controls.rows import ATTESTATION_COLUMNS, attestation_row
    from agent.home import open_store_if_any

    with open_store_if_any(load_settings(context.obj)) as store:
        found = recorded_attestations(store) if store else []
    rows = [attestation_row(each) for each in found if control in ("", each.control)]
    columns, empty = ATTESTATION_COLUMNS, "no attestation"
    show(Listing(schema="assay.attestations.v1", columns=columns, rows=rows, empty=empty), form)


@app.command("files")
def save_files(
    context: typer.Context,
    entry: Annotated[int, typer.Argument(help="The entry of the statement.", min=0)],
    out: Annotated[Path, typer.Option("--out", help="An empty or new folder.")],
) -> None:
    """Save the files of a statement, each checked against the digest that was sealed."""
    from agent.config import load_settings
    from agent.controls.attest import AttestError, recorded_attestations, write_files
    from agent.home import folder_of, open_store_if_any

    settings = load_settings(context.obj)
    with open_store_if_any(settings) as store:
        found = {each.entry: each for each in recorded_attestations(store)} if store else {}
        if store is None or entry not in found:
            raise CommandError(f"entry {entry} is no attestation; `assay attest list` lists them")
        try:
            for path in write_files(found[entry], store, folder_of(settings), out):
                sys.stdout.write(f"{path}\n")
        except AttestError as error:
            raise CommandError(str(error)) from None


def say_overdue(store: Store, decisions: Decisions) -> list[str]:
    """Say on stderr what people have not done in time; gives an outcome for each, as of a rule."""
    from agent.controls.calendar import overdue
    from agent.controls.duties import duties
    from agent.run import CLOCK

    now = CLOCK.now()
    late = overdue(duties(store, decisions, now), now)
    for due in late:
        said = f"{due.control} {due.period} was due on {due.due:%Y-%m-%d}"
        sys.stderr.write(f"assay: overdue: {printable(said)}; `assay attest due` lists all\n")
    for failure in decisions.failures:
        sys.stderr.write(f"assay: {printable(failure)}\n")
    return ["fail"] * len(late) + ["error"] * len(decisions.failures)


def _decisions(settings: Settings) -> Decisions:
    from agent.controls.decisions import load_decisions
    from agent.pack import load_pack

    return load_decisions(settings, load_pack(settings, observed_only=True))


def _control(decisions: Decisions, name: str) -> Control:
    from agent.rules.params import suggest

    if name not in decisions.library.controls:
        hint = suggest(name, decisions.library.controls)
        raise CommandError(f"{name}: there is no such control{hint}")
    return decisions.library.controls[name]


def _period(control: Control, period: str, event: str) -> str:
    from agent.controls.model import Cadence

    if control.manual is None:
        raise CommandError(f"{control.id}: rules prove it; there is nothing to attest")
    wanted = "--event" if control.manual.cadence is Cadence.EVENT else "--period"
    key, other = (event, period) if wanted == "--event" else (period, event)
    if not key or other:
        raise CommandError(f"{control.id}: say which with {wanted}")
    return key


def _occurred(
    store: Store | None, decisions: Decisions, control: Control, key: str, written: str
) -> datetime | None:
    """Find when an event happened: as listed, else as said."""
    from agent.controls.duties import events_of
    from agent.controls.model import Cadence

    if control.manual is None or control.manual.cadence is not Cadence.EVENT:
        return None
    listed = events_of(store, decisions).get(control.id, {})
    if key in listed:
        return listed[key].at
    return _moment(written) if written else None


def _moment(written: str) -> datetime:
    from agent.controls.document import read_moment

    try:
        return read_moment(written)
    except ValueError as error:
        raise CommandError(str(error)) from None


def _with_files(attestation: Attestation, files: list[Any]) -> Attestation:
    from msgspec.structs import replace

    return replace(attestation, files=tuple(files))
