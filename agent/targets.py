"""Who is observed: the targets that the configuration's entries lead to, and a session on each.

The SDKs' clients and connections are kept for the life of the configuration; a session, which
knows who it is, is made anew for each run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import cast

from msgspec import Struct
from msgspec.structs import replace

from agent.config import Settings, TargetSettings
from agent.duration import parse_duration
from agent.population import Roll, call_roll
from agent.run import CLOCK
from checks.files.session import FilesSession, Source, WithFiles
from checks.limits import Clock
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


class Found(Struct, frozen=True, kw_only=True):
    """Who there is to observe, as far as it is known now."""

    observed: tuple[Observed, ...]
    rolls: tuple[Roll, ...]
    """Of the entries whose members are found by asking."""

    @property
    def failures(self) -> tuple[Roll, ...]:
        """The entries whose members could not be listed."""
        return tuple(roll for roll in self.rolls if roll.failure)


class Entries:
    """The entries of `targets`, opened once; who is behind them is asked again and again."""

    def __init__(
        self, settings: Settings, checks: Iterable[Check], *, as_of: datetime | None = None
    ) -> None:
        """Nobody is asked yet; `as_of` is when it is for the providers, if not now."""
        clock = replace(CLOCK, now=lambda: as_of) if as_of else CLOCK
        self._files = _files(settings)
        self._providers = _open_all(settings, list(checks), clock)
        self._fixed: dict[int, list[Target]] = {}

    @property
    def finds(self) -> bool:
        """Whether any entry has members that may change."""
        return any(provider.finds for provider in self._providers)

    def find(self, known: Mapping[str, Roll]) -> Found:
        """Ask every entry for its members; `known` are those that the log last had.

        Raises `TargetError` when an account that has no members does not say who it is, when a
        target is configured twice, and when there is nobody to observe.
        """
        rolls = {
            provider.label: call_roll(provider, known.get(provider.label))
            for provider in self._providers
            if provider.finds
        }
        fixed = [
            self._observed(provider, target)
            for index, provider in enumerate(self._providers)
            if not provider.finds
            for target in self._ask(index, provider)
        ]
        for label, times in Counter(each.target.label for each in fixed).items():
            if times > 1:
                raise TargetError(f"{label} is configured {times} times; keep one")
        found = {each.target.label: each for each in fixed}
        for provider in self._providers:
            for target in rolls[provider.label].targets if provider.finds else ():
                # One that has an entry of its own is observed as that says.
                found.setdefault(target.label, self._observed(provider, target))
        if not found:
            said = "; ".join(roll.words for roll in rolls.values() if roll.failure)
            raise TargetError(f"there is no target to observe: {said or 'no entry has a member'}")
        return Found(observed=tuple(found.values()), rolls=tuple(rolls.values()))

    def _ask(self, index: int, provider: Provider) -> list[Target]:
        """The targets of an entry that has the same ones for good; who answers is asked once."""
        if index not in self._fixed:
            try:
                members = provider.members()
            except CallError as error:
                raise TargetError(
                    f"targets[{index}]: cannot tell which account this is: {error}; renew the"
                    " credentials, or set `account` so that the agent can start and record that"
                    " it cannot see"
                ) from error
            self._fixed[index] = [each.target for each in members if not each.state]
        return self._fixed[index]

    def _observed(self, provider: Provider, target: Target) -> Observed:
        files = self._files
        return Observed(target=target, open=lambda: WithFiles(provider.open_session(target), files))


def _open_all(settings: Settings, checks: Sequence[Check], clock: Clock) -> list[Provider]:
    """Open every entry of `targets`, in their order; nobody is asked anything."""
    by_provider: dict[str, list[TargetSettings]] = {}
    for entry in settings.targets:
        by_provider.setdefault(entry.provider, []).append(entry)
    opened = {
        name: iter(_open(name, of, settings, checks, clock)) for name, of in by_provider.items()
    }
    return [next(opened[entry.provider]) for entry in settings.targets]


def _open(
    name: str,
    entries: Sequence[TargetSettings],
    settings: Settings,
    checks: Sequence[Check],
    clock: Clock,
) -> list[Provider]:
    # The SDK of a cloud is loaded only when a target of it is opened.
    room = cast("Room", import_module(f"checks.{name}.provider"))
    return room.open_providers(
        entries, checks=checks, threads=settings.run.threads, path=settings.path, clock=clock
    )


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
