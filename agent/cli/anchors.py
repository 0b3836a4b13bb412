"""`assay evidence checkpoint|anchor|tiles|recover`: what others hold of the log, and its loss."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli.exits import CommandError, Exit
from agent.cli.output import printable


def checkpoint(
    context: typer.Context,
    to: Annotated[
        str, typer.Option("--to", help="Who gets it to keep; that is sealed as an export.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A new file, instead of the screen.")
    ] = None,
) -> None:
    """Print the newest signed checkpoint: keep it where the agent's owner cannot change it.

    Whoever has it can ask at any time whether the log still contains it: `assay evidence verify
    --checkpoint FILE`, or `python3 verify.py --held FILE` on a bundle.
    """
    from agent.config import load_settings
    from agent.evidence.anchors.handing import handed
    from agent.evidence.entry import Kind
    from agent.home import open_store
    from agent.inbox import seal
    from agent.run import CLOCK

    settings = load_settings(context.obj)
    with open_store(settings) as store, store.reading() as view:
        note = view.checkpoint() or b""
    if out is None:
        sys.stdout.write(note.decode())
    else:
        _write(out, note)
        sys.stdout.write(f"wrote {printable(str(out))}\n")
    if to.strip():
        index = seal(settings, Kind.EXPORT, handed(note, to.strip()), CLOCK.now())
        where = "by the agent that runs" if index is None else f"as entry {index}"
        sys.stderr.write(f"sealed {where}: {printable(to.strip())} has it\n")


def anchor(context: typer.Context) -> int:
    """Have every anchor take the newest checkpoint now; `assay serve` does so by itself.

    Exit code: 0 all have it, 2 one does not.
    """
    from agent.config import load_settings
    from agent.evidence.anchors.opening import open_anchors
    from agent.evidence.anchors.tending import Tender
    from agent.evidence.note import parse_checkpoint, parse_note
    from agent.home import open_log, open_store
    from agent.run import CLOCK

    settings = load_settings(context.obj)
    anchors = open_anchors(settings.anchors, settings.path, CLOCK.now)
    if not anchors:
        raise CommandError("no `anchors` are configured (docs/anchors.md)")
    with open_store(settings):  # so that a command never makes a log of its own
        pass
    with open_log(settings, at=CLOCK.now()) as log:
        note = log.checkpoint()
        size = parse_checkpoint(parse_note(note).text).size
        tender = Tender(log, anchors)
        had = [each for each in anchors if tender.ask(each, note, size, CLOCK.now())]
    for each in had:
        sys.stdout.write(f"{each.place} has the checkpoint of size {size}\n")
    return Exit.PASS if len(had) == len(anchors) else Exit.UNSEEN


def tiles(
    context: typer.Context,
    place: Annotated[
        str, typer.Argument(help="A folder or s3://bucket/prefix: made, or what is new is added.")
    ],
    region: Annotated[str, typer.Option("--region", help="Of the bucket.")] = "",
    profile: Annotated[str, typer.Option("--profile", help="Of the SDK's own files.")] = "",
    role_arn: Annotated[str, typer.Option("--role-arn", help="A role to assume first.")] = "",
    endpoint_url: Annotated[
        str, typer.Option("--endpoint-url", help="Another server than AWS's own.")
    ] = "",
) -> None:
    """Write the log as static files (c2sp.org/tlog-tiles) that other people's tools check."""
    from agent.config import load_settings
    from agent.evidence.tiles import Folder, TilesError, write_tiles
    from agent.home import open_store

    try:
        if place.startswith("s3://"):
            from agent.evidence.tiles_s3 import S3Shelf, S3Way

            way = S3Way(
                region=region, profile=profile, role_arn=role_arn, endpoint_url=endpoint_url
            )
            shelf: Any = S3Shelf(place, way)
        else:
            shelf = Folder(Path(place))
        with open_store(load_settings(context.obj)) as store:
            written = write_tiles(store, shelf)
    except TilesError as error:
        raise CommandError(str(error)) from None
    new = written.size - written.before
    sys.stdout.write(f"{printable(place)}: {written.size} entries, {new} of them new\n")


def recover(
    context: typer.Context,
    reason: Annotated[str, typer.Option("--reason", help="What happened; it is sealed.")],
    by: Annotated[str, typer.Option("--by", help="Who decided it; it is sealed.")],
) -> None:
    """Go on with a store that lacks entries which copies elsewhere prove; the loss is sealed.

    First try to put the right store back: what was lost is lost, and reports will say so.
    """
    from agent.config import load_settings
    from agent.evidence.anchors.held import recover as seal_recovery
    from agent.evidence.anchors.model import AnchorError
    from agent.evidence.anchors.opening import open_anchors
    from agent.home import open_log
    from agent.run import CLOCK

    if not reason.strip() or not by.strip():
        raise CommandError("--reason and --by: say what happened and who decided")
    settings, now = load_settings(context.obj), CLOCK.now()
    anchors = open_anchors(settings.anchors, settings.path, CLOCK.now)
    try:
        with open_log(settings, at=now, compare=False) as log:
            lost = seal_recovery(log, anchors, reason=reason, by=by, at=now)
    except AnchorError as error:
        raise CommandError(f"the copies cannot be read: {error}") from None
    if not lost:
        raise CommandError("nothing is lost: every copy is in this store; nothing was sealed")
    for each in lost:
        sys.stdout.write(f"sealed: {each.place} holds size {each.size}, which is lost here\n")


def _write(path: Path, note: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(note)
    except FileExistsError:
        raise CommandError(f"{path}: exists already; nothing was changed") from None
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror}") from None
