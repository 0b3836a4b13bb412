"""The frame of a process that serves the demo's Azure or Google Cloud.

`python -m agent.demo.azure --folder FOLDER [--seed N] [--scale N] [--kept N] [--then-remove F]`,
and `agent.demo.gcp` alike, prints one line of JSON, `{"target": {...}, "things": N, "kinds": N,
"people": [...]}`: what the agent's configuration says of it, and who works there. A line on
standard input lets things happen; each is told as `{"say": "..."}`. At the end of standard input it
ends, and removes F.

It listens on loopback only.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from agent.demo.blueprint import Dice, Thing
from agent.demo.drift import Scene, play_drift
from agent.demo.tls import Identity, make_identity
from agent.run import CLOCK


class Shown(Struct, frozen=True, kw_only=True):
    """A cloud that is served."""

    target: dict[str, Any]
    """Its entry among the targets of the configuration."""
    things: Sequence[Thing]
    scenes: Iterator[Scene]


class Show(Protocol):
    """Makes a cloud and begins to serve it."""

    def __call__(
        self, stack: ExitStack, folder: Path, identity: Identity, dice: Dice, scale: int
    ) -> Shown:
        """Serve until `stack` ends; what the agent needs is put into `folder`."""
        ...


def serve_cloud(show: Show) -> None:
    """Serve what `show` makes, as the arguments of this process say, until ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True, help="for keys and certificates")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--kept", type=int, default=60)
    parser.add_argument("--then-remove", type=Path, help="a folder to remove at the end of input")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    dice = Dice(seed=options.seed, kept=options.kept)
    with ExitStack() as stack:
        identity = make_identity(options.folder, CLOCK.now())
        shown = show(stack, options.folder, identity, dice, options.scale)
        _tell(
            target=shown.target,
            things=len(shown.things),
            kinds=len({thing.kind for thing in shown.things}),
            people=[thing.name for thing in shown.things if thing.kind == "user"],
        )
        if sys.stdin.buffer.readline():
            ended = threading.Event()
            threading.Thread(
                target=play_drift,
                args=[shown.scenes],
                kwargs={"wait": ended.wait, "say": lambda line: _tell(say=line)},
                daemon=True,
            ).start()
            sys.stdin.buffer.read()
        if options.then_remove:
            shutil.rmtree(options.then_remove, ignore_errors=True)
        os._exit(0)  # no reader of ours is left, and no request is worth waiting for


def _tell(**told: Any) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
