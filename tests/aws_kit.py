"""What tests of the collector share: a clock that does not wait, sessions on the pretended AWS."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from aws_endpoint import CREDENTIALS, Endpoint
from botocore.config import Config

from checks.aws.clients import Access, Clients
from checks.aws.session import AwsSession
from checks.collect import collect
from checks.ledger import Collection
from checks.limits import Clock, Limits
from checks.load import load_checks
from checks.model import Check, Gap, Observation, Resource

SOME_CHECKS = Path(__file__).parent / "data/checks/some_of_aws.yaml"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass
class Naps:
    """Sleeps take no time, and are remembered; the monotonic clock counts them."""

    taken: list[float] = field(default_factory=list)
    offset: float = 0.0

    def sleep(self, seconds: float) -> None:
        self.taken.append(seconds)
        self.offset += seconds

    def clock(self, seed: int = 1) -> Clock:
        return Clock(
            now=lambda: datetime.now(UTC),
            monotonic=lambda: time.monotonic() + self.offset,
            sleep=self.sleep,
            random=random.Random(seed).random,
        )


@dataclass(frozen=True)
class Seen:
    """Everything that a collection gave, gathered as no program should."""

    parts: list[Observation]
    collection: Collection
    naps: Naps

    def resources(self, check: str) -> dict[str, Resource]:
        return {r.id: r for part in self.parts if part.check == check for r in part.resources}

    def named(self, check: str) -> dict[str, Mapping[str, Any]]:
        return {r.label: r.attributes for r in self.resources(check).values()}

    def listing_gaps(self, check: str = "") -> list[Gap]:
        return [g for part in self.parts if check in {"", part.check} for g in part.gaps]

    def facet_gaps(self, check: str = "") -> list[Gap]:
        found = [r for p in self.parts if check in {"", p.check} for r in p.resources]
        return [gap for resource in found for gap in resource.gaps]

    def vanished(self) -> list[str]:
        return [one for part in self.parts for one in part.vanished]


def client(endpoint: Endpoint, service: str, region: str = "us-east-1") -> Any:
    """A plain boto3 client, to prepare what is there."""
    config = Config(
        retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, inject_host_prefix=False
    )
    return boto3.client(
        service, endpoint_url=endpoint.url, region_name=region, config=config, **CREDENTIALS
    )


def some_checks() -> dict[str, Check]:
    """A few checks of AWS, with each way of listing among them."""
    return load_checks([SOME_CHECKS], shipped=False)


def checks_of(folder: Path, text: str) -> dict[str, Check]:
    file = folder / "checks.yaml"
    file.write_text(text)
    return load_checks([file], shipped=False)


def session_on(endpoint: Endpoint, checks: Mapping[str, Check], **access: Any) -> AwsSession:
    regions = access.pop("regions", ("us-east-1", "eu-west-1"))
    timeouts = {key: access.pop(key) for key in ("read_timeout",) if key in access}
    clients = Clients(checks.values(), connect_timeout=3, **timeouts)
    return AwsSession(
        clients, Access(endpoint_url=endpoint.url, region="us-east-1", regions=regions, **access)
    )


def look(
    endpoint: Endpoint,
    checks: Mapping[str, Check],
    wanted: Mapping[str, set[str]],
    *,
    limits: Limits | None = None,
    deadline: float = 600,
    threads: int = 8,
    **access: Any,
) -> Seen:
    """Collect `wanted` on the endpoint; counts begin anew."""
    endpoint.forget()
    naps = Naps()
    run = collect(
        session_on(endpoint, checks, **access),
        checks,
        {name: frozenset(parts) for name, parts in wanted.items()},
        clock=naps.clock(),
        deadline=deadline,
        threads=threads,
        limits=limits or Limits(tries=3),
    )
    parts = list(run)
    return Seen(parts, run.collection, naps)


def make_buckets(endpoint, count):
    s3 = client(endpoint, "s3")
    for number in range(count):
        s3.create_bucket(Bucket=f"bucket-{number}")
    return s3


def calls_of(endpoint, *services):
    return {k: n for k, n in endpoint.calls().items() if k.split(":")[0] in services}


def make_users(endpoint, *names):
    iam = client(endpoint, "iam")
    for name in names:
        iam.create_user(UserName=name)
    return iam


def make_tables(endpoint, *names):
    dynamodb = client(endpoint, "dynamodb")
    for name in names:
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        )
