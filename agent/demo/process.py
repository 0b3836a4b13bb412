"""Start and end the demo's cloud in a process of its own, and speak to its controls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from agent.demo.cloud import ACCOUNT
from agent.demo.memory import Age
from agent.demo.weather import Refused


class DemoError(Exception):
    """The demo cannot go on; the message says what to do."""


class Cloud:
    """A running demo cloud, seen from outside."""

    account = ACCOUNT

    def __init__(self, endpoint: str) -> None:
        """`endpoint`: `http://127.0.0.1:port`."""
        self.endpoint = endpoint

    def counts(self) -> dict[str, int]:
        """Calls by `service:operation` since the last reset, refused ones included."""
        return self.tallies()["calls"]

    def tallies(self) -> dict[str, dict[str, int]]:
        """`calls`, `refused` and `unimplemented`, each by `service:operation`."""
        return msgspec.convert(self._ask("counts"), dict[str, dict[str, int]])

    def reset(self) -> None:
        """Count from zero."""
        self._ask("reset", {})

    def deny(self, refused: Iterable[Refused]) -> None:
        """Deny these calls, and only these, from now on; none: all are allowed again."""
        self._ask("deny", msgspec.to_builtins(list(refused)))

    def throttle(self, refused: Iterable[Refused]) -> None:
        """Refuse these calls for rate, and only these, from now on."""
        self._ask("throttle", msgspec.to_builtins(list(refused)))

    def delay(self, seconds: float) -> None:
        """Let every call wait before it is answered."""
        self._ask("delay", {"seconds": seconds})

    def age(self, age: Age) -> None:
        """Backdate an IAM user with their keys, or a role."""
        self._ask("age", msgspec.to_builtins(age))

    def root(self, *, mfa: bool = True, keys: bool = False) -> None:
        """What the root user has."""
        self._ask("root", {"mfa": mfa, "keys": keys})

    def _ask(self, name: str, value: Any = None) -> Any:
        data = None if value is None else json.dumps(value).encode()
        request = urllib.request.Request(f"{self.endpoint}/__{name}", data=data)  # noqa: S310 - loopback http
        # No proxy of the environment may stand between this process and its own child.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            return json.load(answer)


@contextmanager
def start_cloud(port: int = 0, *, remove: Path | None = None) -> Iterator[Cloud]:
    """A cloud for the time of the `with` block; it ends when this process ends, however it does.

    When this process is killed, the cloud removes the folder `remove` in its place.
    Raises `DemoError` when it does not start: moto is missing, or the port is taken.
    """
    with spawn(_command(port, remove)) as (_, told):
        yield Cloud(f"http://127.0.0.1:{told['port']}")


@contextmanager
def spawn(command: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """A process of ours for the time of the `with` block, and the line of JSON that it began with.

    Raises `DemoError`, with what it said last, when it ends before that line.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - this interpreter, arguments of our own
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            # No credential and no proxy of this environment is any business of the demo's cloud.
            env={"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            # Ctrl-C goes to a whole group; the cloud is to end after the agent, not with it.
            start_new_session=True,
        )
        try:
            line = process.stdout.readline() if process.stdout else b""
            if not line:
                process.wait(timeout=10)
                said.seek(0)
                raise DemoError(_last_line(said.read().decode(errors="replace")))
            yield process, json.loads(line)
        finally:
            _end(process)


def _command(port: int, remove: Path | None) -> list[str]:
    command = [sys.executable, "-m", "agent.demo.cloud", "--port", str(port), "--until-eof"]
    return [*command, "--then-remove", str(remove)] if remove else command


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "the demo's cloud did not start and did not say why"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=5)
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
