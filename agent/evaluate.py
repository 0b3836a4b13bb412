"""A rule over the resources of a check, part by part: findings, and what is counted. Pure.

    total = Tally()
    for part in the parts of the check:              in any order
        findings, tally = evaluate(rule, part, now=now, target=target)
        total = total + tally
    findings = conclude(rule, total, now=now, target=target, regions=regions)

`evaluate` gives the findings that a resource carries; `conclude`, once all parts have come, those
that only a scope can: a listing that could not be seen, nothing observed, `any`, `none`,
`at_least`. A part's findings can be forgotten at once; a `Tally` stays small in any account.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from heapq import nsmallest
from typing import Any

from msgspec import Struct, field

from agent.judge import gap_message, judge_again, judging
from agent.model import Finding, Outcome
from agent.rules.rule import Per, Quantifier, Rule
from agent.waivers import Waiver, waive
from checks.model import Cause, Gap, Observation, Target

KEPT = 25
"""Candidates of `any` whose values are kept, and gaps that are told apart, in one region."""
_NAMED = 3


class Count(Struct, frozen=True, kw_only=True):
    """What was counted in one region; a commutative monoid under `+`."""

    applies: int = 0
    """Resources that `when` does not exclude."""
    unclear: int = 0
    """Resources of which that could not be told; with `any`, whether the requirement holds."""
    satisfied: int = 0
    """With `any`: resources of which the requirement holds."""
    kept: tuple[Finding, ...] = ()
    """With `any`: some candidates, those that satisfy first, then by id."""
    gaps: tuple[Gap, ...] = ()
    """Listings that could not be seen, one for each cause and call."""

    def __add__(self, other: Count) -> Count:
        return Count(
            applies=self.applies + other.applies,
            unclear=self.unclear + other.unclear,
            satisfied=self.satisfied + other.satisfied,
            kept=_first(self.kept + other.kept) if self.kept or other.kept else (),
            gaps=_distinct(self.gaps + other.gaps) if self.gaps or other.gaps else (),
        )


class Tally(Struct, frozen=True):
    """Counts by region; a commutative monoid under `+`, empty when nothing was reported."""

    regions: Mapping[str, Count] = field(default_factory=dict)

    def __add__(self, other: Tally) -> Tally:
        regions = dict(self.regions)
        for region, count in other.regions.items():
            regions[region] = regions[region] + count if region in regions else count
        return Tally(regions)


def evaluate(
    rule: Rule,
    part: Observation,
    *,
    now: datetime,
    target: Target,
    waivers: Collection[Waiver] = (),
) -> tuple[list[Finding], Tally]:
    """Give the findings on the resources of one part, and the part's own tally. Raises nothing."""
    judge_one = judging(rule, now=now, target=target)
    if rule.quantifier is Quantifier.ANY:
        judged = [judge_one(resource)[0] for resource in part.resources]
        return [], _tally(part, _count_any(judged))
    findings = [finding for resource in part.resources for finding in judge_one(resource)]
    count = _count_each(rule, part, findings)
    if waivers:
        findings = [waive(finding, waivers, now) for finding in findings]
    return findings, _tally(part, count)


def conclude(
    rule: Rule,
    tally: Tally,
    *,
    now: datetime,
    target: Target,
    regions: Iterable[str] = (),
    waivers: Collection[Waiver] = (),
) -> tuple[Finding, ...]:
    """Give the findings on scopes, once every part has come; at most one a scope.

    `regions`: where the check was to be listed (`""` for an account-wide listing). One that no part
    speaks of was not seen, and is an error like any other.
    """
    for region in _silent(tally, regions):
        tally += Tally({region: Count(gaps=(_unreported(rule, region),))})
    scopes = _counted(rule, tally)
    for region, count in tally.regions.items():
        if count.gaps:
            scopes.setdefault(region, {})["gaps"] = count.gaps
    found = (
        _scope_finding(rule, target, region, values) for region, values in sorted(scopes.items())
    )
    return tuple(waive(finding, waivers, now) for finding in found if finding is not None)


