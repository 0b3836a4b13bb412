"""One project, or the organization above it, for one run: the collector's way to Google Cloud.

A listing comes from Cloud Asset Inventory, read once for all projects: the service is `asset`, the
operation its content type (`RESOURCE`, `IAM_POLICY`, `ORG_POLICY`), the parameter `type` the asset
type. The organization's people come from the Admin SDK: the service is `admin`, the operation the
path.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from checks.estate import Estate, Raw, Round
from checks.gcp.access import Access
from checks.gcp.assets import EVERYBODY, PROJECT, PROJECTS, Assets
from checks.gcp.directory import Directory
from checks.model import Answer, Call, CallError, Cause, Check, Made, Rate, Target

LISTING = "asset"

RATES: Mapping[str, Rate] = {LISTING: Rate(1.6, 10), "admin": Rate(25, 40)}
"""cloud.google.com/asset-inventory/docs/quota (100 a minute and consumer project),
developers.google.com/admin-sdk/directory/v1/limits (2,400 a minute and user)."""

ACTIVE = "ACTIVE"
"""`lifecycleState`, or `state` in newer exports, of a project that is not being deleted."""


class Organization:
    """One identity below one parent, for the life of the agent; makes the sessions of its runs."""

    def __init__(
        self, access: Access, checks: Iterable[Check], *, now: Callable[[], datetime]
    ) -> None:
        """Nothing is asked yet, and no credential is looked for."""
        self.access = access
        self.estate = Estate(self._fetch, now)
        self._types = types_of(checks)
        self._lock = threading.Lock()
        self._assets: Assets | None = None
        self._directory: Directory | None = None

    @property
    def assets(self) -> Assets:
        """The inventory, made when first asked. Raises `CallError` without a credential."""
        with self._lock:
            if self._assets is None:
                self._assets = Assets(self.access, self._types)
            return self._assets

    @property
    def directory(self) -> Directory:
        """The people's directory, made when first asked. Raises `CallError`."""
        with self._lock:
            if self._directory is None:
                self._directory = Directory(self.access)
            return self._directory

    def _fetch(self, listing: str, after: Any, joined: Round) -> Raw:
        return self.assets.fetch(listing, after, joined.at)

    def session(self, project: str, *, name: str = "") -> GcpSession:
        """The session of one run on a project (its id); nothing is asked yet."""
        return GcpSession(self, Target(provider="gcp", id=project, name=name))

    def above(self, *, name: str = "") -> GcpSession:
        """The session of one run on the organization itself; its parent must be one."""
        identity = self.access.parent.replace("organizations/", "organization-")
        target = Target(provider="gcp", id=identity, name=name, level="organization")
        return GcpSession(self, target)


def types_of(checks: Iterable[Check]) -> dict[str, frozenset[str]]:
    """Content type -> the asset types that `checks` list with it."""
    found: dict[str, set[str]] = {}
    for check in checks:
        if check.list and check.list.service == LISTING:
            found.setdefault(check.list.operation, set()).add(str(check.list.params["type"]))
    return {content: frozenset(types) for content, types in found.items()}


