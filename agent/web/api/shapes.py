"""The rows and pages that the API answers with, as OpenAPI describes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from agent.evidence.entry import Kind
from agent.model import Outcome, Severity

TARGET = Field(description="The account, subscription or project.", examples=["aws:123456789012"])
RULE = Field(description="The rule's id.", examples=["aws-s3-bucket-versioning"])
RESOURCE = Field(description="The resource's id.", examples=["arn:aws:s3:::logs"])
REGION = Field(description="Where it is; empty: not regional.", examples=["eu-west-1"])
HEX = Field(description="SHA-256 in hexadecimal.", pattern="^[0-9a-f]{64}$")
NEEDS = Field(description="What to grant, when a call was denied.")
CODE = Field(description="Why, for machines; empty for a pass.")
MESSAGE = Field(description="Why, for people. Text from a cloud: show it as text.")


class Row(BaseModel):
    """One row; no other member than those described."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Paging(Row):
    """One page of a listing."""

    schema_: str = Field(alias="schema", description="Name and version of this form.")
    next: str | None = Field(description="`cursor` of the next page; null: this is the last.")


class RuleRow(Row):
    """A rule in force."""

    rule: str = RULE
    severity: Severity
    every: str = Field(description="How often it runs.", examples=["1h"])
    check: str = Field(description="What it looks at.", examples=["aws.s3.bucket"])
    soc2: list[str] = Field(description="Trust Services Criteria.", examples=[["CC6.1"]])
    title: str = Field(description="What is true when it passes.")


class RuleFacts(RuleRow):
    """Everything that a rule's document says, and what follows from it."""

    control: str
    owner: str
    criteria: dict[str, list[str]] = Field(description="Framework -> ids.")
    params: dict[str, dict[str, Any]] = Field(description="Name -> type, value, default, help.")
    when: str = Field(description="CEL: when it applies; empty: always.")
    each: dict[str, str] = Field(description="Variable -> CEL of the elements judged one by one.")
    require: list[dict[str, str]] = Field(description="CEL of what must be true, and the message.")
    message: str
    quantifier: str
    per: str
    at_least: int
    deviation: str
    judged: str = Field(description="Of what the requirement must hold, in words.")
    reads: list[str] = Field(description="The members that it reads.")
    calls: list[dict[str, Any]] = Field(description="The calls of the cloud that it takes.")
    needs: list[str] = Field(description="The permissions that it takes.")
    rationale: str
    remediation: str
    examples: list[dict[str, Any]]
    sha256: str = HEX


class RulePage(Paging):
    """A page of rules."""

    items: list[RuleRow]


class ControlFacts(Row):
    """What the organization says it does."""

    control: str = Field(examples=["access-review"])
    title: str
    criteria: list[str]
    frameworks: dict[str, list[str]] = Field(description="Framework -> ids.")
    owner: str
    manual: str = Field(description="How often people do their part; empty: machines do all.")
    task: str
    attach: list[str] = Field(description="What they attach.")
    performer: str
    reviewer: str


class ControlRow(ControlFacts):
    """A control in a list."""

    rules: int = Field(description="By how many rules it is proven.")
    in_scope: bool


class ControlDetail(ControlFacts):
    """A control, and the rules that prove it."""

    rules: list[str]


class ControlPage(Paging):
    """A page of controls."""

    items: list[ControlRow]


class TargetRow(Row):
    """Who is, or was, observed."""

    target: str = TARGET
    provider: str = Field(examples=["aws"])
    name: str
    observed: bool = Field(description="Whether the configuration leads to it now.")
    rules: int = Field(description="Rules in force on it.")
    last_run: int | None = Field(description="Entry of its last run.")
    finished: datetime | None = Field(description="When that ended.")


class TargetPage(Paging):
    """A page of targets."""

    items: list[TargetRow]


class RunRow(Row):
    """A run, and how many findings of each outcome it had."""

    entry: int = Field(description="Its entry of the log.")
    target: str = TARGET
    slot: datetime | None = Field(description="When it was due; null: it was not scheduled.")
    trigger: str = Field(examples=["schedule"])
    started: datetime
    finished: datetime
    rules: int = Field(description="Rules that were judged.")
    fail: int
    error: int = Field(description="What could not be seen.")
    waived: int
    pass_: int = Field(alias="pass")
    not_applicable: int
    changes: int = Field(description="Findings that differ from the run before.")
    gaps: int = Field(description="Things that could not be looked at.")


class RunDetail(RunRow):
    """A run, rule by rule, and what it could not see."""

    counts: dict[str, dict[str, int]] = Field(description="Rule -> outcome -> findings.")
    unseen: list[dict[str, Any]] = Field(description="What could not be looked at, and why.")
    state_root: str = HEX
    inventory_root: str = HEX


