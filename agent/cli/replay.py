"""`assay replay`: sealed runs judged again, from the store or from a bundle alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.exits import CommandError, Exit
from agent.cli.output import Format, Listing, show

if TYPE_CHECKING:
    from agent.evidence.replay import Replayed, Source


def replay(
    context: typer.Context,
    entry: Annotated[int | None, typer.Argument(help="A run's entry; default: the last.")] = None,
    bundle: Annotated[
        Path | None, typer.Option("--bundle", "-b", help="A bundle, instead of the store.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every run: of the store, or of the bundle's period.")
    ] = False,
    sample: Annotated[
        int | None, typer.Option("--sample", help="Only what was drawn: the entry of a sample.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", "-f", help="How to show it.")] = Format.TABLE,
) -> int:
    """Judge sealed runs again from the evidence; exit code 1 when an outcome differs."""
    from agent.evidence.replay import replay_from
    from agent.replay import judging

    rows: list[dict[str, Any]] = []
    with _source(context, bundle) as (source, runs):
        if not runs and entry is None:
            raise CommandError("there is no run yet")
        if sample is not None:
            return _perform(source, runs, sample, form)
        wanted = runs if every else [runs[-1] if entry is None else entry]
        judge = judging()
        for number in wanted:
            found = replay_from(source, number, judge)
            rows += _rows(number, found)
            if form is Format.TABLE:
                sys.stdout.write(_told(number, found) + "\n")
    columns = (
        "entry", "rule", "resource", "sealed", "replayed", "sealed_message", "replayed_message",
    )  # fmt: skip
    if form is not Format.TABLE or rows:
        show(Listing(schema="assay.replay.v1", columns=columns, rows=rows), form)
    return Exit.FAIL if rows else Exit.PASS


def _perform(source: Source, runs: list[int], sample: int, form: Format) -> int:
    """Judge the items of a sample again, and show what came of each."""
    from agent.replay import judging
    from agent.samples.draw import SampleError
    from agent.samples.perform import perform

    try:
        done = perform(source, runs, sample, judging())
    except SampleError as error:
        raise CommandError(str(error)) from None
    rows = [
        {
            "number": number,
            "item": one.item,
            "runs": list(one.entries),
            "same": one.found.same,
            "differ": len(one.found.mismatches),
            "no_values": one.found.skipped,
            "differences": list(_rows(one.entries[0], one.found)) if one.entries else [],
        }
        for number, one in enumerate(done, start=1)
    ]
    columns = ("number", "item", "runs", "same", "differ", "no_values")
    show(Listing(schema="assay.performed.v1", columns=columns, rows=rows), form)
    return Exit.FAIL if any(row["differ"] for row in rows) else Exit.PASS


@contextmanager
def _source(context: typer.Context, folder: Path | None) -> Iterator[tuple[Source, list[int]]]:
    """Open where to replay from; gives it with the entries of its runs."""
    from agent.bundle.read import Bundle
    from agent.bundle.write import BundleError
    from agent.config import load_settings
    from agent.evidence.entry import Kind
    from agent.evidence.replay import StoreSource
    from agent.home import open_store

    if folder is not None:
        try:
            bundle = Bundle(folder)
        except BundleError as error:
            raise CommandError(str(error)) from None
        yield bundle, bundle.runs()
        return
    with open_store(load_settings(context.obj)) as store, store.reading() as view:
        yield StoreSource(view), [index for index, _ in view.entries(Kind.RUN)]


def _rows(number: int, found: Replayed) -> Iterator[dict[str, Any]]:
    for each in found.mismatches:
        yield {
            "entry": number,
            "rule": each.case.rule,
            "resource": each.case.resource,
            "sealed": str(each.case.outcome),
            "replayed": str(each.verdict.outcome),
            "sealed_message": each.case.message,
            "replayed_message": each.verdict.message,
        }


def _told(number: int, found: Replayed) -> str:
    return (
        f"entry {number}: {found.same} findings came out as sealed, {len(found.mismatches)} differ,"
        f" {found.skipped} have no values to judge (their place was not seen, or the values are"
        " not kept)"
    )
