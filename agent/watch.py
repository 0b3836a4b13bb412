"""What a run makes of the parts of an observation as they come: findings, sightings, what was lost.

Each part is judged at once by every due rule of its check and let go, so that memory grows with a
page of a listing and not with an account.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from agent.evaluate import Tally, conclude, evaluate
from agent.evidence.seal import Lost, Run
from agent.judge import gap_message
from agent.plan import Plan
from agent.waivers import Waiver
from checks.canonical import digest
from checks.model import Check, Gap, Observation, Target


class Progress(Struct, frozen=True, kw_only=True):
    """How far a run has come."""

    checks: int
    """Checks of which something came."""
    of: int
    resources: int
    findings: int


class Unseen(Struct, frozen=True, kw_only=True):
    """One reason for which something could not be seen, and of how many resources it holds."""

    gap: Gap
    """Of the first of them."""
    resources: int
    """0: it is a listing."""


class Watch:
    """The state of one run while its parts come."""

    def __init__(
        self,
        run: Run,
        plan: Plan,
        checks: Mapping[str, Check],
        *,
        target: Target,
        now: datetime,
        waivers: Iterable[Waiver],
    ) -> None:
        """Findings go to `run`; `now` is the run's time."""
        self._run, self._plan, self._checks = run, plan, checks
        self._waivers: dict[str, list[Waiver]] = defaultdict(list)
        for waiver in waivers:
            self._waivers[waiver.rule].append(waiver)
        self._target, self._now = target, now
        self._tallies: dict[str, Tally] = {}
        self._begun: set[str] = set()
        self._resources = self._findings = 0
        self._unseen: dict[tuple[str, ...], Unseen] = {}

    @property
    def progress(self) -> Progress:
        """How far the run has come."""
        return Progress(
            checks=len(self._begun),
            of=len(self._plan.facets),
            resources=self._resources,
            findings=self._findings,
        )

    def take(self, part: Observation) -> None:
        """Judge every resource of a part by every rule of its check, and let the part go."""
        check = self._checks[part.check]
        self._begun.add(part.check)
        for gap in part.gaps:
            self._note(gap)
        for resource in part.resources:
            seen = digest(resource.attributes, check.volatile)
            self._run.see(resource.id, resource.region, part.check, seen)
            for gap in resource.gaps:
                self._note(gap)
        self._resources += len(part.resources)
        for rule in self._plan.rules_by_check.get(part.check, ()):
            findings, tally = evaluate(
                rule,
                part,
                now=self._now,
                target=self._target,
                waivers=self._waivers.get(rule.id, ()),
            )
            self._tallies[rule.id] = self._tallies.get(rule.id, Tally()) + tally
            for finding in findings:
                self._run.add(finding)
            self._findings += len(findings)

    def conclude(self, expected: Callable[[Check], set[str]]) -> None:
        """Add the findings that only a scope can carry, once every part has come.

        `expected` says where a check was to be looked at: a place that no part speaks of is an
        error, not an empty one.
        """
        for rule in self._plan.rules:
            regions = expected(self._checks[rule.check])
            tally = self._tallies.get(rule.id, Tally())
            found = conclude(
                rule,
                tally,
                now=self._now,
                target=self._target,
                regions=regions,
                waivers=self._waivers.get(rule.id, ()),
            )
            for finding in found:
                self._run.add(finding)
            self._findings += len(found)

    def lost(self) -> dict[str, list[Lost]]:
        """Say for each rule where its resources could not be listed: what was known there."""
        listings = [one.gap for one in self._unseen.values() if not one.gap.resource]
        return {
            rule.id: [
                Lost(gap.region, gap.cause.value, gap_message(gap), gap.needs)
                for gap in listings
                if gap.check == rule.check
            ]
            for rule in self._plan.rules
        }

    @property
    def unseen(self) -> tuple[Unseen, ...]:
        """What could not be seen, one of each reason: listings first."""
        return tuple(
            sorted(self._unseen.values(), key=lambda one: (one.resources > 0, one.gap.check))
        )

    def _note(self, gap: Gap) -> None:
        # One for each reason: a denied facet of 20,000 resources is one thing to grant.
        key = (
            gap.check,
            gap.region,
            gap.facet,
            gap.cause.value,
            gap.code,
            gap.call,
            str(not gap.resource),
        )
        known = self._unseen.get(key)
        first = known.gap if known else gap
        before = known.resources if known else 0
        self._unseen[key] = Unseen(gap=first, resources=before + bool(gap.resource))
