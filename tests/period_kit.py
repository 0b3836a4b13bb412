"""A period to report on: a schedule of real rule texts, hourly runs, and what went on in them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from evidence_world import BUCKET, HOUR, SIGNER, START, TARGET, World, open_world

from agent.controls.model import Scope
from agent.evidence import keys
from agent.evidence.seal import RuleVersion
from agent.evidence.slots import Scheduled
from agent.model import Finding, Outcome
from agent.reports.gather import gather
from agent.reports.model import Report, RuleResult
from agent.reports.question import Kind, Question

DAY = timedelta(days=1)
OTHER_TARGET = "aws:444455556666"
RULE = "aws-s3-encrypted"
ENCRYPTED = """\
id: aws-s3-encrypted
title: Buckets are encrypted
check: aws.s3.bucket
severity: high
every: 1h
criteria: {soc2: [CC6.1]}
when: has(resource.Name)
require: resource.Encryption.Rules.size() > 0
rationale: A disk that is stolen tells nothing.
"""
LOGGED = """\
id: aws-s3-logged
title: Buckets are logged
check: aws.s3.bucket
severity: low
every: 6h
deviation: {within: 2d}
criteria: {soc2: [CC7.2]}
require: [{that: has(resource.Logging), message: none}]
"""
TEXTS = {"aws-s3-encrypted": ENCRYPTED, "aws-s3-logged": LOGGED}
EVERY = {"aws-s3-encrypted": 3600, "aws-s3-logged": 21600}

State = Mapping[str, Mapping[str, str]]
"""Rule -> resource -> outcome."""


def versions(texts: Mapping[str, str] = TEXTS) -> dict[str, RuleVersion]:
    return {
        name: RuleVersion(text=text.encode(), params={"days": 90}, check=BUCKET)
        for name, text in texts.items()
    }


def schedule(
    world: World,
    at: datetime,
    texts: Mapping[str, str] = TEXTS,
    targets: tuple[str, ...] = (TARGET,),
) -> None:
    rules = {
        name: Scheduled(every=EVERY[name], digest=sha256(text.encode()).hexdigest())
        for name, text in texts.items()
    }
    world.log.schedule(dict.fromkeys(targets, rules), valid_from=at, at=at)


def run(
    world: World,
    at: datetime,
    state: State,
    *,
    target: str = TARGET,
    texts: Mapping[str, str] = TEXTS,
    header: Mapping[str, Any] | None = None,
    codes: Mapping[str, str] | None = None,
    slot: bool = True,
    revision: str = "",
) -> None:
    """Seal the run of a slot: of the rules that are due then."""
    due = {
        name: version
        for name, version in versions(texts).items()
        if int(at.timestamp()) % EVERY[name] == 0 or not slot
    }
    if not due:
        return
    with world.log.run(
        target=target,
        slot=at if slot else None,
        rules=due,
        at=at,
        trigger="schedule" if slot else "manual",
    ) as sealing:
        for name in due:
            for resource, outcome in state.get(name, {}).items():
                sealing.add(
                    Finding(
                        rule=name,
                        resource=resource,
                        region="eu-west-1",
                        outcome=Outcome(outcome),
                        code=(codes or {}).get(outcome, ""),
                        message="" if outcome == "pass" else f"{resource}: {outcome}",
                    )
                )
        seen = {resource for outcomes in state.values() for resource in outcomes}
        for resource in sorted(seen):
            sealing.see(
                resource, "eu-west-1", BUCKET, sha256(f"{resource}{revision}".encode()).digest()
            )
        base = {
            "agent": "0.1",
            "image": "",
            "identity": "arn:aws:sts::1:role/x",
            "clock_skew_ms": 3,
        }
        tested = {"self_test": {"rules": 2, "failed": []}}
        sealing.seal({**base, **tested, **(header or {})}, finished=at + timedelta(minutes=2))


def live(
    world: World,
    state: Callable[[datetime], State | None],
    *,
    start: datetime = START,
    hours: int,
    **how: Any,
) -> None:
    """Run hour after hour; None: no run in that slot."""
    for hour in range(hours):
        at = start + hour * HOUR
        now = state(at)
        if now is not None:
            run(world, at, now, **how)


@contextmanager
def period_world(folder: Path) -> Iterator[World]:
    """A world whose schedule is in force from the start."""
    with open_world(folder) as world:
        schedule(world, START)
        yield world


def report(
    world: World, days: int, *, kind: Kind = Kind.TYPE2, now: datetime | None = None, **more: Any
) -> Any:
    """Gather the report of the first `days`."""
    end = START + days * DAY
    question = Question(
        kind=kind,
        start=START if kind is Kind.TYPE2 else end,
        end=end,
        made_at=now or end,
        scope=more.pop("scope", Scope(organization="Acme", system="Shop")),
        verify=more.pop("verify", False),
        **more,
    )
    return gather(world.store, question)


def write_home(folder: Path, state: Callable[[datetime], State | None], *, hours: int) -> None:
    """Write a configuration and, beside it, the evidence of some hours with its key."""
    data = folder / "assay-data"
    data.mkdir()
    with period_world(data) as world:
        live(world, state, hours=hours)
    handle = os.open(data / "log.key", os.O_WRONLY | os.O_CREAT, 0o400)
    os.write(handle, keys.to_text(SIGNER).encode())
    os.close(handle)
    (folder / "assay.yaml").write_text("scope: scope.yaml\nshipped_rules: false\n")
    (folder / "scope.yaml").write_text("organization: Acme\nsystem: Shop\n")


def good(*names: str) -> State:
    return {rule: dict.fromkeys(names, "pass") for rule in TEXTS}


def rule_of(made: Report, name: str = RULE) -> RuleResult:
    """Give a rule of a report."""
    return next(rule for control in made.controls for rule in control.rules if rule.rule == name)


def failing(
    name: str, since: int, until: int, rule: str = RULE, outcome: str = "fail"
) -> Callable[[datetime], State]:
    """A world of two buckets in which one has another outcome for some hours."""

    def state(at: datetime) -> State:
        bad = since * HOUR <= at - START < until * HOUR
        found = good("one", "two")
        return {**found, rule: {**found[rule], name: outcome if bad else "pass"}}

    return state


def health(rule: RuleResult) -> list[str]:
    """Give the calendar of a rule in words."""
    return [str(day.health) for day in rule.days]
