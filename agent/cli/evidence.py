"""`assay evidence ...`: what was sealed, asked and checked."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli import anchors, keys, respond
from agent.cli.exits import CommandError, Exit
from agent.cli.output import Format, Listing, rfc3339, show
from agent.cli.times import read_period, read_time

app = typer.Typer(
    help="The evidence: log, as-of, show, deviations, gaps, verify.", no_args_is_help=True
)
FORM = Annotated[Format, typer.Option("--format", "-f", help="How to show it.")]
TARGET = Annotated[str | None, typer.Option("--target", "-t", help="Only this target.")]
RULE = Annotated[str | None, typer.Option("--rule", "-r", help="Only this rule.")]
FROM = Annotated[str | None, typer.Option("--from", help="Start of the period, UTC.")]
TO = Annotated[str | None, typer.Option("--to", help="End of the period, UTC, not in it.")]


@app.command("log")
def log_entries(
    context: typer.Context,
    kind: Annotated[str | None, typer.Option(help="Only entries of this kind.")] = None,
    start: Annotated[int, typer.Option("--start", help="From this entry on.", min=0)] = 0,
    form: FORM = Format.TABLE,
) -> None:
    """List the entries of the log, oldest first."""
    from agent.evidence import queries
    from agent.evidence.entry import Kind
    from agent.evidence.rows import ENTRY_COLUMNS, entry_row

    if kind is not None and kind not in list(Kind):
        raise CommandError(f"--kind {kind}: use one of {', '.join(Kind)}")
    with _store(context) as store:
        rows = [
            entry_row(index, body) for index, body in queries.entries(store, kind=kind, start=start)
        ]
    show(Listing(schema="assay.log.v1", columns=ENTRY_COLUMNS, rows=rows, empty="no entry"), form)


@app.command("as-of")
def as_of(
    context: typer.Context,
    time: Annotated[str, typer.Argument(help="A time in UTC, or `now`.")] = "now",
    target: TARGET = None,
    rule: RULE = None,
    outcome: Annotated[list[str] | None, typer.Option(help="Only this outcome.")] = None,
    form: FORM = Format.TABLE,
) -> None:
    """List the findings as they stood, and the rules whose state was unknown then."""
    from agent.evidence import queries
    from agent.evidence.rows import finding_row
    from agent.model import Outcome

    at = read_time(time)
    for each in outcome or ():
        if each not in list(Outcome):
            raise CommandError(f"--outcome {each}: use one of {', '.join(Outcome)}")
    wanted = [Outcome(each) for each in outcome or ()]
    with _store(context) as store:
        found = queries.as_of(store, at, target=target, rule=rule, outcomes=wanted)
        rows = [finding_row(one) for one in found]
        stale = [
            basis
            for basis in queries.bases(store, at)
            if basis.stale
            and basis.limit is not None
            and target in (None, basis.target)
            and rule in (None, basis.rule)
        ]
    columns = ("outcome", "rule", "resource", "since", "message")
    empty = f"nothing stood at {rfc3339(at)}"
    show(Listing(schema="assay.findings.v1", columns=columns, rows=rows, empty=empty), form)
    for basis in stale:
        age = f"{basis.age} old" if basis.age else "it never ran"
        sys.stderr.write(f"unknown: {basis.rule} on {basis.target}: {age}\n")


@app.command("show")
def show_entry(
    context: typer.Context,
    entry: Annotated[int, typer.Argument(help="The entry's index.", min=0)],
) -> None:
    """Print an entry as it was sealed, as JSON."""
    with _store(context) as store, store.reading() as view:
        body = view.entry(entry)
        size = view.size()
    if body is None:
        raise CommandError(f"there is no entry {entry}; the log has {size}")
    sys.stdout.write(json.dumps(json.loads(body), indent=2) + "\n")


@app.command("deviations")
def list_deviations(
    context: typer.Context,
    start: FROM = None,
    to: TO = None,
    target: TARGET = None,
    rule: RULE = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that last.")] = False,
    form: FORM = Format.TABLE,
) -> None:
    """List every failure of the period, those mended in time included."""
    from agent.evidence.deviations import deviations
    from agent.evidence.rows import deviation_row

    low, high = read_period(start, to)
    with _store(context) as store:
        found = deviations(store, low, high, target=target, rule=rule)
    rows = [deviation_row(one) for one in found if not only_open or one.end is None]
    rows.sort(key=lambda row: (row["start"], row["rule"], row["resource"]))
    columns = ("start", "end", "ended_by", "observed", "longest", "rule", "resource", "message")
    empty = "no deviation"
    show(Listing(schema="assay.deviations.v1", columns=columns, rows=rows, empty=empty), form)


@app.command("gaps")
def list_gaps(
    context: typer.Context,
    start: FROM = None,
    to: TO = None,
    target: TARGET = None,
    form: FORM = Format.TABLE,
) -> None:
    """Account for every slot that the schedule expected in the period."""
    from agent.evidence import queries
    from agent.evidence.rows import GAP_COLUMNS, gap_row, told

    low, high = read_period(start, to)
    with _store(context) as store:
        found = queries.gaps(store, low, high, target=target)
    rows = [gap_row(gap) for gap in found.gaps]
    show(Listing(schema="assay.gaps.v1", columns=GAP_COLUMNS, rows=rows, empty="no gap"), form)
    if form is Format.TABLE:
        sys.stdout.write(
            f"{found.expected} slots expected: {found.ran} ran, {found.explained} explained,"
            f" {found.unexplained} unexplained; the longest gap is {told(found.longest)}\n"
        )


@app.command("verify")
def verify(
    context: typer.Context,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option("--checkpoint", help="A checkpoint that you kept: the log must contain it."),
    ] = None,
    vkey: Annotated[
        str, typer.Option("--vkey", help="The verifier key that you expect; default: the log's.")
    ] = "",
    copies: Annotated[
        bool, typer.Option("--copies", help="Compare with the copies in the buckets as well.")
    ] = False,
) -> int:
    """Check every byte of the evidence; exit code 1 when it is not what was sealed."""
    from agent.config import load_settings
    from agent.evidence.anchors.held import compare, copies_among
    from agent.evidence.anchors.model import AnchorError
    from agent.evidence.anchors.opening import open_anchors
    from agent.evidence.anchors.standing import read_standing, words
    from agent.evidence.keyring import read_keyring
    from agent.evidence.note import NoteInvalid
    from agent.evidence.verify import LogInvalid, verify_store
    from agent.run import CLOCK

    held = [_read(path) for path in checkpoint or ()]
    settings = load_settings(context.obj)
    roots = {entry.url: _read(settings.path(entry.roots)) for entry in settings.authorities}
    places = copies_among(open_anchors(settings.anchors, settings.path, CLOCK.now))
    with _store(context) as store:
        try:
            verify_store(store, vkey or None, held)
            with store.reading() as view:
                size, meta = view.size(), view.meta()
                key = read_keyring(view).newest
            behind = [compare(store, key, place, every=True) for place in places] if copies else []
            standing = read_standing(store, roots, now=CLOCK.now())
        except (LogInvalid, NoteInvalid, AnchorError) as error:
            sys.stdout.write(f"invalid: {error}\n")
            return Exit.FAIL
    if any(behind):
        sys.stdout.write(f"invalid: {'; '.join(filter(None, behind))}\n")
        return Exit.FAIL
    with_held = f", {len(held)} held checkpoints contained" if held else ""
    sys.stdout.write(f"valid: {meta['origin']}, {size} entries{with_held}; {words(standing)}\n")
    return Exit.PASS


for _command in (
    anchors.checkpoint,
    anchors.anchor,
    anchors.tiles,
    anchors.recover,
    keys.rotate,
    respond.respond,
    respond.responses,
):
    app.command(_command.__name__)(_command)


def _store(context: typer.Context) -> Any:
    from agent.config import load_settings
    from agent.home import open_store

    return open_store(load_settings(context.obj))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(f"{path}: cannot be read: {error.strerror}") from None
