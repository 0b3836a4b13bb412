"""Who is observed: the targets of the configuration, and a session on each.

The SDKs' clients and connections are kept for the life of the agent; a session, which knows who it
is, is made anew for each run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from agent.config import Settings, TargetSettings
from agent.duration import parse_duration
from agent.run import CLOCK
from checks.files.session import FilesSession, Source, WithFiles
from checks.model import CallError, Check, Session, Target


class TargetError(Exception):
    """A target cannot be told apart: nobody says whose credentials these are."""

    exit_code = 2


class Observed(Struct, frozen=True, kw_only=True):
    """One target and the way to it."""

    target: Target
    settings: TargetSettings
    open: Callable[[], Session]
    """Make the session of one run; nothing is asked yet."""


def find_targets(settings: Settings, checks: Mapping[str, Check]) -> list[Observed]:
    """List the configured targets.

    One without `account` is asked who it is; raises `TargetError` when it does not answer.
    """
    opened = _openers(settings, checks.values())
    found = []
    for index, each in enumerate(settings.targets):
        opening = opened(each)
        if each.account:
            target = Target(provider=each.provider, id=each.account, name=each.name)
        else:
            target = _ask(opening(), f"targets[{index}]")
        found.append(Observed(target=target, settings=each, open=opening))
    labels = [each.target.label for each in found]
    for label in labels:
        if labels.count(label) > 1:
            raise TargetError(f"{label} is configured {labels.count(label)} times; keep one")
    return found


def _ask(session: Session, where: str) -> Target:
    try:
        return session.target
    except CallError as error:
        raise TargetError(
            f"{where}: cannot tell which account this is: {error}; renew the credentials, or set"
            " `account` so that the agent can start and record that it cannot see"
        ) from error


def _openers(
    settings: Settings, checks: Iterable[Check]
) -> Callable[[TargetSettings], Callable[[], Session]]:
    from checks.aws.clients import Access, Clients  # noqa: PLC0415 - the SDK, only when it is used
    from checks.aws.session import AwsSession  # noqa: PLC0415 - as above

    known = list(checks)
    files = _files(settings)
    clients: dict[str, Clients] = {}

    def opener(each: TargetSettings) -> Callable[[], Session]:
        bundle = str(settings.path(each.ca_bundle)) if each.ca_bundle else ""
        if bundle not in clients:
            clients[bundle] = Clients(known, threads=settings.run.threads, ca_bundle=bundle)
        access = Access(
            profile=each.profile,
            role_arn=each.role_arn,
            external_id=each.external_id,
            account=each.account,
            regions=each.regions,
            endpoint_url=each.endpoint_url,
        )
        return lambda: WithFiles(AwsSession(clients[bundle], access, name=each.name), files)

    return opener


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
