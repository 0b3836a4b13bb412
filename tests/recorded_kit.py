"""Strangers' recorded answers of AWS, put back on the wire for the collector's real clients.

`../shared/recorded` holds what other people's accounts answered, as their SDK had parsed it. Here
each answer is written down again in the protocol of its service, and given to boto3 where the
network would begin (botocore's `before-send` event): its parsers, our guard against torn answers
and our pages all see it. Nothing of the recordings is kept in this repository.
"""

from __future__ import annotations

import io
import json
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from aws_endpoint import Fault, Sent, refuse
from aws_kit import Naps, Seen
from botocore.awsrequest import AWSResponse
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model

from checks.aws.clients import Access, Clients
from checks.aws.session import AwsSession
from checks.collect import collect
from checks.limits import Limits
from checks.model import Call, Check

RECORDED = Path(__file__).parents[2] / "shared" / "recorded"
"""Beside the repository; the tests that need it are skipped where it is not."""

ACCOUNT = "644160558196"
"""The account that most recordings were made in, its number replaced by their publisher."""

REGION = "us-east-1"
NOT_RECORDED = "NotRecorded"
"""The error code of a call whose answer is not among the recorded ones."""

_OWN: Mapping[str, Mapping[str, Any]] = {
    "sts:GetCallerIdentity": {
        "Account": ACCOUNT,
        "Arn": f"arn:aws:iam::{ACCOUNT}:user/reader",
        "UserId": "AIDA",
    },
    "ec2:DescribeRegions": {
        "Regions": [{"RegionName": REGION, "OptInStatus": "opt-in-not-required"}]
    },
}
"""What the session asks for itself."""


@dataclass(frozen=True)
class Recorded:
    """One recorded answer."""

    name: str
    """`service:operation`, in the SDK's names."""
    n: int
    """Which of its operation it is in its flight, from 1."""
    status: int
    data: Mapping[str, Any]

    @property
    def code(self) -> str:
        """The error code, or nothing."""
        return str(self.data.get("Error", {}).get("Code", "")) if self.status >= 300 else ""