class RunPage(Paging):
    """A page of runs."""

    items: list[RunRow]


class FindingRow(Row):
    """What a rule says of a resource."""

    outcome: Outcome
    target: str = TARGET
    rule: str = RULE
    resource: str = RESOURCE
    region: str = REGION
    since: datetime = Field(description="Since when it stands so.")
    code: str = CODE
    message: str = MESSAGE
    needs: list[str] = NEEDS
    stale: bool = Field(description="Whether it was too old to be known; then it is no pass.")


class FindingPage(Paging):
    """A page of findings."""

    at: datetime = Field(description="As of when.")
    items: list[FindingRow]


class SpanRow(Row):
    """A time through which a finding did not change."""

    target: str = TARGET
    rule: str = RULE
    resource: str = RESOURCE
    outcome: Outcome
    start: datetime
    end: datetime | None = Field(description="null: it stands.")
    code: str = CODE
    message: str = MESSAGE
    needs: list[str] = NEEDS
    values: str = Field(description="SHA-256 of what the rule read; empty: nothing.")


class SpanPage(Paging):
    """A page of the history of a finding."""

    items: list[SpanRow]


class StandingRow(Row):
    """A rule on a target: its worst outcome, or `unknown` when nobody looked in time."""

    target: str = TARGET
    rule: str = RULE
    status: str = Field(description="An outcome, or `unknown`.", examples=["fail", "unknown"])
    fail: int
    error: int
    waived: int
    pass_: int = Field(alias="pass")
    not_applicable: int
    finished: datetime | None = Field(description="When its last run ended; null: it never ran.")
    limit_seconds: int | None = Field(description="How old its state may be; null: unscheduled.")


class StandingPage(Paging):
    """A page of rules on targets."""

    at: datetime = Field(description="As of when.")
    items: list[StandingRow]


class DeviationRow(Row):
    """A time through which something failed."""

    target: str = TARGET
    rule: str = RULE
    resource: str = RESOURCE
    region: str = REGION
    start: datetime = Field(description="End of the first run that saw it fail.")
    end: datetime | None = Field(description="End of the first run that saw it otherwise.")
    ended_by: str = Field(description="`pass`, `gone`, `waived` ...; empty: it lasts.")
    observed: str = Field(description="How long it was seen to fail.", examples=["3:00:00"])
    longest: str = Field(description="How long it can have failed.", examples=["1 day, 2:00:00"])
    last_good: datetime | None
    last_bad: datetime | None
    blind: bool = Field(description="Whether nobody could look for a part of it.")
    message: str = MESSAGE


class DeviationPage(Paging):
    """A page of deviations."""

    items: list[DeviationRow]


class GapRow(Row):
    """Slots in a row that have no run."""

    target: str = TARGET
    from_: datetime = Field(alias="from")
    to: datetime
    slots: int
    reason: str = Field(examples=["agent_down", "unexplained"])
    author: str
    entry: int | None = Field(description="The entry that explains it.")


class GapPage(Paging):
    """A page of gaps."""

    items: list[GapRow]


class EntryRow(BaseModel):
    """An entry of the log: these members, and those of its kind."""

    model_config = ConfigDict(extra="allow")

    entry: int = Field(description="Its index.")
    at: datetime
    kind: Kind
    what: str = Field(description="What it records, in a few words.")


class EntryPage(Paging):
    """A page of entries."""

    items: list[EntryRow]


class LogHead(Row):
    """Which log this is, and how far it goes."""

    origin: str = Field(description="Its name in checkpoints.", examples=["example.com/assay"])
    vkey: str = Field(description="The key that verifies its checkpoints.")
    size: int = Field(description="Entries.")
    root: str = HEX
    checkpoint: str = Field(description="The newest signed checkpoint (C2SP signed note).")


class CheckpointRow(Row):
    """A signed checkpoint."""

    size: int
    checkpoint: str = Field(description="The note, as it was signed.")


class CheckpointPage(Paging):
    """A page of checkpoints."""

    items: list[CheckpointRow]


class InclusionProof(Row):
    """That an entry is in a tree (RFC 9162 section 2.1.3)."""

    entry: int
    size: int
    leaf: str = HEX
    root: str = HEX
    path: list[str] = Field(description="Hashes in hexadecimal, from the leaf up.")
    checkpoint: str | None = Field(description="The signed checkpoint of that size, if there is.")


class ConsistencyProof(Row):
    """That a tree continues an older one (RFC 9162 section 2.1.4)."""

    first: int
    second: int
    first_root: str = HEX
    second_root: str = HEX
    path: list[str] = Field(description="Hashes in hexadecimal.")
    checkpoints: list[str | None] = Field(description="The signed checkpoints of both sizes.")
