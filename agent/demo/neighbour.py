"""Azure or Google Cloud beside the demo's AWS: starts it, hears what happens there, and ends it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from agent.demo.process import spawn


class Told(Struct, frozen=True, kw_only=True):
    """What the process said first."""

    target: dict[str, Any]
    """Its entry among the targets of the configuration."""
    things: int
    kinds: int
    people: list[str]
    """The first part of their addresses."""


class Neighbour:
    """A running cloud, seen from outside."""

    def __init__(self, told: Told, process: subprocess.Popen[bytes]) -> None:
        """It stands still until `live` is called."""
        self.told = told
        self._process = process

    def live(self, say: Callable[[str], None]) -> None:
        """Let things happen there, and say each."""
        threading.Thread(target=self._hear, args=[say], name="neighbour", daemon=True).start()
        if self._process.stdin:
            self._process.stdin.write(b"go\n")
            self._process.stdin.flush()

    def _hear(self, say: Callable[[str], None]) -> None:
        for line in self._process.stdout or ():
            say(json.loads(line)["say"])


@contextmanager
def start_neighbour(
    cloud: str, folder: Path, *, seed: int, scale: int, kept: int, remove: Path | None = None
) -> Iterator[Neighbour]:
    """Azure or Google Cloud for the time of the `with` block; its keys are put into `folder`.

    When this process is killed, that one removes the folder `remove` in its place.
    Raises `DemoError` when it does not start.
    """
    command = [sys.executable, "-m", f"agent.demo.{cloud}", "--folder", str(folder)]
    command += ["--seed", str(seed), "--scale", str(scale), "--kept", str(kept)]
    command += ["--then-remove", str(remove)] if remove else []
    with spawn(command) as (process, told):
        yield Neighbour(msgspec.convert(told, Told), process)
