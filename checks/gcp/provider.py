"""Opens the entries of `targets` that are Google Cloud: which projects, and a session on each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from checks.gcp.access import Access, Auth, Transport
from checks.gcp.session import ACTIVE, GcpSession, Organization, read_projects
from checks.gcp.settings import GcpSettings
from checks.limits import Clock
from checks.model import Check, Target
from checks.provider import Member, Provider

EXCLUDED = "EXCLUDED"
US = "(discovery)"
"""Under this name the provider itself joins a round, which no project can have."""


def open_providers(
    entries: Sequence[GcpSettings],
    *,
    checks: Iterable[Check],
    threads: int,  # noqa: ARG001 - gRPC carries all calls over one connection
    path: Callable[[str], Path],
    clock: Clock,
) -> list[Provider]:
    """Open every entry; each has clients of its own, since each is another identity."""
    known = list(checks)
    return [GcpParent(entry, known, path=path, now=clock.now) for entry in entries]


class GcpParent:
    """An entry: a `checks.provider.Provider`."""

    def __init__(
        self,
        settings: GcpSettings,
        checks: Iterable[Check],
        *,
        path: Callable[[str], Path],
        now: Callable[[], datetime],
    ) -> None:
        """Nothing is asked yet."""
        self._settings = settings
        self.finds = not settings.projects and not settings.parent.startswith("projects/")
        self._organization = Organization(access_of(settings, path), checks, now=now)

    @property
    def label(self) -> str:
        """The parent."""
        return f"gcp:{self._settings.parent}"

    def members(self) -> tuple[Member, ...]:
        """The projects that are configured, or those that are shown. Raises `CallError`."""
        settings = self._settings
        found = self._shown() if self.finds else [_member(each) for each in self._named()]
        members = [
            Member(target=each.target, state=EXCLUDED)
            if each.target.id in settings.exclude
            else each
            for each in found
        ]
        if settings.parent.startswith("organizations/"):
            above = self._organization.above(name=settings.name).target
            members.append(Member(target=above))
        return tuple(sorted(members, key=lambda member: (member.target.level, member.target.id)))

    def open_session(self, target: Target) -> GcpSession:
        """A session on the organization or on one of its projects."""
        if target.level:
            return self._organization.above(name=target.name)
        return self._organization.session(target.id, name=target.name)

    def _named(self) -> tuple[str, ...]:
        settings = self._settings
        return settings.projects or (settings.parent.removeprefix("projects/"),)

    def _shown(self) -> list[Member]:
        """Every project that the inventory shows below the parent."""
        joined = self._organization.estate.join(US)
        return [
            _member(str(data["projectId"]), str(data.get("name", "")), _state(data))
            for answer in read_projects(joined)
            for row in answer.data["rows"]
            if "projectId" in (data := row.get("resource", {}).get("data", {}))
        ]


def access_of(settings: GcpSettings, path: Callable[[str], Path]) -> Access:
    """How the identity of an entry is got."""

    def file(written: str) -> str:
        return str(path(written)) if written else ""

    usual = Access(parent=settings.parent)
    return Access(
        parent=settings.parent,
        auth=Auth(settings.auth),
        credentials_file=file(settings.credentials_file),
        impersonate=settings.impersonate,
        quota_project=settings.quota_project,
        admin=settings.admin,
        transport=Transport(settings.transport),
        asset_endpoint=settings.endpoints.asset or usual.asset_endpoint,
        admin_endpoint=settings.endpoints.admin or usual.admin_endpoint,
        ca_bundle=file(settings.ca_bundle),
    )


def _member(project: str, name: str = "", state: str = "") -> Member:
    return Member(target=Target(provider="gcp", id=project, name=name), state=state)


def _state(data: dict[str, object]) -> str:
    state = str(data.get("lifecycleState") or data.get("state") or "")
    return "" if state == ACTIVE else state or "UNKNOWN"
