"""`assay evidence rotate`: the log gets another signing key."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from agent.cli.exits import CommandError
from agent.cli.output import printable


def rotate(
    context: typer.Context,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is sealed.")],
    by: Annotated[str, typer.Option("--by", help="Who decided it; it is sealed.")],
) -> None:
    """Hand the log over to another key: both sign the entry that says so.

    To the `key` of the configuration, or to a new file when there is none; from `old_key`, or from
    the file beside the store. The agent must be stopped. Tell whoever verifies the new key.
    """
    from agent.config import load_settings
    from agent.rotation import RotationError
    from agent.rotation import rotate as hand_over
    from agent.run import CLOCK

    if not reason.strip() or not by.strip():
        raise CommandError("--reason and --by: say why and who decided")
    try:
        done = hand_over(load_settings(context.obj), reason=reason, by=by, at=CLOCK.now())
    except RotationError as error:
        raise CommandError(str(error)) from None
    sealed = "sealed before" if done.entry is None else f"sealed as entry {done.entry}"
    sys.stdout.write(f"{sealed}; the log belongs to the key\n{done.verifier}\n")
    if done.retired is not None:
        sys.stdout.write(f"the key before it is {printable(str(done.retired))}: destroy it\n")
