"""`assay demo`: the whole product on a seeded cloud of this machine."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def demo(
    scale: Annotated[int, typer.Option(help="How many times the usual resources.", min=0)] = 1,
    seed: Annotated[int, typer.Option(help="Another account for another number.")] = 7,
    every: Annotated[str, typer.Option(help="The interval of all rules.")] = "5s",
    listen: Annotated[
        str, typer.Option(help="Where to serve; a free port when it is taken.")
    ] = "127.0.0.1:9464",
    keep: Annotated[bool, typer.Option("--keep", help="Leave the evidence where it is.")] = False,
) -> None:
    """Seed a cloud on this machine, run the agent on it, and let things happen; Ctrl-C ends it."""
    from agent.cli.serve import leave, serve_until_signal
    from agent.demo.run import Options, run_demo

    options = Options(
        seed=seed, scale=scale, every=every, listen=listen, keep=keep, command=sys.argv[0]
    )
    leave(run_demo(serve_until_signal, _Terminal(), options))


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
