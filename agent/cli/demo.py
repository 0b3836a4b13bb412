"""`assay demo`: the whole product on a seeded cloud of this machine."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.exits import CommandError

if TYPE_CHECKING:
    from agent.demo.period import Told


class DemoCloud(StrEnum):
    """Which clouds the demo seeds."""

    AWS = "aws"
    AZURE = "azure"
    GCP = "gcp"
    ALL = "all"


def demo(
    scale: Annotated[int, typer.Option(help="How many times the usual resources.", min=0)] = 1,
    seed: Annotated[int, typer.Option(help="Another account for another number.")] = 7,
    every: Annotated[str, typer.Option(help="The interval of all rules.")] = "5s",
    listen: Annotated[
        str, typer.Option(help="Where to serve; a free port when it is taken.")
    ] = "127.0.0.1:9464",
    keep: Annotated[bool, typer.Option("--keep", help="Leave the evidence where it is.")] = False,
    cloud: Annotated[DemoCloud, typer.Option("--cloud", help="Which there are.")] = DemoCloud.AWS,
    period: Annotated[
        str, typer.Option("--period", help="Fill in a history of that long (180d), and end.")
    ] = "",
    out: Annotated[
        Path, typer.Option("--out", "-o", help="With --period: the folder, new or empty.")
    ] = Path("assay-demo"),
) -> None:
    """Seed a cloud on this machine, run the agent on it, and let things happen; Ctrl-C ends it.

    With --period: half a year of history on a simulated clock, through the same code, to try
    reports and bundles on.
    """
    if period:
        _fill(period, out, scale, seed)
        return
    from agent.cli.serve import leave, serve_until_signal
    from agent.demo.run import Options, run_demo

    options = Options(
        seed=seed,
        scale=scale,
        every=every,
        listen=listen,
        keep=keep,
        command=sys.argv[0],
        clouds=("aws", "azure", "gcp") if cloud is DemoCloud.ALL else (cloud.value,),
    )
    leave(run_demo(serve_until_signal, _Terminal(), options))


def _fill(period: str, out: Path, scale: int, seed: int) -> None:
    from agent.demo.period import Options, tell_period
    from agent.duration import parse_duration

    try:
        length = parse_duration(period)
    except ValueError as error:
        raise CommandError(f"--period {period}: {error}") from None
    told = tell_period(_Terminal(), Options(period=length, folder=out, scale=scale, seed=seed))
    sys.stdout.write(to_try(told, out, sys.argv[0]))


def to_try(told: Told, out: Path, command: str) -> str:
    """Say what was filled in, and what to call next; `command` is how the demo was called."""
    period = f"--from {told.start:%Y-%m-%d} --to {told.end:%Y-%m-%d}"
    assay = f"{command} -c {out / 'assay.yaml'}"
    return (
        f"{told.runs} runs, {told.entries} entries of the log, of {told.start:%Y-%m-%d} to"
        f" {told.end:%Y-%m-%d}, in {out}; try:\n"
        f"  {assay} report type2 {period} --out {out}/reports\n"
        f"  {assay} evidence deviations {period}\n"
        f"  {assay} evidence bundle {period} --out {out}/bundle\n"
        f"  python3 {out}/bundle/verify.py\n"
    )


class _Terminal:
    """Where the demo shows itself."""

    def say(self, line: str) -> None:
        """Print a line."""
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def progress(self, done: int, of: int) -> None:
        """Draw a bar on a terminal; elsewhere nothing."""
        if not sys.stderr.isatty():
            return
        width = 40
        filled = width * done // max(of, 1)
        end = "\n" if done >= of else ""
        sys.stderr.write(f"\rseeding [{'#' * filled}{' ' * (width - filled)}] {done}/{of}{end}")
        sys.stderr.flush()
