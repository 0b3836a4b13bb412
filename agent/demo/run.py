"""`assay demo`: seeded clouds, the agent on them, and life in them, until somebody ends it.

Nothing stays behind: each cloud is a process that ends with this one, and everything else is in one
folder that is removed, also when this process is killed.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from msgspec import Struct

from agent.config import Settings, load_settings
from agent.demo.drift import play_drift, tell_drift
from agent.demo.ground import Ground
from agent.demo.neighbour import start_neighbour
from agent.demo.process import start_cloud
from agent.demo.roster import NAME as ROSTER
from agent.demo.roster import configure_roster, write_roster
from agent.demo.seed import Truth, seed_cloud
from agent.run import CLOCK

BEYOND = (
    "aws-access-analyzer-enabled",
    "aws-access-analyzer-no-active-findings",
    "aws-backup-fresh",
    "aws-backup-recovery-point-encrypted",
    "aws-ebs-snapshot-sharing-blocked",
    "aws-ebs-volume-backed-up",
    "aws-ec2-image-sharing-blocked",
    "aws-ec2-imdsv2-default",
    "aws-ec2-instance-ssm-managed",
    "aws-elbv2-waf",
    "aws-emr-block-public-access",
    "aws-guardduty-no-high-findings",
    "aws-inspector-enabled",
    "aws-lambda-url-authenticated",
    "aws-macie-enabled",
    "aws-securityhub-standards",
    "aws-ssm-patch-compliant",
    "aws-ssm-public-sharing-blocked",
)
"""Rules on what moto does not play, or not as AWS does: they would be errors, or passes, for ever,
for no reason of the agent."""


KEPT = 60
"""Of a hundred facts: an account that is mostly in order, so that what is not can be seen."""


TITLES = {"azure": "a tenant of Azure", "gcp": "an organization of Google Cloud"}


class Serve(Protocol):
    """The agent: what `assay serve` does."""

    def __call__(
        self,
        settings: Settings,
        *,
        stopping: threading.Event,
        ready: Callable[[str], None],
    ) -> int:
        """Run until `stopping` is set; the exit code.

        `ready(url)` is called once the HTTP server answers at `url`.
        """
        ...


class Options(Struct, frozen=True, kw_only=True):
    """How the demo is to be."""

    seed: int = 7
    scale: int = 1
    """How many times the usual number of resources; 0: hardly any."""
    every: str = "5s"
    """The interval of all rules."""
    listen: str = "127.0.0.1:9464"
    """Where the agent serves; a free port is taken when this one is not."""
    regions: tuple[str, ...] = ("us-east-1", "eu-west-1")
    command: str = "assay"
    """How the person calls the program."""
    keep: bool = False
    """Leave the folder with the evidence where it is."""
    clouds: tuple[str, ...] = ("aws",)
    """`aws`, `azure`, `gcp`: which are there, each once."""


class Stage(Protocol):
    """Where the demo shows itself."""

    def say(self, line: str) -> None:
        """Show a line to people."""
        ...

    def progress(self, done: int, of: int) -> None:
        """Show how far the seeding has come."""
        ...


def run_demo(serve: Serve, stage: Stage, options: Options) -> int:
    """Run the demo in this process until it is ended; the exit code of the agent.

    SIGINT and SIGTERM end it: the seeding by `KeyboardInterrupt`, the agent in good order.
    Raises `DemoError` when a cloud does not start. Call it from the main thread.
    """
    with (
        _on_signals(_interrupt),
        _folder(keep=options.keep) as folder,
        ExitStack() as stack,
    ):
        parts = [_part(cloud, stack, stage, folder, options) for cloud in options.clouds]
        people = {name: None for part in parts for name in part.people}
        truth = next((part.truth for part in parts if part.truth), None)
        write_roster(truth, folder / ROSTER, CLOCK.now(), beside=people)
        settings = _settings(folder, [part.target for part in parts], options)
        with demo_credentials():
            return _live(serve, stage, options, settings=settings, parts=parts)


class _Part(Struct, frozen=True, kw_only=True):
    """One of the demo's clouds."""

    target: dict[str, Any]
    """Its entry in the configuration."""
    live: Callable[[threading.Event], None]
    """Lets things happen in it, in a thread of its own, until the event is set."""
    truth: Truth | None = None
    """Who works there, and all else; of AWS."""
    people: tuple[str, ...] = ()
    """Who works there; of the others."""


def _part(cloud: str, stack: ExitStack, stage: Stage, folder: Path, options: Options) -> _Part:
    if cloud == "aws":
        return _aws(stack, stage, folder, options)
    remove = None if options.keep else folder
    neighbour = stack.enter_context(
        start_neighbour(
            cloud,
            folder / cloud,
            seed=options.seed,
            scale=options.scale,
            kept=KEPT,
            remove=remove,
        )
    )
    told = neighbour.told
    stage.say(f"{told.things} things of {told.kinds} kinds in {TITLES[cloud]}")
    return _Part(
        target=told.target,
        live=lambda _: neighbour.live(stage.say),
        people=tuple(told.people),
    )


