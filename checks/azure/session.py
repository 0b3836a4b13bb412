"""One subscription, or the tenant above it, for one run: the collector's way to Azure.

A listing of a subscription comes from Resource Graph, read once for all of them; everything else
is asked of Resource Manager. The tenant is asked of Microsoft Graph. A call names its API's path
as the operation, and in `of` what stands before it:

    {service: arm, operation: blobServices/default, params: {of: "{id}", api-version: "2023-05-01"}}

The operation `get` is the thing itself: what a listing leaves out of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from checks.azure.access import Access
from checks.azure.errors import request_id_of
from checks.azure.graph import fetch_page
from checks.azure.guard import origin_of
from checks.azure.rights import missing
from checks.azure.wire import Reply, Wire
from checks.estate import Estate, Raw, Round
from checks.httpdate import from_http_date
from checks.model import Answer, Call, CallError, Cause, Check, Made, Rate, Target

LISTING = "resourcegraph"
"""The service whose operations are tables of Resource Graph."""

ITSELF = "get"
"""The operation that reads just what `of` names."""

RATES: Mapping[str, Rate] = {
    "arm": Rate(25, 250),
    LISTING: Rate(3, 15),
    "msgraph:reports/authenticationMethods/userRegistrationDetails": Rate(0.5, 5),
}
"""learn.microsoft.com: azure-resource-manager/management/request-limits-and-throttling (a
subscription and identity), governance/resource-graph/concepts/guidance-for-throttled-requests,
graph/throttling-limits."""

WHO = "subscriptions/{subscriptionId}"
RIGHTS = "providers/Microsoft.Authorization/permissions"
ENABLED = frozenset({"Enabled", "Warned", "PastDue"})
"""`state` of a subscription that can be read."""


class Tenant:
    """One identity in one tenant, for the life of the agent; makes the sessions of its runs."""

    def __init__(
        self,
        access: Access,
        checks: Iterable[Check],
        *,
        now: Callable[[], datetime],
        threads: int = 16,
    ) -> None:
        """Nothing is asked yet, and no credential is looked for."""
        self.access = access
        self.subscriptions: tuple[str, ...] = ()
        """All that are looked at, in lower case; when they change, another round begins."""
        self.estate = Estate(self._fetch, now)
        self._types = types_of(checks)
        self._threads = threads
        self._lock = threading.Lock()
        self._wire: Wire | None = None

    @property
    def wire(self) -> Wire:
        """The clients, made when first used. Raises `CallError` without a usable credential."""
        with self._lock:
            if self._wire is None:
                self._wire = Wire(self.access, threads=self._threads)
            return self._wire

    def read_all(self, path: str, query: Mapping[str, str]) -> list[Mapping[str, Any]]:
        """Every row of a list of Resource Manager. Raises `CallError` unless it is whole."""
        rows: list[Mapping[str, Any]] = []
        after: str | None = path
        while after:
            reply = self.wire.get("arm", after, query)
            found = reply.data.get("value")
            if not isinstance(found, list):
                message = f"{path} answered without a list"
                raise CallError(Cause.INVALID, "MalformedAnswer", message, status=reply.status)
            rows += found
            after, query = _answer(reply, self.wire.base["arm"]).next, {}
        return rows

    def session(self, subscription: str, *, name: str = "") -> AzureSession:
        """The session of one run on a subscription; nothing is asked yet."""
        target = Target(provider="azure", id=subscription.lower(), name=name)
        return AzureSession(self, target)

    def join(self, subscription: str) -> Round:
        """Give the round for one session of a subscription, which is looked at from now on.

        It may be known from the log alone, when nobody could say yet which ones there are.
        """
        with self._lock:
            if subscription not in self.subscriptions:
                self.subscriptions = (*self.subscriptions, subscription)
            return self.estate.join(subscription, self.subscriptions)

    def _fetch(self, table: str, after: Any, joined: Round) -> Raw:
        among = sorted(joined.among)
        return fetch_page(self.wire, table, self._types[table], among, after, joined.at)

    def above(self, *, name: str = "") -> AzureSession:
        """The session of one run on the tenant itself."""
        target = Target(provider="azure", id=self.access.tenant.lower(), name=name, level="tenant")
        return AzureSession(self, target)


def types_of(checks: Iterable[Check]) -> dict[str, frozenset[str]]:
    """Table of Resource Graph -> the types in it that `checks` list, in lower case."""
    found: dict[str, set[str]] = {}
    for check in checks:
        if check.list and check.list.service == LISTING:
            kind = str(check.list.params["type"]).lower()
            found.setdefault(check.list.operation, set()).add(kind)
    return {table: frozenset(types) for table, types in found.items()}


class AzureSession:
    """A `checks.model.Session`. Who we are, and what we may read, is asked once."""

    def __init__(self, tenant: Tenant, target: Target) -> None:
        """See `Tenant.session` and `Tenant.above`."""
        self._tenant = tenant
        self._given = target
        self._lock = threading.RLock()
        self._known: Target | None = None
        self._identity = ""
        self._rights: list[Mapping[str, Any]] = []
        self._round: Round | None = None
        self._made: list[Made] = []

    @property
    def target(self) -> Target:
        """The subscription or tenant. Raises `CallError` when it cannot be seen."""
        return self._identify()

    @property
    def identity(self) -> str:
        """The object id that Azure knows us by. Raises `CallError` as `target` does."""
        self._identify()
        return self._identity

    @property
    def not_enabled(self) -> tuple[str, ...]:
        """None: regions are not opted in to."""
        return ()

    @property
    def rates(self) -> Mapping[str, Rate]:
        """What Microsoft publishes; nothing for endpoints that are not Microsoft's."""
        return RATES if self._tenant.access.known_authority else {}

    def names(self, region: str) -> Mapping[str, str]:
        """The values of `{account}`, `{subscription}`, `{tenant}` and `{region}`."""
        target = self._identify()
        return {
            "account": target.id,
            "subscription": "" if target.level else target.id,
            "tenant": self._tenant.access.tenant.lower(),
            "region": region,
            "partition": "azure",
        }

    def made(self) -> tuple[Made, ...]:
        """The calls that say who we are and what we may read."""
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
            return self._listed(call, params, after)
        values = dict(params)
        below = "" if call.operation == ITSELF else call.operation
        path = "/".join(filter(None, [str(values.pop("of", "")).strip("/"), below]))
        wire = self._tenant.wire
        reply = wire.get(call.service, after or path, {} if after else values)
        return _answer(reply, wire.base[call.service])

    def _listed(self, call: Call, params: Mapping[str, Any], after: Any) -> Answer:
        self._identify()
        lacking = missing(call.needs, self._rights)
        if lacking:
            raise CallError(
                Cause.DENIED,
                "NoRoleAssignment",
                f"no role on the subscription gives {', '.join(lacking)}",
            )
        with self._lock:
            if self._round is None:
                self._round = self._tenant.join(self._given.id)
            reading = self._round.reading(call.operation)
        return reading.page(self._given.id, str(params["type"]).lower(), after)

    def _identify(self) -> Target:
        with self._lock:
            if self._known is None:
                service = "msgraph" if self._given.level else "arm"
                claims = self._tenant.wire.claims(service)
                self._identity = str(claims.get("oid") or claims.get("appid") or "unnamed")
                tenant = str(claims.get("tid", "")).lower()
                if tenant not in {"", self._tenant.access.tenant.lower()}:
                    raise CallError(
                        Cause.AUTH, "WrongTenant", f"these credentials are of the tenant {tenant}"
                    )
                self._known = self._given if self._given.level else self._seen()
            return self._known

    def _seen(self) -> Target:
        """The subscription as Azure describes it, once our rights on it are known."""
        path = f"subscriptions/{self._given.id}"
        found = self._own(WHO, path, {"api-version": "2022-12-01"}).data
        state = str(found.get("state", ""))
        if state not in ENABLED:
            raise CallError(
                Cause.AUTH, "SubscriptionNotEnabled", f"the subscription is {state or 'unknown'}"
            )
        after = f"{path}/{RIGHTS}"
        query = {"api-version": "2022-04-01"}
        rows: list[Mapping[str, Any]] = []
        while after:
            reply = self._own(RIGHTS, after, query)
            rows += reply.data.get("value") or []
            after, query = _answer(reply, self._tenant.wire.base["arm"]).next or "", {}
        self._rights = rows
        name = self._given.name or str(found.get("displayName", ""))
        return Target(provider="azure", id=self._given.id, name=name)

    def _own(self, operation: str, path: str, query: Mapping[str, str]) -> Reply:
        """Make a call of the session's own, and note it."""
        name = f"arm:{operation}"
        try:
            reply = self._tenant.wire.get("arm", path, query)
        except CallError as error:
            self._note(name, error.status, error.request_id, "")
            error.call = name
            raise
        date = from_http_date(reply.headers.get("date", ""))
        self._note(name, reply.status, request_id_of(reply.headers), date)
        return reply

    def _note(self, call: str, status: int, request_id: str, date: str) -> None:
        made = Made(call=call, region="", status=status, request_id=request_id, date=date)
        self._made.append(made)


def _answer(reply: Reply, base: str) -> Answer:
    """A reply as the collector takes it. Raises `CallError` when somebody else seems to answer.

    A link to the next page is followed only on the endpoint `base`: our token goes nowhere else.
    """
    request_id = request_id_of(reply.headers)
    if not request_id:
        raise CallError(
            Cause.INVALID,
            "NoRequestId",
            "the answer has no request id: something else answered in Azure's place",
            status=reply.status,
        )
    link = reply.data.get("nextLink") or reply.data.get("@odata.nextLink")
    if link and origin_of(str(link)) != origin_of(base):
        message = f"the next page is not at {base}: {link!s:.100}"
        raise CallError(Cause.INVALID, "ForeignLink", message, status=reply.status)
    return Answer(
        data=reply.data,
        next=str(link) if link else None,
        request_id=request_id,
        date=from_http_date(reply.headers.get("date", "")),
        status=reply.status,
    )