class GcpSession:
    """A `checks.model.Session`. Which project it is, is found out once."""

    def __init__(self, organization: Organization, target: Target) -> None:
        """See `Organization.session` and `Organization.above`."""
        self._organization = organization
        self._given = target
        self._lock = threading.RLock()
        self._round: Round | None = None
        self._known: Target | None = None
        self._owner = organization.access.parent if target.level else ""
        self._made: list[Made] = []

    @property
    def target(self) -> Target:
        """The project or organization. Raises `CallError` when it cannot be seen."""
        return self._identify()

    @property
    def identity(self) -> str:
        """The account that Google knows us by. Raises `CallError` without a credential."""
        return self._organization.assets.identity

    @property
    def not_enabled(self) -> tuple[str, ...]:
        """None: regions are not opted in to."""
        return ()

    @property
    def rates(self) -> Mapping[str, Rate]:
        """What Google publishes; nothing for endpoints that are not Google's."""
        google = self._organization.access.asset_endpoint.endswith(".googleapis.com")
        return RATES if google else {}

    def names(self, region: str) -> Mapping[str, str]:
        """The values of `{account}`, `{project}`, `{project_number}` and `{region}`."""
        target = self._identify()
        return {
            "account": target.id,
            "project": "" if target.level else target.id,
            "project_number": self._owner.removeprefix("projects/"),
            "region": region,
            "partition": "gcp",
        }

    def made(self) -> tuple[Made, ...]:
        """The requests that say which projects there are, when this session made them."""
        with self._lock:
            return tuple(self._made)

    def regions(self, service: str) -> tuple[str, ...]:  # noqa: ARG002  # of the protocol
        """None: a listing answers for all regions."""
        return ()

    def request(
        self,
        call: Call,
        params: Mapping[str, Any],
        region: str,  # noqa: ARG002  # of the protocol
        after: Any = None,
    ) -> Answer:
        """Make one request, of one page, once. Raises `CallError`."""
        if call.service == LISTING:
            self._identify()
            reading, kind = self._joined().reading(call.operation), str(params["type"])
            answer = reading.page(self._owner, kind, after)
            if kind in self._organization.assets.refused(call.operation):
                message = f"Cloud Asset Inventory lists no {call.operation} of {kind}"
                raise CallError(Cause.INVALID, "UnknownAssetType", message)
            return answer
        return self._organization.directory.get(call.operation, params, after)

    def _joined(self) -> Round:
        with self._lock:
            if self._round is None:
                self._round = self._organization.estate.join(self._given.id)
            return self._round

    def _identify(self) -> Target:
        with self._lock:
            if self._known is None:
                self._known = self._given if self._given.level else self._seen()
            return self._known

    def _seen(self) -> Target:
        """The project among those that the inventory shows us."""
        for data in self._projects():
            if data.get("projectId") == self._given.id:
                state = data.get("lifecycleState") or data.get("state")
                if state != ACTIVE:
                    message = f"the project is {state or 'of unknown state'}"
                    raise CallError(Cause.AUTH, "ProjectNotActive", message)
                self._owner = f"projects/{_number(data)}"
                name = self._given.name or str(data.get("name", ""))
                return Target(provider="gcp", id=self._given.id, name=name)
        raise CallError(
            Cause.DENIED,
            "ProjectNotVisible",
            f"{self._organization.access.parent} shows no project {self._given.id}",
            call=f"{LISTING}:{PROJECTS}",
            needs=("cloudasset.assets.listResource",),
        )

    def _projects(self) -> Iterator[Mapping[str, Any]]:
        for answer in read_projects(self._joined(), self._note):
            for row in answer.data["rows"]:
                yield row.get("resource", {}).get("data", {})

    def _note(self, status: int, request_id: str) -> None:
        call = f"{LISTING}:{PROJECTS}"
        self._made.append(Made(call=call, region="", status=status, request_id=request_id))


def read_projects(
    joined: Round, note: Callable[[int, str], None] = lambda _status, _id: None
) -> Iterator[Answer]:
    """Every page of the projects that the inventory shows. Raises `CallError`.

    `note(status, request id)` is told of each request that this makes.
    """
    reading, after = joined.reading(PROJECTS), None
    while True:
        try:
            answer = reading.page(EVERYBODY, PROJECT, after)
        except CallError as error:
            note(error.status, error.request_id)
            error.call = f"{LISTING}:{PROJECTS}"
            raise
        if not answer.shared:
            note(answer.status, answer.request_id)
        yield answer
        after = answer.next
        if after is None:
            return


def _number(data: Mapping[str, Any]) -> int:
    """A project's number, which protobuf's JSON carries as a double or as text."""
    try:
        return int(float(data["projectNumber"]))
    except (KeyError, ValueError, TypeError) as error:
        raise CallError(
            Cause.INVALID, "MalformedAnswer", f"{data.get('projectId')} has no number"
        ) from error
