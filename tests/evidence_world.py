"""A small world for the tests of the log: a store, its key, a clock, and runs of what is given."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.evidence import queries
from agent.evidence.log import Log
from agent.evidence.note import Signer
from agent.evidence.seal import RuleVersion, SealedRun
from agent.evidence.slots import Scheduled
from agent.evidence.store import Store
from agent.evidence.verify import verify_store
from agent.model import Finding, Outcome

SIGNER = Signer("example.com/log", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = Signer("example.com/log", Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
TARGET = "aws:111122223333"
BUCKET = "aws.s3.bucket"


def finding(
    rule: str, resource: str, outcome: str = "pass", *, region: str = "eu-west-1", **more: Any
) -> Finding:
    """A finding whose values say the outcome."""
    more.setdefault("message", "" if outcome == "pass" else f"{resource} is {outcome}")
    more.setdefault("values", {"resource": {"State": outcome}, "params": {"days": 90}})
    return Finding(
        rule=rule, resource=resource, region=region, outcome=Outcome(outcome), **more
    )  # fmt: skip


def rules_of(*names: str) -> dict[str, RuleVersion]:
    """Rules of the bucket check, each with its own text."""
    return {
        name: RuleVersion(text=f"id: {name}".encode(), params={"days": 90}, check=BUCKET)
        for name in names
    }


@dataclass
class World:
    """An open log, and how to run on it."""

    store: Store
    log: Log
    held: list[bytes] = field(default_factory=list)

    def entry(self, index: int) -> dict[str, Any]:
        """The body of an entry of the log."""
        return next(body for at, body in queries.entries(self.store, start=index) if at == index)

    def state(self, **which: str) -> dict[tuple[str, str], tuple[str, str]]:
        """Outcome and code of what stands, by rule and resource."""
        return {
            (row.rule, row.resource): (str(row.outcome), row.code)
            for row in queries.current(self.store, **which)
        }

    def run(
        self,
        hour: int,
        outcomes: Mapping[tuple[str, str], str],
        *,
        rules: tuple[str, ...] = ("r1", "r2"),
        target: str = TARGET,
        slot: bool = True,
        minutes: int = 1,
        **sealing: Any,
    ) -> SealedRun:
        """Seal a run in the slot of an hour: (rule, resource) -> outcome."""
        at = START + hour * HOUR
        with self.log.run(
            target=target,
            slot=at if slot else None,
            rules=rules_of(*rules),
            at=at,
            trigger="schedule" if slot else "manual",
        ) as run:
            for (rule, resource), outcome in outcomes.items():
                run.add(finding(rule, resource, outcome))
                run.see(resource, "eu-west-1", BUCKET, sha256(resource.encode()).digest())
            sealed = run.seal(
                {"versions": {"agent": "0.1"}}, finished=at + timedelta(minutes=minutes), **sealing
            )
        self.held.append(self.log.checkpoint())
        return sealed

    def plan(self, hour: int = 0, every: int = 3600, targets: tuple[str, ...] = (TARGET,)) -> None:
        """Put a schedule in force."""
        rules = {"r1": Scheduled(every=every, digest="00")}
        at = START + hour * HOUR
        self.log.schedule(dict.fromkeys(targets, rules), valid_from=at, at=at)

    def verify(self) -> None:
        """Verify everything from its bytes, against all checkpoints ever held."""
        verify_store(self.store, str(SIGNER.verifier), self.held)


@contextmanager
def open_world(folder: Path, *, connect: Any = sqlite3.connect) -> Iterator[World]:
    """A world whose log is verified from its bytes at the end."""
    path = folder / "evidence.db"
    with (
        Store.open(path, connect=connect) as store,
        Log.open(store, SIGNER, at=START) as log,
    ):
        yield World(store, log)
    with Store.open(path, create=False) as store:
        verify_store(store, SIGNER.verifier)
