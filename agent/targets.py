"""Who is observed: the targets of the configuration, and a session on each.

The SDKs' clients and connections are kept for the life of the agent; a session, which knows who it
is, is made anew for each run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import cast

from msgspec import Struct

from agent.config import Settings, TargetSettings
from agent.duration import parse_duration
from agent.run import CLOCK
from checks.files.session import FilesSession, Source, WithFiles
from checks.model import CallError, Check, Session, Target
from checks.provider import Provider, Room


class TargetError(Exception):
    """A target cannot be told apart: nobody says whose credentials these are."""

    exit_code = 2


class Observed(Struct, frozen=True, kw_only=True):
    """One target and the way to it."""

    target: Target
    open: Callable[[], Session]
    """Make the session of one run; nothing is asked yet."""


def find_targets(settings: Settings, checks: Mapping[str, Check]) -> list[Observed]:
    """List the configured targets.

    One without `account` is asked who it is; raises `TargetError` when it does not answer.
    """
    files = _files(settings)
    found = [
        Observed(target=target, open=_opener(provider, target, files))
        for index, provider in enumerate(open_providers(settings, checks.values()))
        for target in _ask(provider, f"targets[{index}]")
    ]
    labels = [each.target.label for each in found]
    for label in labels:
        if labels.count(label) > 1:
            raise TargetError(f"{label} is configured {labels.count(label)} times; keep one")
    return found


def open_providers(settings: Settings, checks: Iterable[Check]) -> list[Provider]:
    """Open every entry of `targets`, in their order; nobody is asked anything."""
    by_provider: dict[str, list[TargetSettings]] = {}
    for entry in settings.targets:
        by_provider.setdefault(entry.provider, []).append(entry)
    known = list(checks)
    opened = {
        name: iter(_open(name, entries, settings, known)) for name, entries in by_provider.items()
    }
    return [next(opened[entry.provider]) for entry in settings.targets]


def _open(
    name: str, entries: Sequence[TargetSettings], settings: Settings, checks: Iterable[Check]
) -> list[Provider]:
    # The SDK of a cloud is loaded only when a target of it is opened.
    room = cast("Room", import_module(f"checks.{name}.provider"))
    return room.open_providers(
        entries, checks=checks, threads=settings.run.threads, path=settings.path, clock=CLOCK
    )


def _opener(provider: Provider, target: Target, files: FilesSession) -> Callable[[], Session]:
    return lambda: WithFiles(provider.open_session(target), files)


def _ask(provider: Provider, where: str) -> list[Target]:
    try:
        return [each.target for each in provider.members() if not each.state]
    except CallError as error:
        raise TargetError(
            f"{where}: cannot tell which account this is: {error}; renew the credentials, or set"
            " `account` so that the agent can start and record that it cannot see"
        ) from error


def _files(settings: Settings) -> FilesSession:
    """The configured files, which every target's accounts can be joined with."""
    sources = {
        name: Source(
            path=settings.path(file.path),
            columns=file.columns,
            values=file.values,
            max_age=parse_duration(file.max_age),
            observed_at=file.observed_at,
        )
        for name, file in settings.files.items()
    }
    return FilesSession(sources, CLOCK.now)
