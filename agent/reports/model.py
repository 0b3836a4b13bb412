"""What a report says, before it has a form: frozen values, gathered from the sealed log. Pure.

Periods are half-open [start, end) in UTC. Texts that came from a cloud are as they came: whoever
writes a form escapes them for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from agent.controls.model import Control, Due, Scope
from agent.evidence.deviations import Deviation
from agent.evidence.queries import Completeness
from agent.model import Outcome


class Health(StrEnum):
    """The state of something through a stretch of time; the worst that occurred in it."""

    FAIL = "fail"
    BLIND = "blind"
    """Nobody looked, or what was looked at could not be seen."""
    WAIVED = "waived"
    PASS = "pass"  # noqa: S105  # a verdict
    NONE = "none"
    """Not scheduled, or nothing in the population."""


class Provenance(Struct, frozen=True, kw_only=True):
    """What an auditor asks of any page: every page carries it."""

    source: str
    """From which store and log, and what that looked at."""
    query: str
    """By which question, with which parameters."""
    made_at: datetime
    completeness: str
    """How many of the slots expected have a run, and what of the rest is explained."""
    integrity: str
    """Size, root and anchors of the log, and what verification said."""


class Seal(Struct, frozen=True, kw_only=True):
    """The head of the log that a report was gathered from."""

    origin: str
    vkey: str
    size: int
    root: str
    """Hexadecimal."""
    checkpoint: str
    """The signed note."""
    verified: str
    """`valid`, or what is wrong; empty: it was not asked for."""
    anchored: str
    """`anchored until size 1234 at 2026-...Z by rfc3161`, or `chained, not anchored`."""

    @property
    def wrong(self) -> str:
        """What does not verify, of the log or of an anchor; empty: nothing that was checked."""
        said = (self.verified, self.anchored)
        return "; ".join(each for each in said if each.startswith("invalid"))


class Version(Struct, frozen=True, kw_only=True):
    """A rule's text through a part of the period."""

    sha256: str
    start: datetime
    """When the schedule that names it was in force; not before the period."""
    end: datetime | None
    """None: at the period's end still."""
    text: str
    """YAML; empty when retention has deleted it."""
    params: str = "{}"
    """The values of its parameters in its last run so, as JSON."""


class Stretch(Struct, frozen=True, kw_only=True):
    """A time through which something could not be seen."""

    target: str
    start: datetime
    end: datetime
    reason: str
    """Cause and code of the error, or the reason of the gap; `unexplained` when nobody gave one."""

    @property
    def length(self) -> timedelta:
        """How long."""
        return self.end - self.start


class Day(Struct, frozen=True):
    """One day (UTC) of a calendar."""

    date: date
    health: Health


class Response(Struct, frozen=True, kw_only=True):
    """What management says of a deviation."""

    by: str
    at: datetime
    text: str
    cause: str = ""
    entry: int = -1
    """Of the log; -1: it is from a file, and not sealed."""
    recorded_at: datetime | None = None
    """When it was sealed."""


class Instance(Struct, frozen=True, kw_only=True):
    """One finding of a rule, and what the rule read."""

    target: str
    resource: str
    outcome: Outcome
    message: str
    since: datetime
    """When the first run finished that saw it so."""
    digest: str
    """SHA-256 of the values, hexadecimal; empty: it read none."""
    values: str
    """JSON; empty when retention has deleted them."""


class Registered(Struct, frozen=True, kw_only=True):
    """A deviation in the register."""

    number: int
    """From 1, in the order of the register: how people cite it."""
    deviation: Deviation
    severity: str
    counts: bool
    """False: it was mended within the time that the rule allows (`deviation: {within: 7d}`)."""
    allowed: timedelta | None
    """That time; None: every failing moment counts."""
    response: Response | None = None
    text_changed: bool = False
    """Whether the rule's text changed between when it was last seen good and first seen bad: then
    it may be the rule that differs, and not the resource."""


class RuleResult(Struct, frozen=True, kw_only=True):
    """A rule through the period, on all targets in scope."""

    rule: str
    title: str
    severity: str
    check: str
    logic: tuple[str, ...]
    """What is tested, in words and in the rule's own language, a line each."""
    limits: tuple[str, ...]
    """What it does not see."""
    versions: tuple[Version, ...]
    every: timedelta | None
    """The shortest interval in the period; None: it was not scheduled."""
    tests: int
    """Runs of the rule in the period."""
    population: int
    """Resources that were in it at some time in the period."""
    population_sha256: str
    """Over their ids, sorted, each followed by a newline."""
    counts: Mapping[Outcome, int]
    """Of the last run in the period, over all targets."""
    register: tuple[Registered, ...]
    failed: int
    """Resources with a deviation that counts."""
    longest: timedelta | None
    """The longest that a deviation that counts can have lasted, one that lasts still up to the
    report; None: there is none."""
    blind: tuple[Stretch, ...]
    days: tuple[Day, ...]
    blind_share: float = 0.0
    """The part of the time in which it was scheduled that was blind on some target, 0 to 1."""
    clean: bool = False
    """Whether there was a time in which something passed, all was seen, and nothing failed that no
    waiver accepts."""
    allowed: timedelta | None = None
    """Within what a failure must be mended; None: every failing moment is a deviation."""
    instance: Instance | None = None
    """One that was judged in the last run: the one whose id sorts first."""
    oldest: datetime | None = None
    """When the oldest of the targets' last runs finished that the counts are of."""
    unknown: tuple[str, ...] = ()
    """Targets whose state was unknown at the end: their last run was too old, or never was."""

    @property
    def health(self) -> Health:
        """The worst of the period's last day."""
        return self.days[-1].health if self.days else Health.NONE


