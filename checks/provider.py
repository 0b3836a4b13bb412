"""What the room of a cloud offers the agent: the targets behind an entry, and a session on each.

An entry of `targets` in assay.yaml is one way into one provider: an account, or everything that an
organization, a tenant or a folder holds. `checks/<provider>/` supplies (docs/providers.md):

    settings.py    the keys that an entry can have, a frozen Struct with the provider as its tag;
                   it imports no SDK, since the configuration is read more often than a cloud
    provider.py    `open_providers`, as in `Room`; imported when a target of the provider is opened
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from msgspec import Struct

from checks.limits import Clock
from checks.model import Check, Session, Target


class Member(Struct, frozen=True, kw_only=True):
    """A target that an entry leads to."""

    target: Target
    state: str = ""
    """Why it is not observed: the provider's word (`SUSPENDED`), or `EXCLUDED` where the entry
    says so. Empty: it is observed."""


class Provider(Protocol):
    """One entry, for as long as its configuration is in force. Called from several threads."""

    @property
    def label(self) -> str:
        """What the entry is called in the log and in messages; the same at every start."""
        ...

    @property
    def finds(self) -> bool:
        """Whether members are found by asking, may change, and are asked for again and again."""
        ...

    def members(self) -> tuple[Member, ...]:
        """List the targets, those that are not to be observed with their state.

        What is not among them has left the population, so a list that may not be whole is no list:
        raises `CallError`.
        """
        ...

    def open_session(self, target: Target) -> Session:
        """Make the session of one run on one member; nothing is asked yet.

        A session that finds itself on another target answers with `CallError` (`Cause.AUTH`).
        """
        ...


class Room(Protocol):
    """What the module `checks.<provider>.provider` has."""

    def open_providers(
        self,
        entries: Sequence[Any],
        *,
        checks: Iterable[Check],
        threads: int,
        path: Callable[[str], Path],
        clock: Clock,
    ) -> list[Provider]:
        """Open every entry of this provider at once, so that they can share the SDK's clients.

        `entries` are of the type in `checks.<provider>.settings`; `checks` say which calls can be
        made, `threads` how many at once a target; `path` resolves a path of the configuration.
        Asks nobody anything, and raises nothing that an entry could cause.
        """
        ...
