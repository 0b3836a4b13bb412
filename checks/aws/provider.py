"""Opens the entries of `targets` that are AWS: who their accounts are, and a session on each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from checks.aws.clients import Access, Clients
from checks.aws.session import AwsSession
from checks.aws.settings import ROLE_ARN, AwsSettings
from checks.model import Check, Target
from checks.provider import Member, Provider


def open_providers(
    entries: Sequence[AwsSettings],
    *,
    checks: Iterable[Check],
    threads: int,
    path: Callable[[str], Path],
    now: Callable[[], datetime],  # noqa: ARG001 - what is asked of AWS is never kept for later
) -> list[Provider]:
    """Open every entry; those with the same root certificates share their clients."""
    known = list(checks)
    clients: dict[str, Clients] = {}
    opened: list[Provider] = []
    for entry in entries:
        bundle = str(path(entry.ca_bundle)) if entry.ca_bundle else ""
        if bundle not in clients:
            clients[bundle] = Clients(known, threads=threads, ca_bundle=bundle)
        opened.append(OneAccount(clients[bundle], entry))
    return opened


class OneAccount:
    """An entry that leads to one account: a `checks.provider.Provider`."""

    finds = False

    def __init__(self, clients: Clients, settings: AwsSettings) -> None:
        """Nothing is asked yet."""
        self._clients = clients
        self._settings = settings
        self._access = access_of(settings)

    @property
    def label(self) -> str:
        """The account, or how it is entered."""
        settings = self._settings
        return f"aws:{settings.account or settings.role_arn or settings.profile or 'default'}"

    def members(self) -> tuple[Member, ...]:
        """The account that is configured, or else whichever answers. Raises `CallError`."""
        settings = self._settings
        if settings.account:
            target = Target(provider="aws", id=settings.account, name=settings.name)
        else:
            target = AwsSession(self._clients, self._access, name=settings.name).target
        return (Member(target=target),)

    def open_session(self, target: Target) -> AwsSession:
        """A session that is right only on the account of `target`."""
        access = msgspec.structs.replace(self._access, account=target.id)
        return AwsSession(self._clients, access, name=target.name)


def access_of(settings: AwsSettings) -> Access:
    """How the identity of an entry is got."""
    role = ROLE_ARN.fullmatch(settings.role_arn)
    return Access(
        profile=settings.profile,
        region=settings.home_region,
        partition=settings.partition or (role[1] if role else ""),
        role_arn=settings.role_arn,
        external_id=settings.external_id,
        account=settings.account,
        regions=settings.regions,
        endpoint_url=settings.endpoint_url,
    )