def _aws(stack: ExitStack, stage: Stage, folder: Path, options: Options) -> _Part:
    cloud = stack.enter_context(start_cloud(remove=None if options.keep else folder))
    stage.say(f"a cloud of this machine's own at {cloud.endpoint}: no account, no cost")
    truth = seed_cloud(
        cloud,
        scale=options.scale,
        seed=options.seed,
        regions=options.regions,
        kept=KEPT,
        progress=stage.progress,
    )
    stage.say(_summary(truth))

    def live(stopping: threading.Event) -> None:
        ground = Ground(cloud, seed=options.seed, regions=options.regions, kept=KEPT)
        scenes = tell_drift(ground, truth, seed=options.seed)
        drift = threading.Thread(
            target=play_drift,
            args=[scenes],
            kwargs={"wait": stopping.wait, "say": stage.say},
            name="drift",
            daemon=True,
        )
        drift.start()
        # Before the cloud ends: the scene that is being played finds it there.
        stack.callback(drift.join, timeout=5)

    target = {
        "provider": "aws",
        "account": cloud.account,
        "name": "demo",
        "regions": list(options.regions),
        "endpoint_url": cloud.endpoint,
    }
    return _Part(target=target, live=live, truth=truth)


def _live(
    serve: Serve, stage: Stage, options: Options, *, settings: Settings, parts: Sequence[_Part]
) -> int:
    """Run the agent here, and what happens in the clouds beside it."""
    stopping = threading.Event()

    def ready(url: str) -> None:
        for line in _invitation(url, settings, options):
            stage.say(line)
        for part in parts:
            part.live(stopping)

    try:
        with _on_signals(stopping.set):
            return serve(settings, stopping=stopping, ready=ready)
    finally:
        stopping.set()


def _summary(truth: Truth) -> str:
    kinds = len({one.kind for one in truth.resources})
    return f"{len(truth.resources)} resources of {kinds} kinds in {', '.join(truth.regions)}"


def _invitation(url: str, settings: Settings, options: Options) -> Iterator[str]:
    config = settings.file
    yield f"the agent looks every {options.every}; pages and metrics at {url}"
    yield "try, in another terminal:"
    yield f"  curl -s {url}/metrics | grep assay_rule_findings"
    yield f"  {options.command} -c {config} evidence deviations"
    yield f"  {options.command} -c {config} evidence verify"
    yield "somebody is about to break something; Ctrl-C ends it all"
    if options.keep:
        yield f"the evidence stays in {settings.folder}"


def _settings(folder: Path, targets: Sequence[dict[str, Any]], options: Options) -> Settings:
    """Write the configuration as a file, so that the other commands can be pointed at it."""
    document = {
        "targets": list(targets),
        "store": "evidence",
        "origin": "assay.demo/agent",
        "every": options.every,
        "rules": {rule: {"enabled": False} for rule in BEYOND},
        "files": configure_roster(folder / ROSTER),
        "run": {"max_attempts": 2, "back_fill": ""},
        "http": {"listen": _free(options.listen)},
    }
    path = folder / "assay.yaml"
    # JSON is YAML (YAML 1.2, section 1.3), and needs no quoting rules here.
    path.write_text(json.dumps(document, indent=2) + "\n")
    return load_settings(path, {})


def _free(listen: str) -> str:
    host, _, port = listen.rpartition(":")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError:
            return f"{host}:0"
    return listen


@contextmanager
def _folder(*, keep: bool) -> Iterator[Path]:
    if keep:
        yield Path(tempfile.mkdtemp(prefix="assay-demo-"))
        return
    with tempfile.TemporaryDirectory(prefix="assay-demo-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def demo_credentials() -> Iterator[None]:
    """Let the SDK of this process find credentials that open the demo's cloud and nothing else.

    The environment is the SDK's own first place to look, ahead of every profile and role of the
    person who runs the demo, so that not even a mistake could reach an account of theirs.
    """
    environment = os.environ  # noqa: TID251 - set for the SDK, and put back
    before = {name: environment[name] for name in environment if _concerns_sdk(name)}
    for name in before:
        del environment[name]
    environment.update(
        AWS_ACCESS_KEY_ID="demo",
        AWS_SECRET_ACCESS_KEY="demo",  # noqa: S106 - moto takes any
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )
    try:
        yield
    finally:
        for name in [name for name in environment if _concerns_sdk(name)]:
            del environment[name]
        environment.update(before)


def _concerns_sdk(name: str) -> bool:
    """Its own settings, and the proxies through which loopback cannot be reached."""
    return name.startswith("AWS_") or name.lower() in {"http_proxy", "https_proxy", "all_proxy"}


def _interrupt() -> None:
    raise KeyboardInterrupt


@contextmanager
def _on_signals(act: Callable[[], None]) -> Iterator[None]:
    """Act on SIGINT and SIGTERM: left alone, the second would end the process on the spot."""

    def handle(_signal: int, _frame: FrameType | None) -> None:
        act()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
