"""Opens the entries of `targets` that are AWS: who their accounts are, and a session on each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from checks.aws.clients import Access, Clients
from checks.aws.organization import find_members
from checks.aws.session import AwsSession
from checks.aws.settings import ROLE_ARN, AwsSettings, OrganizationSettings
from checks.calls import Caller
from checks.ledger import Ledger
from checks.limits import Clock, Limits
from checks.model import Check, Target
from checks.provider import Member, Provider

PATIENCE = 300.0
"""Seconds after which a list of accounts that is not whole is given up."""


def open_providers(
    entries: Sequence[AwsSettings],
    *,
    checks: Iterable[Check],
    threads: int,
    path: Callable[[str], Path],
    clock: Clock,
) -> list[Provider]:
    """Open every entry; those with the same root certificates share their clients."""
    known = list(checks)
    clients: dict[str, Clients] = {}
    opened: list[Provider] = []
    for entry in entries:
        bundle = str(path(entry.ca_bundle)) if entry.ca_bundle else ""
        if bundle not in clients:
            clients[bundle] = Clients(known, threads=threads, ca_bundle=bundle)
        if entry.organization:
            found = Organization(clients[bundle], entry, entry.organization, clock)
            opened.append(found)
        else:
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


class Organization:
    """An entry that leads to the accounts of an organization: a `checks.provider.Provider`.

    The account of the identity that finds the others is observed by that identity itself, all
    others through the role.
    """

    finds = True

    def __init__(
        self,
        clients: Clients,
        settings: AwsSettings,
        organization: OrganizationSettings,
        clock: Clock,
    ) -> None:
        """Nothing is asked yet."""
        self._clients = clients
        self._settings = settings
        self._organization = organization
        self._clock = clock
        self._access = access_of(settings)
        self._own = ""
        self._partition = self._access.partition or "aws"

    @property
    def label(self) -> str:
        """The entry's name, or whose identity asks."""
        settings = self._settings
        who = settings.name or settings.role_arn or settings.profile or "default"
        return f"aws:organization:{who}"

    def members(self) -> tuple[Member, ...]:
        """Every account that AWS lists, retried where that may help. Raises `CallError`."""
        session = AwsSession(self._clients, self._access)
        ends = self._clock.monotonic() + PATIENCE
        caller = Caller(session, self._clock, Limits(), Ledger(), ends)
        caller.identify()
        names = session.names("")
        self._own, self._partition = names["account"], names["partition"]
        return find_members(caller, self._organization)

    def open_session(self, target: Target) -> AwsSession:
        """A session that is right only on the account of `target`, in the same partition."""
        own = target.id == self._own
        access = msgspec.structs.replace(self._access, account=target.id, partition=self._partition)
        return AwsSession(
            self._clients, access if own else self._through_role(access), name=target.name
        )

    def _through_role(self, access: Access) -> Access:
        role = f"arn:{self._partition}:iam::{access.account}:role/{self._organization.role}"
        return msgspec.structs.replace(
            access,
            source=self._access,
            role_arn=role,
            external_id=self._organization.external_id,
        )


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
