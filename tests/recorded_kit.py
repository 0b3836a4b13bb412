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
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from aws_answers import refuse
from aws_kit import Naps, Seen
from botocore.awsrequest import AWSResponse
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model
from msgspec.structs import replace

from checks.aws.clients import Access, Clients
from checks.aws.session import AwsSession
from checks.calls import Caller
from checks.collect import collect
from checks.facets import fetch
from checks.ledger import Ledger
from checks.limits import Limits
from checks.model import Call, Check, Gap, Resource
from checks.rows import read_children
from checks.template import places

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
    "iam:GenerateCredentialReport": {"State": "COMPLETE"},
    "ec2:DescribeRegions": {
        "Regions": [
            {"RegionName": name, "OptInStatus": "opt-in-not-required"}
            for name in ("ap-northeast-2", "us-east-1", "us-east-2", "us-west-1", "us-west-2")
        ]
    },
}
"""What the session asks for itself, and what makes AWS write a report."""

_UNASKED: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
    # It gives a marker with its last page too; the recorder did not go on, an honest reader must.
    "wafv2:ListWebACLs": lambda _: {"WebACLs": []},
    # We describe the clusters whose services we list; the recorder took their names only.
    "ecs:DescribeClusters": lambda asked: {
        "clusters": [{"clusterArn": arn} for arn in asked["clusters"]]
    },
}
"""What AWS would have said to calls of ours that the recorder did not make; no rule reads it."""


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


def flights(checks: Mapping[str, Check]) -> list[str]:
    """The names of the recordings of AWS that have an answer of some operation that checks use."""
    facets = {
        check.name: frozenset(facet.name for facet in check.facets) for check in checks.values()
    }
    ours = {call.operation for check in checks.values() for call in check.calls(facets[check.name])}
    return sorted(
        Path(one["path"]).stem
        for one in manifest()["files"]
        if one["path"].startswith("aws/")
        and ours & {kind.rpartition(".")[2] for kind in one["resource_types"]}
    )


@cache
def manifest() -> Mapping[str, Any]:
    """What the recordings are, and what another engine said of them."""
    return dict(json.loads((RECORDED / "MANIFEST.json").read_text()))


@cache
def _calls(name: str) -> Mapping[str, Mapping[str, Any]]:
    calls = json.loads((RECORDED / "aws" / f"{name}.json").read_text())["calls"]
    return {f"{call['service']}.{call['operation']}_{call['n']}.json": call for call in calls}


def flight(name: str, names: Names) -> list[Recorded]:
    """The answers of one recording that are of calls of ours, in its order."""
    return consumed([(name, call) for call in _calls(name)], names)


def consumed(calls: Sequence[Sequence[str]], names: Names) -> list[Recorded]:
    """Of the answers that another engine read, (recording, file) each, those of calls of ours."""
    answers = []
    for name, file in calls:
        call = _calls(name)[file]
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
        self._accesses: set[Access] = set()

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

    def alone(self, name: str) -> list[Gap]:
        """Read one answer of `name` outside of any collection, for a resource made up for it.

        For answers whose listing was not recorded. Gives the gaps that it left.
        """
        check, call = next((self.checks[check], call) for check, call in self.names.calls[name])
        clock = Naps().clock()
        caller = Caller(
            self._session(REGION), clock, Limits(tries=1), Ledger(), clock.monotonic() + 60
        )
        made_up = Resource(
            check=check.name, id="it", label="it", region=REGION, attributes=_made_up(call.params)
        )
        if call == check.batch:
            caller.ask(call, {**call.params, check.batch_param: ["it"]}, REGION)
            return []
        if call == check.list:
            parent = replace(made_up, attributes=made_up.attributes.get("parent", {}))
            return list(read_children(caller, check, REGION, parent).gaps)
        facet = next(facet for facet in check.facets if facet.call == call)
        gap = fetch(caller, check, facet, made_up).gap
        return [gap] if gap else []

    def _session(self, region: str) -> AwsSession:
        access = Access(region=region, regions=(region,))
        if access not in self._accesses:
            self._accesses.add(access)
            self._clients.sdk_session(access).register("before-send", self._send)
        return AwsSession(self._clients, access)

    def look(self, wanted: Mapping[str, frozenset[str]], region: str = REGION) -> Seen:
        """Collect, one call at a time, so that answers meet the requests that they were to."""
        naps = Naps()
        run = collect(
            self._session(region),
            self.checks,
            wanted,
            clock=naps.clock(),
            deadline=600,
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
        if not answers and name in _UNASKED:
            return _on_wire(
                Recorded(name, 0, 200, _UNASKED[name](json.loads(request.body))), request.url
            )
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
    service = answer.name.partition(":")[0]
    error = answer.data["Error"]
    head: list[Any] = []
    said = refuse(
        service,
        lambda *given: head.extend(given),
        status=answer.status,
        code=answer.code,
        message=error.get("Message") or "",
    )
    body = b"".join(said)
    return AWSResponse(url, answer.status, dict(head[1]), _Body(body))


@cache
def _protocol(service: str) -> str:
    return str(botocore.session.Session().get_service_model(service).resolved_protocol)


class _Body(io.BytesIO):
    """What botocore reads a body from."""

    def stream(self, amount: int = 65536, **_: object) -> Iterator[bytes]:
        while chunk := self.read(amount):
            yield chunk


def _made_up(params: Any) -> dict[str, Any]:
    """Attributes in which every place of these templates is a text that the SDK lets pass."""
    found: dict[str, Any] = {}
    for text in _texts(params):
        for place in places(text):
            *above, last = place.split(".")
            holder = found
            for step in above:
                holder = holder.setdefault(step, {})
            holder[last] = (
                f"https://example.test/{'1' * 12}/it" if last == "QueueUrl" else "it" * 16
            )
    return found


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(each)


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
