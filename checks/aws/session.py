"""One identity on one AWS account, for one run: the collector's way to boto3."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import botocore
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from msgspec import Struct

from checks.aws.clients import Access, Clients
from checks.aws.errors import from_client_error, from_sdk_error, from_shape_error
from checks.aws.guard import blocked
from checks.aws.pages import next_of
from checks.aws.rates import RATES
from checks.httpdate import from_http_date
from checks.model import Answer, Call, CallError, Cause, Made, Rate, Target

WHO = Call(service="sts", operation="GetCallerIdentity")
WHERE = Call(
    service="ec2",
    operation="DescribeRegions",
    params={"AllRegions": True},
    needs=("ec2:DescribeRegions",),
)
ENABLED = frozenset({"opt-in-not-required", "opted-in"})
"""`OptInStatus` of a region that can be called: docs.aws.amazon.com, API_Region."""


_UNREADABLE = (ResponseParserError, KeyError, IndexError, TypeError, ValueError, AttributeError)
"""What the SDK's parsers raise on an answer of another shape than the model's."""


class AwsSession:
    """A `checks.model.Session`. Who we are and which regions there are is asked once."""

    def __init__(self, clients: Clients, access: Access, *, name: str = "") -> None:
        """`name` is what people call the account. Nothing is asked yet."""
        self._clients = clients
        self._access = access
        self._name = name
        self._lock = threading.RLock()
        self._who: _Identity | None = None
        self._refused: CallError | None = None
        self._where: _Regions | None = None
        self._made: list[Made] = []

    @property
    def target(self) -> Target:
        """The account. Raises `CallError` when it is not known who we are."""
        return Target(provider="aws", id=self._identify().account, name=self._name)

    @property
    def identity(self) -> str:
        """The ARN that AWS knows us by. Raises `CallError` as `target` does."""
        return self._identify().arn

    @property
    def not_enabled(self) -> tuple[str, ...]:
        """Regions that the account has not opted in to."""
        return self._where.disabled if self._where else ()

    @property
    def rates(self) -> Mapping[str, Rate]:
        """What AWS publishes; nothing for an endpoint that is not AWS."""
        return {} if self._access.endpoint_url else RATES

    def names(self, region: str) -> Mapping[str, str]:
        """The values of `{account}`, `{region}` and `{partition}`."""
        who = self._identify()
        return {"account": who.account, "region": region, "partition": who.partition}

    def made(self) -> tuple[Made, ...]:
        """The calls to STS and for the regions."""
        with self._lock:
            return tuple(self._made)

    def regions(self, service: str) -> tuple[str, ...]:
        """Enabled regions that have `service` by the SDK's list (empty: all that are enabled)."""
        enabled = self._regions().enabled
        if not service:
            return enabled
        sdk = self._clients.sdk_session(self._access)
        present = sdk.get_available_regions(service, self._identify().partition)
        return tuple(region for region in enabled if region in set(present))

    def request(
        self, call: Call, params: Mapping[str, Any], region: str, after: Any = None
    ) -> Answer:
        """Make one request, of one page, once. Raises `CallError`."""
        try:
            with self._clients.client(self._access, call.service, region) as client:
                method = getattr(client, botocore.xform_name(call.operation), None)
                if method is None:  # its models hold the reads that the checks name, and no more
                    raise blocked(call.name)
                answer = method(**params, **(after or {}))
        except ClientError as error:
            raise from_client_error(error) from error
        except BotoCoreError as error:
            raise from_sdk_error(error) from error
        except _UNREADABLE as error:
            raise from_shape_error(error) from error
        return self._answer(call, answer)

    def _answer(self, call: Call, answer: dict[str, Any]) -> Answer:
        meta = answer.pop("ResponseMetadata", {})
        if not meta.get("RequestId"):
            raise CallError(
                Cause.INVALID,
                "NoRequestId",
                "the answer has no request id: something else answered in AWS's place",
                status=int(meta.get("HTTPStatusCode", 0)),
            )
        paging = self._clients.pages.of(call.service, call.operation)
        return Answer(
            data=answer,
            next=next_of(paging, answer),
            request_id=meta["RequestId"],
            date=from_http_date(meta.get("HTTPHeaders", {}).get("date", "")),
            status=int(meta.get("HTTPStatusCode", 200)),
        )

    def _identify(self) -> _Identity:
        """Who we are; credentials that were refused once are not tried again by this session."""
        with self._lock:
            if self._refused:
                raise self._refused
            if self._who is None:
                try:
                    self._who = self._ask_who()
                except CallError as error:
                    self._refused = error if error.cause is Cause.AUTH else None
                    raise
            return self._who

    def _ask_who(self) -> _Identity:
        data = self._own(WHO)
        account, arn = data["Account"], data["Arn"]
        if self._access.account not in {"", account}:
            message = f"these credentials are of {account}, not {self._access.account}"
            raise CallError(Cause.AUTH, "WrongAccount", message)
        partition = arn.split(":")[1]
        if self._access.partition not in {"", partition}:
            message = f"{account} is in {partition}, not in {self._access.partition}"
            raise CallError(Cause.AUTH, "WrongPartition", message)
        return _Identity(account=account, arn=arn, partition=partition)

    def _regions(self) -> _Regions:
        with self._lock:
            if self._where is None:
                self._identify()
                rows = self._own(WHERE)["Regions"]
                chosen = self._access.regions
                some = [row for row in rows if not chosen or row["RegionName"] in chosen]
                names = {row["RegionName"]: row["OptInStatus"] in ENABLED for row in some}
                unknown = sorted({*chosen} - {*names})
                if unknown:
                    message = f"AWS knows no region {', '.join(unknown)}"
                    raise CallError(Cause.INVALID, "UnknownRegion", message)
                self._where = _Regions(
                    enabled=tuple(sorted(name for name, on in names.items() if on)),
                    disabled=tuple(sorted(name for name, on in names.items() if not on)),
                )
            return self._where

    def _own(self, call: Call) -> Any:
        """Make a call of the session's own, and note it."""
        try:
            home = self._clients.home(self._access)
        except BotoCoreError as error:
            raise from_sdk_error(error) from error
        try:
            answer = self.request(call, call.params, "")
        except CallError as error:
            self._note(call, home, error.status, error.request_id, "")
            error.call, error.needs = call.name, call.needs
            raise
        self._note(call, home, answer.status, answer.request_id, answer.date)
        return answer.data

    def _note(self, call: Call, region: str, status: int, request_id: str, date: str) -> None:
        made = Made(call=call.name, region=region, status=status, request_id=request_id, date=date)
        self._made.append(made)


class _Identity(Struct, frozen=True, kw_only=True):
    account: str
    arn: str
    partition: str


class _Regions(Struct, frozen=True, kw_only=True):
    enabled: tuple[str, ...]
    disabled: tuple[str, ...]