def outcome_again(rule: Rule, values: Mapping[str, Any], *, now: datetime) -> Outcome:
    """Give the outcome of the values kept with any finding, waivers aside.

    `rule` must be the text that the finding was made with, `now` that run's time.
    """
    if "scope" not in values:
        return judge_again(rule, values, now=now)
    satisfied = sum(
        judge_again(rule, kept, now=now) is Outcome.PASS
        for kept in values.get("resources", {}).values()
    )
    counted = {**values["scope"], **({"satisfied": satisfied} if "resources" in values else {})}
    return _scope_outcome(rule, counted) or Outcome.ERROR


def _silent(tally: Tally, regions: Iterable[str]) -> list[str]:
    """List the regions that nothing speaks for: neither their own parts nor a gap of the target."""
    if tally.regions.get("", Count()).gaps:
        return []
    silent = sorted({*regions} - {*tally.regions})
    return silent if silent or tally.regions else [""]


def _tally(part: Observation, count: Count) -> Tally:
    regions = {part.region: count}
    for gap in part.gaps:
        regions[gap.region] = regions.get(gap.region, Count()) + Count(gaps=(gap,))
    return Tally(regions)


def _count_each(rule: Rule, part: Observation, findings: list[Finding]) -> Count:
    if rule.when is None or rule.each is not None:  # a resource counts, whatever comes of it
        return Count(applies=len(part.resources))
    outcomes = [finding.outcome for finding in findings]
    return Count(
        applies=outcomes.count(Outcome.PASS) + outcomes.count(Outcome.FAIL),
        unclear=outcomes.count(Outcome.ERROR),
    )


def _count_any(candidates: list[Finding]) -> Count:
    outcomes = [finding.outcome for finding in candidates]
    return Count(
        applies=len(outcomes) - outcomes.count(Outcome.NOT_APPLICABLE),
        unclear=outcomes.count(Outcome.ERROR),
        satisfied=outcomes.count(Outcome.PASS),
        kept=_first(f for f in candidates if f.outcome is not Outcome.NOT_APPLICABLE),
    )


def _counted(rule: Rule, tally: Tally) -> dict[str, dict[str, Any]]:
    """Scope's region -> what was counted there, and whether all of it was seen."""
    groups: dict[str, list[str]] = {}
    for region in tally.regions:
        groups.setdefault(region if rule.per is Per.REGION else "", []).append(region)
    if rule.per is Per.REGION and len(groups) > 1:
        everywhere = groups.pop("", [])  # a gap of the whole target is a gap of each region
        groups = {region: names + everywhere for region, names in groups.items()}
    scopes = {}
    for region, names in groups.items():
        first, *more = (tally.regions[name] for name in names)
        total = sum(more, first)
        scopes[region] = {"count": total, "seen": not total.gaps}
    return scopes


def _scope_finding(
    rule: Rule, target: Target, region: str, parts: Mapping[str, Any]
) -> Finding | None:
    """None when the resources of the scope carry everything that there is to say."""
    count: Count = parts.get("count", Count())
    gaps: tuple[Gap, ...] = parts.get("gaps", ())
    scope = {
        # as far as it decides: a count that goes up and down changes no finding
        "applies": min(count.applies, _wanted(rule)),
        "unclear": min(count.unclear, 1),
        "satisfied": min(count.satisfied, _wanted(rule)),
        "seen": bool(parts.get("seen", True)),
        "listed": not gaps,
    }
    outcome = _scope_outcome(rule, scope)
    if outcome is None:
        return None
    resource = f"{target.label}/{region}" if region else target.label
    code, message, needs = _scope_said(rule, resource, outcome, count, gaps)
    values: dict[str, Any] = {"scope": scope}
    if rule.quantifier is Quantifier.ANY and count.kept:
        kept = count.kept[: _wanted(rule)] if outcome is Outcome.PASS else count.kept
        values["resources"] = {finding.resource: finding.values for finding in kept}
    return Finding(
        rule=rule.id,
        resource=resource,
        region=region,
        outcome=outcome,
        code=code,
        message=message,
        values=values,
        needs=needs,
    )


