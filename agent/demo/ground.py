"""What the makers of resources share: clients, and a draw that depends on nothing but its name."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Mapping
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from msgspec import Struct, field

from agent.demo.cloud import ACCOUNT
from agent.demo.process import Cloud


class Seeded(Struct, frozen=True, kw_only=True):
    """One resource that was made, or found, and what is true of it."""

    kind: str
    """The check that observes it (`aws.s3.bucket`)."""
    id: str
    """As that check identifies it: the ARN where there is one."""
    region: str
    """Empty: not regional."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What was asked for when it was made; the names are the seeding's own."""
    handle: str = ""
    """What the API calls it by (`sg-...`, a bucket's name); empty: the id."""


class Place(Struct, frozen=True, kw_only=True):
    """The network of a region in which everything runs."""

    vpc: str
    subnets: tuple[str, ...]


class Ground:
    """An account to seed."""

    account = ACCOUNT

    def __init__(self, cloud: Cloud, *, seed: int, regions: tuple[str, ...], kept: int = 0) -> None:
        """The first of `regions` is home: what is not regional is made there.

        `kept`: in how many of a hundred facts every resource is as it should be.
        """
        self.cloud = cloud
        self.kept = kept
        self.seed = seed
        self.regions = regions
        self.places: dict[str, Place] = {}
        """By region; known once the main network of it is made."""
        self._lock = threading.Lock()
        self._session = _session()
        self._clients: dict[tuple[str, str], Any] = {}

    @property
    def home(self) -> str:
        """The region in which global things are made."""
        return self.regions[0]

    def client(self, service: str, region: str = "") -> Any:
        """A client of `service` (shared between threads) at the demo's endpoint."""
        key = (service, region or self.home)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._make(*key)
            return self._clients[key]

    def good(self, kind: str, fact: str, i: int, *, of: int = 3) -> bool:
        """Whether resource `i` is as it should be in this fact: all but one of every `of`.

        It depends on (seed, kind, fact, i) only; an odd `of` spreads the bad ones over two regions.
        """
        draw = random.Random(f"{self.seed}/{kind}/{fact}/kept")  # noqa: S311 - no secret
        if draw.randrange(100) < self.kept:
            return True
        start = random.Random(f"{self.seed}/{kind}/{fact}").randrange(of)  # noqa: S311 - no secret
        return (i + start) % of != 0

    def draw(self, kind: str, i: int, *facts: str, of: int = 3) -> dict[str, bool]:
        """`good` for each of the facts."""
        return {fact: self.good(kind, fact, i, of=of) for fact in facts}

    def arn(self, service: str, region: str, rest: str) -> str:
        """An ARN of this account."""
        return f"arn:aws:{service}:{region}:{self.account}:{rest}"

    def _make(self, service: str, region: str) -> Any:
        client: Any = self._session.client(  # type: ignore[call-overload] # the name is not literal
            service,
            region_name=region,
            endpoint_url=self.cloud.endpoint,
            config=Config(
                max_pool_connections=16,
                retries={"mode": "standard", "total_max_attempts": 5},
                proxies={},
            ),
        )
        if service == "s3control":
            client.meta.events.register("before-sign.s3-control", _drop_account_host)
        return client


def _session() -> boto3.session.Session:
    """A session that reads no profile and no credential of the person who runs the demo."""
    core = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    return boto3.session.Session(
        aws_access_key_id="demo",
        aws_secret_access_key="demo",  # noqa: S106 - moto takes any
        botocore_session=core,
    )


def _drop_account_host(request: Any, **_: Any) -> None:
    """S3 Control puts the account before the host (`1234.127.0.0.1`), which resolves nowhere."""
    request.url = request.url.replace(f"//{ACCOUNT}.", "//")