class ControlResult(Struct, frozen=True, kw_only=True):
    """A control through the period."""

    control: Control
    rules: tuple[RuleResult, ...]
    dues: tuple[Due, ...]
    """Instances of its manual part that fell due, or were recorded, in the period."""
    days: tuple[Day, ...]
    """The worst of its rules."""
    sentence: str
    """The result in words: what was tested how often, n of N, what was found."""
    unlisted: bool = False
    """Whether it is of events of which the log has no list: one that nobody stated is not known."""

    @property
    def health(self) -> Health:
        """The worst of the period's last day."""
        return self.days[-1].health if self.days else Health.NONE

    @property
    def is_tested(self) -> bool:
        """Whether a rule of it ran in the period."""
        return any(rule.tests for rule in self.rules)


class WaiverUse(Struct, frozen=True, kw_only=True):
    """A waiver that was in force in the period."""

    id: str
    rule: str
    resources: tuple[str, ...]
    reason: str
    requested_by: str
    approved_by: str
    since: datetime
    until: datetime
    ticket: str
    recorded_at: datetime
    entry: int
    covered: int
    """Findings that read `waived` because of it in the period."""
    before: bool | None
    """Whether it was recorded before the first failure that it covers; None: it covered none."""


class Change(Struct, frozen=True, kw_only=True):
    """Something about the testing itself that changed in the period."""

    at: datetime
    entry: int
    kind: str
    """`rule`, `schedule`, `scope`, `config`, `agent`, `key`, `waiver`, `population`."""
    what: str
    diff: str = ""
    """Unified diff of a rule's text, where both are kept."""


class RollForward(Struct, frozen=True, kw_only=True):
    """The population of a check, from the start of the period to its end; it ties out."""

    check: str
    at_start: int
    joined: int
    left: int
    at_end: int

    @property
    def ties(self) -> bool:
        """Whether start, joined and left make the end."""
        return self.at_start + self.joined - self.left == self.at_end


class Sample(Struct, frozen=True, kw_only=True):
    """A draw that was sealed in the period."""

    at: datetime
    entry: int
    population: str
    of: int
    seed: str
    drawn: tuple[str, ...]


class Tool(Struct, frozen=True, kw_only=True):
    """The instrument that tested: what an auditor must know to rely on it."""

    versions: tuple[tuple[datetime, str, str], ...]
    """From when, the agent's version, and the digest of its image (empty: none)."""
    identities: tuple[tuple[str, str], ...]
    """Target, and as whom it was read."""
    permissions: tuple[str, ...]
    """What the rules in force need; nothing of it writes."""
    self_test: str
    """What the canary rules of the last run gave."""
    skew: str
    """The greatest difference between our clock and a provider's."""
    places: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = ()
    """Target, the regions that its last run looked at, and those that are not enabled there."""
    changed_by: tuple[str, ...] = ()
    """Who can change it, from the scope file."""


class Report(Struct, frozen=True, kw_only=True):
    """A period (Type II), or a moment (Type I, readiness: `start` equals `end`)."""

    kind: str
    """`readiness`, `type1` or `type2`."""
    scope: Scope
    start: datetime
    end: datetime
    targets: tuple[str, ...]
    criteria: Mapping[str, str]
    """Criterion -> its title, of the categories in scope."""
    controls: tuple[ControlResult, ...]
    completeness: Completeness
    register: tuple[Registered, ...]
    """Every deviation of every rule, those mended in time included, by start."""
    waivers: tuple[WaiverUse, ...]
    changes: tuple[Change, ...]
    population: tuple[RollForward, ...]
    samples: tuple[Sample, ...]
    subsequent: tuple[Change, ...]
    """What happened from the period's end to `provenance.made_at`."""
    tool: Tool
    seal: Seal
    provenance: Provenance


NOT_AN_OPINION = (
    "This is management's evidence of how its controls operated. It is not an auditor's opinion,"
    " and it does not say that the organization complies with anything."
)

HONEST = (
    "The log proves that what was recorded has not been changed or removed since it was anchored;"
    " it does not prove that the agent told the truth when it recorded it."
)
