"""What can be looked at, and what came of looking. Frozen values; no I/O.

Errors of this room:

    CheckError                 a check document is wrong (always with file:line:column)
    CallError                  one call to a provider failed; carries its `Cause`
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol

from msgspec import Struct, field


class CheckError(Exception):
    """A check document is wrong; the message starts with `file:line:column`."""


class Cause(StrEnum):
    """Why something could not be seen: one taxonomy over all clouds."""

    AUTH = "auth"
    """The credentials are missing, wrong or expired: the whole target is unseen."""
    DENIED = "denied"
    """The identity may not make this call: grant what `needs` names."""
    NOT_ENABLED = "not_enabled"
    """The service or API is not switched on, and the check does not declare that as an answer."""
    NOT_LICENSED = "not_licensed"
    """The tenant's licence does not include the API."""
    THROTTLED = "throttled"
    """Still refused for rate after all retries."""
    TRANSIENT = "transient"
    """5xx, time-outs, connections lost, answers cut short; still so after all retries."""
    NOT_FOUND = "not_found"
    """The thing asked for is gone, or the answer lacks what it must have."""
    INVALID = "invalid"
    """The request or the answer does not fit its model: the check or the provider is wrong."""
    BLOCKED_WRITE = "blocked_write"
    """The read-only guard refused the call before it left the process."""
    DEADLINE = "deadline"
    """The run's deadline came before the call could be made."""


class CallError(Exception):
    """One call to a provider failed, in the provider's own words."""

    def __init__(
        self,
        cause: Cause,
        code: str,
        message: str,
        *,
        request_id: str = "",
        retry_after: float | None = None,
        status: int = 0,
        call: str = "",
        needs: tuple[str, ...] = (),
    ) -> None:
        """Take the provider's error code and words.

        `retry_after` is seconds, when the provider says so; `status` is that of HTTP, 0 when no
        answer came; `call` and `needs` are set for a call that no check names.
        """
        super().__init__(f"{code}: {message}")
        self.cause = cause
        self.code = code
        self.message = message
        self.request_id = request_id
        self.retry_after = retry_after
        self.status = status
        self.call = call
        self.needs = needs


class Scope(StrEnum):
    """Where a listing is made: once a target, or once in each region of it."""

    ACCOUNT = "account"
    REGION = "region"


class Call(Struct, frozen=True, kw_only=True):
    """One read-only operation and how its answer is read."""

    service: str
    """The SDK's name of the service (`s3`, `ec2`)."""
    operation: str
    """The SDK's name of the operation (`ListBuckets`)."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Literals and templates: `"{Name}"` is that field of the resource with its type kept,
    `"{parent.Name}"` of its parent; `{account}`, `{region}`, `{partition}` of the target."""
    select: str = ""
    """JMESPath of the wanted part of the answer; empty: all of it."""
    absent: tuple[str, ...] = ()
    """`Code` or `Code: part of the message`: errors that answer "there is none"."""
    needs: tuple[str, ...] = ()
    """The permissions that the call requires (`s3:GetEncryptionConfiguration`)."""
    decode: Mapping[str, str] = field(default_factory=dict)
    """Member of the selected part (`@`: the part itself) -> codec (`policy`, `json`, `csv` ...)."""

    @property
    def name(self) -> str:
        """`service:operation`, as shown to people."""
        return f"{self.service}:{self.operation}"


class Facet(Struct, frozen=True, kw_only=True):
    """A part of a resource that costs an extra call; fetched only when a rule reads it."""

    name: str
    call: Call

    @property
    def optional(self) -> bool:
        """Whether the provider can answer that there is none."""
        return bool(self.call.absent)


class Join(Struct, frozen=True, kw_only=True):
    """Rows of another check's listing attached to a resource without a call for each."""

    name: str
    check: str
    local: str
    """JMESPath in this resource."""
    foreign: str
    """JMESPath in the other check's resource; a list there matches by any of its elements."""
    many: bool = True
    """True: a list, possibly empty. False: the one row, or absent."""
    ignore_case: bool = False
    """Whether texts match however they are capitalised (user names, e-mail addresses)."""


class Before(Struct, frozen=True, kw_only=True):
    """A call that must have answered `until` before the listing is asked for (a report)."""

    call: Call
    until: Mapping[str, str]


