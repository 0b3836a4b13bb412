"""Opens the entries of `targets` that are Azure: which subscriptions, and a session on each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from checks.azure.access import CLOUDS, Access, Auth, Cloud
from checks.azure.session import ENABLED, AzureSession, Tenant
from checks.azure.settings import AzureSettings
from checks.limits import Clock
from checks.model import CallError, Cause, Check, Target
from checks.provider import Member, Provider

EXCLUDED = "EXCLUDED"
GROUP = "providers/Microsoft.Management/managementGroups"


def open_providers(
    entries: Sequence[AzureSettings],
    *,
    checks: Iterable[Check],
    threads: int,
    path: Callable[[str], Path],
    clock: Clock,
) -> list[Provider]:
    """Open every entry; each has clients of its own, since each is another identity."""
    known = list(checks)
    return [
        AzureTenant(entry, known, threads=threads, path=path, now=clock.now) for entry in entries
    ]


class AzureTenant:
    """An entry: a `checks.provider.Provider`."""

    def __init__(
        self,
        settings: AzureSettings,
        checks: Iterable[Check],
        *,
        threads: int,
        path: Callable[[str], Path],
        now: Callable[[], datetime],
    ) -> None:
        """Nothing is asked yet."""
        self._settings = settings
        self.finds = not settings.subscriptions
        self._tenant = Tenant(access_of(settings, path), checks, now=now, threads=threads)
        self._tenant.subscriptions = tuple(each.lower() for each in settings.subscriptions)

    @property
    def label(self) -> str:
        """The tenant, and what of it is entered."""
        return f"azure:{self._settings.tenant.lower()}"

    def members(self) -> tuple[Member, ...]:
        """The subscriptions that are configured, or those that are shown. Raises `CallError`."""
        settings = self._settings
        if self.finds:
            found = self._below() if settings.management_groups else self._shown()
        else:
            found = [_member(each, "", "") for each in settings.subscriptions]
        left_out = {each.lower() for each in settings.exclude}
        members = [
            Member(target=each.target, state=EXCLUDED) if each.target.id in left_out else each
            for each in found
        ]
        self._tenant.subscriptions = tuple(each.target.id for each in members if not each.state)
        if settings.directory:
            target = Target(
                provider="azure", id=settings.tenant.lower(), name=settings.name, level="tenant"
            )
            members.append(Member(target=target))
        return tuple(sorted(members, key=lambda member: (member.target.level, member.target.id)))

    def open_session(self, target: Target) -> AzureSession:
        """A session on the tenant or on one of its subscriptions."""
        if target.level:
            return self._tenant.above(name=target.name)
        return self._tenant.session(target.id, name=target.name)

    def _shown(self) -> list[Member]:
        """Every subscription that Resource Manager shows this identity."""
        rows = self._tenant.read_all("subscriptions", {"api-version": "2022-12-01"})
        return [
            _member(row["subscriptionId"], row.get("displayName", ""), row.get("state", ""))
            for row in rows
        ]

    def _below(self) -> list[Member]:
        """Every subscription below the management groups."""
        found = {}
        for group in self._settings.management_groups:
            rows = self._tenant.read_all(
                f"{GROUP}/{group}/descendants", {"api-version": "2020-05-01"}
            )
            for row in rows:
                if str(row.get("type", "")).lower().endswith("/subscriptions"):
                    name = row.get("properties", {}).get("displayName", "")
                    found[row["name"]] = _member(row["name"], name, "")
        if not found:
            raise CallError(
                Cause.NOT_FOUND,
                "NoSubscriptions",
                "there is no subscription below the management groups that this identity sees",
            )
        return list(found.values())


def access_of(settings: AzureSettings, path: Callable[[str], Path]) -> Access:
    """How the identity of an entry is got."""

    def file(written: str) -> str:
        return str(path(written)) if written else ""

    cloud, given = CLOUDS[settings.cloud], settings.endpoints
    return Access(
        tenant=settings.tenant,
        auth=Auth(settings.auth),
        client_id=settings.client_id,
        secret_file=file(settings.secret_file),
        certificate_file=file(settings.certificate_file),
        token_file=file(settings.token_file),
        cloud=Cloud(
            authority=given.authority or cloud.authority,
            arm=given.arm or cloud.arm,
            graph=given.graph or cloud.graph,
            # What stands in front of the cloud passes on tokens that are for the cloud.
            arm_audience=cloud.arm,
            graph_audience=cloud.graph,
        ),
        ca_bundle=file(settings.ca_bundle),
        known_authority=given.known_authority,
    )


def _member(subscription: Any, name: str, state: str) -> Member:
    target = Target(provider="azure", id=str(subscription).lower(), name=name)
    return Member(target=target, state="" if not state or state in ENABLED else state)