class Names:
    """The SDK's names of the calls that checks make, by what recordings call them."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self.calls: dict[str, list[tuple[str, Call]]] = defaultdict(list)
        """`service:operation` -> the checks that make the call, and the call."""
        for check in checks.values():
            for call in check.calls(frozenset(facet.name for facet in check.facets)):
                self.calls[call.name].append((check.name, call))
        session = botocore.session.Session()
        self._services: dict[str, list[str]] = defaultdict(list)
        self.of_id: dict[str, str] = {"sts": "sts"}
        for service in sorted({name.partition(":")[0] for name in self.calls}):
            model = session.get_service_model(service)
            self._services[model.endpoint_prefix].append(service)
            self.of_id[model.service_id.hyphenize()] = service

    def of(self, prefix: str, operation: str, data: Mapping[str, Any]) -> str:
        """The call of ours that a recorded answer is of; empty when it is of none."""
        found = [
            f"{service}:{operation}"
            for service in self._services[prefix]
            if f"{service}:{operation}" in self.calls
        ]
        if len(found) > 1:  # two APIs share an endpoint and the name of an operation
            found = [name for name in found if {*data} <= {*_members(name), "Error"}]
        return found[0] if found else ""


@cache
def _members(name: str) -> Mapping[str, Any]:
    service, _, operation = name.partition(":")
    return get_service_model(service).operation_model(operation).output_shape.members


def flights() -> list[str]:
    """The names of all recordings of AWS."""
    return sorted(path.stem for path in (RECORDED / "aws").glob("*.json"))


@cache
def manifest() -> Mapping[str, Any]:
    """What the recordings are, and what another engine said of them."""
    return dict(json.loads((RECORDED / "MANIFEST.json").read_text()))


def flight(name: str, names: Names) -> list[Recorded]:
    """The answers of one recording that are of calls of ours, in its order."""
    calls = json.loads((RECORDED / "aws" / f"{name}.json").read_text())["calls"]
    answers = []
    for call in calls:
        ours = names.of(call["service"], call["operation"], call["data"])
        if ours:
            answers.append(Recorded(ours, call["n"], call["status"], _with_times(call["data"])))
    return answers


@dataclass
class Replay:
    """Answers calls with what was recorded, each answer once, in their order.

    Also a session on them: `with Replay(checks) as replay: replay.load(...); replay.look(...)`.
    """

    checks: Mapping[str, Check]
    mentioning: str = ""
    """Answers of facets go only to requests that name this; others are not recorded."""
    waiting: dict[str, deque[Recorded]] = field(default_factory=dict)
    served: list[Recorded] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = Names(self.checks)
        self._listings = {check.list.name for check in self.checks.values() if check.list}
        self._clients = Clients(self.checks.values())
        self._access = Access(region=REGION, regions=(REGION,))
        self._clients.sdk_session(self._access).register("before-send", self._send)

    def load(self, answers: Sequence[Recorded], mentioning: str = "") -> None:
        """Forget what was before, and have these answers ready."""
        self.waiting = defaultdict(deque)
        for answer in answers:
            self.waiting[answer.name].append(answer)
        self.mentioning = mentioning
        self.served.clear()
        self.asked.clear()

    def left(self) -> list[str]:
        """The calls that still have answers, in the order of their recording."""
        return [name for name, answers in self.waiting.items() if answers]

    def session(self) -> AwsSession:
        """A session of the account that was recorded."""
        return AwsSession(self._clients, self._access)

    def look(self, wanted: Mapping[str, frozenset[str]]) -> Seen:
        """Collect, one call at a time, so that answers meet the requests that they were to."""
        naps = Naps()
        run = collect(
            self.session(),
            self.checks,
            wanted,
            clock=naps.clock(),
            deadline=60,
            threads=1,
            limits=Limits(tries=1),
        )
        parts = list(run)
        return Seen(parts, run.collection, naps)

    def _send(self, request: Any, event_name: str, **_: object) -> AWSResponse:
        _, identity, operation = event_name.split(".")
        name = f"{self.names.of_id[identity]}:{operation}"
        if name in _OWN:
            return _on_wire(Recorded(name, 1, 200, _OWN[name]), request.url)
        self.asked.append(name)
        answers = self.waiting.get(name)
        if not answers or (self.mentioning and not self._is_meant(name, request)):
            missing = {"Error": {"Code": NOT_RECORDED, "Message": f"no answer of {name}"}}
            return _on_wire(Recorded(name, 0, 400, missing), request.url)
        answer = answers.popleft()
        self.served.append(answer)
        return _on_wire(answer, request.url)

    def _is_meant(self, name: str, request: Any) -> bool:
        body = request.body or b""
        text = body.decode() if isinstance(body, bytes) else str(body)
        return name in self._listings or self.mentioning in f"{request.url} {text}"


def _on_wire(answer: Recorded, url: str) -> AWSResponse:
    """The answer in its service's protocol, as the network would give it."""
    if answer.code:
        return _error_on_wire(answer, url)
    service, _, operation = answer.name.partition(":")
    write = get_serializer_class(service, _protocol(service))(
        get_service_model(service).operation_model(operation),
        context=SerializationContext("recorded"),
    )
    given = write.serialize(answer.data)
    body = given["body"]
    raw = body if isinstance(body, bytes) else body.encode()
    headers = {**given["headers"], "x-amzn-RequestId": "recorded", "x-amz-request-id": "recorded"}
    return AWSResponse(url, given["status_code"], headers, _Body(raw))


def _error_on_wire(answer: Recorded, url: str) -> AWSResponse:
    service, _, operation = answer.name.partition(":")
    error = answer.data["Error"]
    fault = Fault(status=answer.status, code=answer.code, message=error.get("Message") or "")
    sent = Sent(service, operation, REGION, "", "", "", "")
    head: list[Any] = []
    body = b"".join(refuse(fault, sent, lambda *given: head.extend(given)))
    return AWSResponse(url, answer.status, dict(head[1]), _Body(body))


@cache
def _protocol(service: str) -> str:
    return str(botocore.session.Session().get_service_model(service).resolved_protocol)


class _Body(io.BytesIO):
    """What botocore reads a body from."""

    def stream(self, amount: int = 65536, **_: object) -> Iterator[bytes]:
        while chunk := self.read(amount):
            yield chunk


def _with_times(value: Any) -> Any:
    """The recorded value with its times as times."""
    if isinstance(value, list):
        return [_with_times(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.get("__class__") == "datetime":
        parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
        return datetime(*(value[part] for part in parts), tzinfo=UTC)
    return {key: _with_times(each) for key, each in value.items()}