class Check(Struct, frozen=True, kw_only=True):
    """One kind of resource that can be observed, and by which read-only calls."""

    name: str
    """`aws.s3.bucket`."""
    doc: str
    scope: Scope
    id: str
    """Template of the resource's id: its ARN where it has one."""
    label: str = ""
    """Template of what people call it; empty: the id."""
    region: str = ""
    """Member that holds the resource's own region; empty: the region of the call."""
    list: Call | None = None
    """None: a singleton, one resource a target or region, made of facets only."""
    before: Before | None = None
    parent: str = ""
    """The check whose resources this one's listing is made for, one listing each."""
    keep: Mapping[str, str] = field(default_factory=dict)
    """Members added to each resource: name -> template (`ParentName: "{parent.Name}"`)."""
    item: str = ""
    """When a listing gives bare strings: the member under which each is kept."""
    batch: Call | None = None
    """A describe call merged into the resources of a page, many at a time."""
    batch_key: str = ""
    """The member by which the rows of a batch answer are matched with the resources."""
    batch_param: str = ""
    batch_size: int = 100
    where: str = ""
    """JMESPath that must be true of a row for it to be a resource of this check
    (`HomeRegion == region`); rows that are somebody else's are not in the population."""
    observed_at: str = ""
    """Member of the listing's answer that says when the provider made it (a cached report)."""
    facets: tuple[Facet, ...] = ()
    joins: tuple[Join, ...] = ()
    level: str = ""
    """The kind of target that has it (`tenant`, `organization`); empty: an account, a
    subscription, a project."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Path of a member under another spelling, which the provider has used -> its one name."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Path -> how a member looks (`string?`), where no model of the provider's says it."""
    optional: tuple[str, ...] = ()
    """Paths (`VpcId`, `IpPermissions[].FromPort`) that the API may leave out: a rule must say what
    absence means. All other members are expected; reading an absent one is an error."""
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """What an absent member means, as a fact of the API: path -> value."""
    volatile: tuple[str, ...] = ()
    """Paths that change by themselves; not part of the resource's digest."""
    redact: tuple[str, ...] = ()
    """Paths of secrets: the value is replaced by its kind before anything is hashed or kept."""
    source: str = ""
    """The API's reference page."""

    def calls(self, facets: frozenset[str]) -> tuple[Call, ...]:
        """Every call that observing this check with `facets` can make, joins' listings excluded."""
        own = [call for call in (self.list, self.before and self.before.call, self.batch) if call]
        return (*own, *(facet.call for facet in self.facets if facet.name in facets))


class Target(Struct, frozen=True, kw_only=True):
    """The account, subscription, project or tenant observed."""

    provider: str
    id: str
    name: str = ""
    level: str = ""
    """`tenant` or `organization` for what stands above accounts; its checks say the same."""

    @property
    def label(self) -> str:
        """`aws:111122223333`: the metric label, and the key of every record."""
        return f"{self.provider}:{self.id}"


class Gap(Struct, frozen=True, kw_only=True):
    """What could not be seen, where, and why."""

    check: str
    cause: Cause
    code: str
    message: str
    call: str = ""
    """`service:operation`; empty when no call was reached."""
    region: str = ""
    """Empty: the whole target."""
    resource: str = ""
    """Empty: the listing itself; otherwise the resource whose facet is unseen."""
    facet: str = ""
    needs: tuple[str, ...] = ()
    """What to grant, when the cause is `denied`."""
    request_id: str = ""


class Resource(Struct, frozen=True, kw_only=True):
    """One thing as its provider described it, in the provider's own spelling."""

    check: str
    id: str
    label: str
    region: str
    attributes: Mapping[str, Any]
    """Canonical JSON values: no nulls, RFC 3339 UTC times, documents decoded, secrets redacted."""
    observed_at: str = ""
    """RFC 3339 UTC: the provider's own time for a cached source; empty: the run's."""
    gaps: tuple[Gap, ...] = ()
    """Facets, joins and members (`Gap.facet`) of this resource that could not be seen."""


class Observation(Struct, frozen=True, kw_only=True):
    """A part of what was seen of one check in one target: the resources of a page, and the gaps.

    A check's observation is complete when no part of it has a gap whose `resource` is empty.
    """

    check: str
    region: str
    resources: tuple[Resource, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """Only gaps of listing; those of a facet are on their resource."""
    vanished: tuple[str, ...] = ()
    """Ids of resources deleted between listing and detail: no longer in the population."""


class Answer(Struct, frozen=True, kw_only=True):
    """One page of one call's answer."""

    data: Any
    next: Any = None
    """What to pass as `after` for the next page; None: this was the last."""
    request_id: str = ""
    date: str = ""
    """The server's `Date` header as RFC 3339 UTC, to measure the clock's skew."""
    status: int = 200
    """The status of HTTP."""
    shared: bool = False
    """The request was made for another target's run; it is named here and counted there."""


class Rate(Struct, frozen=True):
    """A token bucket: how many calls a second are allowed, and how many at once after a rest."""

    per_second: float
    burst: float


class Made(Struct, frozen=True, kw_only=True):
    """A call that a session made for itself (who am I, which regions are there)."""

    call: str
    region: str
    status: int
    request_id: str = ""
    date: str = ""


class Session(Protocol):
    """One identity on one target: the single way from a check to a provider."""

    @property
    def target(self) -> Target:
        """The target that this session observes."""
        ...

    @property
    def identity(self) -> str:
        """Who asks, in the provider's words (an STS ARN, an object id, a service account)."""
        ...

    def names(self, region: str) -> Mapping[str, str]:
        """Give the values of `{account}`, `{region}` and `{partition}` in templates."""
        ...

    def regions(self, service: str) -> tuple[str, ...]:
        """List the target's enabled regions that have `service`. Raises `CallError`."""
        ...

    @property
    def not_enabled(self) -> tuple[str, ...]:
        """Regions that the target has not switched on; known once `regions` has answered."""
        ...

    @property
    def rates(self) -> Mapping[str, Rate]:
        """Published rates: `service:operation`, `service:*` (each operation alike), `service`."""
        ...

    def made(self) -> tuple[Made, ...]:
        """List the calls that the session made for itself so far."""
        ...

    def request(
        self, call: Call, params: Mapping[str, Any], region: str, after: Any = None
    ) -> Answer:
        """Make one request, of one page, once: no retry, no paging. Raises `CallError`."""
        ...
