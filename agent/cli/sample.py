"""`assay sample ...`: freeze a population, draw from it with the auditor's nonce, show the draw."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.exits import CommandError
from agent.cli.output import Format, Listing, rfc3339, show
from agent.cli.times import read_period

if TYPE_CHECKING:
    from agent.evidence.store import Store

app = typer.Typer(
    help="Samples: population, draw, show. Everybody can draw them again by hand.",
    no_args_is_help=True,
)


class Source(StrEnum):
    """What a population is of."""

    RUNS = "runs"
    DEVIATIONS = "deviations"
    RESOURCES = "resources"
    FILE = "file"


@app.command("population")
def population(
    context: typer.Context,
    source: Annotated[Source, typer.Option("--of", help="Of what.")],
    start: Annotated[str | None, typer.Option("--from", help="Start of the period, UTC.")] = None,
    to: Annotated[str | None, typer.Option("--to", help="End of the period, not in it.")] = None,
    target: Annotated[str | None, typer.Option("--target", "-t", help="Only this target.")] = None,
    rule: Annotated[str | None, typer.Option("--rule", "-r", help="Only of this rule.")] = None,
    check: Annotated[str, typer.Option("--check", help="With --of resources: the check.")] = "",
    file: Annotated[
        Path | None, typer.Option("--file", help="With --of file: ids, one a line.")
    ] = None,
) -> None:
    """Seal everything of one sort in a period; an auditor then gives a nonce for the draw."""
    from agent.config import load_settings
    from agent.evidence.entry import Kind
    from agent.home import open_store
    from agent.inbox import seal
    from agent.run import CLOCK
    from agent.samples.draw import SampleError
    from agent.samples.population import population_body

    if source is Source.RESOURCES and not check:
        raise CommandError("--of resources needs --check, such as aws.s3.bucket")
    if source is Source.FILE and file is None:
        raise CommandError("--of file needs --file")
    settings, (low, high) = load_settings(context.obj), read_period(start, to)
    asked = {"target": target, "rule": rule, "check": check, "file": file and file.name}
    query = {
        "from": rfc3339(low),
        "to": rfc3339(high),
        **{key: value for key, value in asked.items() if value},
    }
    try:
        with open_store(settings) as store:
            ids = list(_ids(store, source, (low, high), (target, rule, check, file)))
        body, content = population_body(str(source), query, ids)
    except SampleError as error:
        raise CommandError(str(error)) from None
    entry = seal(settings, Kind.POPULATION, body, CLOCK.now(), [content])
    sys.stdout.write(
        f"{body['count']} items, digest {body['ids']['blob']}; {_sealed(entry)}\n"
        "now let the auditor choose a nonce: assay sample draw ENTRY --nonce ... --size ...\n"
    )


@app.command("draw")
def draw(
    context: typer.Context,
    entry: Annotated[int, typer.Argument(help="The population's entry.", min=0)],
    nonce: Annotated[str, typer.Option("--nonce", help="The auditor's own, dice for example.")],
    size: Annotated[int | None, typer.Option("--size", "-n", help="How many.", min=1)] = None,
    frequency: Annotated[
        str, typer.Option("--frequency", help="Or how often the control runs: daily, weekly ...")
    ] = "",
    sizes: Annotated[
        Path | None, typer.Option("--sizes", help="Your own table of sizes by frequency.")
    ] = None,
) -> None:
    """Draw a sample from a sealed population; a larger one with the same nonce keeps it."""
    from agent.config import load_settings
    from agent.evidence.entry import Kind
    from agent.home import open_store
    from agent.inbox import seal
    from agent.run import CLOCK
    from agent.samples.draw import SampleError, load_sizes, read_population, sample_body

    settings = load_settings(context.obj)
    try:
        with open_store(settings) as store:
            from_ = read_population(store, entry)
        if size is None:
            table = load_sizes(sizes)
            if frequency not in table:
                raise CommandError(f"give --size, or --frequency: one of {', '.join(table)}")
            size = min(table[frequency], len(from_.ids))
        body = sample_body(from_, nonce, size)
    except SampleError as error:
        raise CommandError(str(error)) from None
    sealed = seal(settings, Kind.SAMPLE, body, CLOCK.now())
    for item in body["items"]:
        sys.stdout.write(f"{item}\n")
    sys.stderr.write(f"{size} of {len(from_.ids)}, seed {body['seed']}; {_sealed(sealed)}\n")


@app.command("show")
def show_sample(
    context: typer.Context,
    entry: Annotated[int, typer.Argument(help="The sample's entry.", min=0)],
    form: Annotated[Format, typer.Option("--format", "-f", help="How to show it.")] = Format.TABLE,
) -> None:
    """Show a sample with its tickets; it is drawn again, and must be the same."""
    from agent.config import load_settings
    from agent.home import open_store
    from agent.samples.draw import SampleError, read_sample, ticket

    try:
        with open_store(load_settings(context.obj)) as store:
            found = read_sample(store, entry)
    except SampleError as error:
        raise CommandError(str(error)) from None
    rows = [
        {"number": number, "ticket": ticket(found.seed, item), "item": item}
        for number, item in enumerate(found.items, start=1)
    ]
    columns = ("number", "ticket", "item")
    show(Listing(schema="assay.sample.v1", columns=columns, rows=rows), form)
    if form is Format.TABLE:
        sys.stdout.write(f"population: entry {found.population}; seed: {found.seed}\n")


def _ids(
    store: Store,
    source: Source,
    period: tuple[datetime, datetime],
    of: tuple[str | None, str | None, str, Path | None],
) -> Iterator[str]:
    from agent.samples import population as p

    target, rule, check, file = of
    ask: Any = {
        Source.RUNS: lambda: p.runs_in(store, *period, target),
        Source.DEVIATIONS: lambda: p.deviations_in(store, *period, target, rule),
        Source.RESOURCES: lambda: p.resources_in(store, *period, check, target),
        Source.FILE: lambda: p.lines_of(file or Path()),
    }
    yield from ask[source]()


def _sealed(entry: int | None) -> str:
    return "left for the agent to seal" if entry is None else f"sealed as entry {entry}"