def _scope_outcome(rule: Rule, scope: Mapping[str, Any]) -> Outcome | None:
    """Give a scope its outcome; None: the findings on resources say all."""
    if not scope["listed"]:
        return Outcome.ERROR  # whatever else holds, here is something that was not seen
    complete = scope["seen"] and not scope["unclear"]
    if rule.quantifier is Quantifier.ANY:
        return _enough(scope["satisfied"] >= _wanted(rule), complete)
    if rule.at_least:
        return _enough(scope["applies"] >= rule.at_least, complete)
    if not scope["seen"] or scope["applies"] or scope["unclear"]:
        return None
    return Outcome.PASS if rule.quantifier is Quantifier.NONE else Outcome.NOT_APPLICABLE


def _wanted(rule: Rule) -> int:
    return max(rule.at_least, 1)


def _enough(reached: bool, complete: bool) -> Outcome:
    if reached:
        return Outcome.PASS
    return Outcome.FAIL if complete else Outcome.ERROR


def _scope_said(
    rule: Rule, scope: str, outcome: Outcome, count: Count, gaps: tuple[Gap, ...]
) -> tuple[str, str, tuple[str, ...]]:
    """Code, message and needs of a finding on a scope."""
    if outcome is Outcome.PASS:
        return "", "", ()
    if outcome is Outcome.NOT_APPLICABLE:
        return "empty", f"no {rule.check} in {scope} to which this applies", ()
    if outcome is Outcome.ERROR:
        return _unseen_said(rule, scope, count, gaps)
    if rule.quantifier is Quantifier.ANY:
        said = [f"{finding.resource}: {finding.message}" for finding in count.kept[:_NAMED]]
        few = f"{count.satisfied} of {count.applies} {rule.check} in {scope} meet this"
        return "any", "; ".join([f"{few}, needed: {_wanted(rule)}", *said]), ()
    return "at_least", f"{count.applies} {rule.check} in {scope}, needed: {rule.at_least}", ()


def _unseen_said(
    rule: Rule, scope: str, count: Count, own: tuple[Gap, ...]
) -> tuple[str, str, tuple[str, ...]]:
    gaps = own or count.gaps
    errors = [finding for finding in count.kept if finding.outcome is Outcome.ERROR]
    needs = {need for gap in gaps for need in gap.needs}
    needs |= {need for finding in errors for need in finding.needs}
    said = list(dict.fromkeys([*map(gap_message, gaps), *(f.message for f in errors)]))
    more = [f"and {len(said) - _NAMED} more"] if len(said) > _NAMED else []
    where = f" in {scope}" if own else f": {rule.check} in {scope} cannot be counted"
    code = gaps[0].cause.value if gaps else next((f.code for f in errors), "unclear")
    return code, "; ".join([*said[:_NAMED], *more]) + where, tuple(sorted(needs))


def _unreported(rule: Rule, region: str) -> Gap:
    return Gap(
        check=rule.check,
        cause=Cause.DEADLINE,
        code="unreported",
        message="no answer was recorded",
        region=region,
    )


def _first(candidates: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(nsmallest(KEPT, candidates, key=_candidate))


def _candidate(finding: Finding) -> tuple[bool, str]:
    return finding.outcome is not Outcome.PASS, finding.resource


def _distinct(gaps: tuple[Gap, ...]) -> tuple[Gap, ...]:
    """One for each cause, call and permission: thousands of children fail for one reason."""
    by_reason: dict[tuple[Any, ...], Gap] = {}
    for gap in sorted(gaps, key=lambda gap: (*_reason(gap), gap.message)):
        by_reason.setdefault(_reason(gap), gap)
    return tuple(by_reason.values())[:KEPT]


def _reason(gap: Gap) -> tuple[Any, ...]:
    return (gap.cause, gap.call, gap.code, gap.needs, gap.check)
