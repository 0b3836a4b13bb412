"""The results of every rule of a period, and of the controls that they prove."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from agent.controls.model import Control, Due, State
from agent.controls.proof import rules_of
from agent.evidence.queries import Basis
from agent.evidence.store import Reading
from agent.model import Outcome
from agent.reports.judged import Judged, judge_period
from agent.reports.lens import Lens
from agent.reports.model import ControlResult, Registered, RuleResult, Version
from agent.reports.register import lasts, longest
from agent.reports.timeline import worst_of
from agent.reports.versions import Ran, read_ran, versions_of
from agent.reports.wording import Words, attested, read_words, sentence, sentence_at

Progress = Callable[[int, int, str], None]
"""Called with how many parts are done, of how many, and what comes next."""


class Tested(Struct, frozen=True, kw_only=True):
    """A rule through the period, before its deviations are numbered."""

    words: Words
    versions: tuple[Version, ...]
    every: timedelta | None
    ran: Ran | None
    judged: Judged


def read_rules(
    view: Reading,
    lens: Lens,
    progress: Progress = lambda *_: None,
    *,
    only: Collection[str] | None = None,
) -> dict[str, Tested]:
    """Read every rule that was to be looked at on a target in scope, one pass each.

    `only`: none but these.
    """
    ran = read_ran(view, lens)
    known = {*ran, *(rule for _, rule in lens.windows)}
    rules = sorted(
        rule
        for rule in known
        if (lens.tells(rule) or not lens.moment) and (only is None or rule in only)
    )
    found = {}
    for done, rule in enumerate(rules):
        progress(done, len(rules), rule)
        found[rule] = _tested(view, lens, rule, ran.get(rule))
    progress(len(rules), len(rules), "")
    return found


def _tested(view: Reading, lens: Lens, rule: str, ran: Ran | None) -> Tested:
    versions = versions_of(view, lens, rule, ran)
    micros = lens.interval(rule)
    every = None if micros is None else timedelta(microseconds=micros)
    text = versions[-1].text if versions else ""
    words = read_words(rule, text, ran.params if ran else "{}", every)
    if ran and not words.check:
        words = msgspec.structs.replace(words, check=ran.check)
    return Tested(
        words=words,
        versions=versions,
        every=every,
        ran=ran,
        judged=judge_period(view, lens, rule),
    )


def to_results(
    tested: Mapping[str, Tested],
    entries: Iterable[Registered],
    bases: Iterable[Basis],
    lens: Lens,
    made_at: datetime,
) -> dict[str, RuleResult]:
    """Put the register's entries, and on what the state at the end rests, to their rules."""
    own: dict[str, list[Registered]] = {rule: [] for rule in tested}
    for entry in entries:
        own[entry.deviation.rule].append(entry)
    resting: dict[str, list[Basis]] = {rule: [] for rule in tested}
    for basis in bases:
        if basis.rule in resting and lens.is_due(basis.target, basis.rule):
            resting[basis.rule].append(basis)
    return {
        rule: _result(rule, one, own[rule], resting[rule], made_at) for rule, one in tested.items()
    }


def _result(
    rule: str, one: Tested, entries: list[Registered], bases: list[Basis], made_at: datetime
) -> RuleResult:
    judged, words = one.judged, one.words
    counted = {(each.deviation.target, each.deviation.resource) for each in entries if each.counts}
    return RuleResult(
        rule=rule,
        title=words.title,
        severity=words.severity,
        check=words.check,
        logic=words.logic,
        limits=words.limits,
        versions=one.versions,
        every=one.every,
        tests=one.ran.tests if one.ran else 0,
        population=judged.population,
        population_sha256=judged.population_sha256,
        counts=judged.counts,
        register=tuple(entries),
        failed=len(counted),
        longest=longest(entries, made_at),
        blind=judged.blind,
        days=judged.days,
        blind_share=judged.blind_share,
        clean=judged.clean,
        allowed=words.allowed,
        oldest=min((basis.finished for basis in bases if basis.finished), default=None),
        unknown=tuple(sorted(basis.target for basis in bases if basis.stale)),
    )


def control_results(
    controls: Mapping[str, Control],
    words: Mapping[str, Words],
    results: Mapping[str, RuleResult],
    dues: Mapping[str, tuple[Due, ...]],
    *,
    unlisted: Collection[str],
    end: datetime,
    moment: bool,
) -> tuple[ControlResult, ...]:
    """Give the result of every control; a rule that none selects stands for itself, at the end."""
    say = _state if moment else _operation
    proven = {name: [each.id for each in rules_of(one, words)] for name, one in controls.items()}
    selected = {rule for rules in proven.values() for rule in rules}
    own = {
        rule: Control(id=rule, title=each.title, criteria=each.criteria, rules=(rule,))
        for rule, each in sorted(words.items())
        if rule not in selected
    }
    parts = {
        name: tuple(results[rule] for rule in proven.get(name, [name]))
        for name in [*controls, *own]
    }
    return tuple(
        ControlResult(
            control=control,
            rules=parts[name],
            dues=dues.get(name, ()),
            unlisted=name in unlisted,
            days=worst_of([rule.days for rule in parts[name]]),
            sentence=" ".join(
                said
                for said in (
                    say(parts[name], end) if parts[name] else _untested(control),
                    _attested(control, dues.get(name, ()), end, unlisted=name in unlisted),
                )
                if said
            ),
        )
        for name, control in {**controls, **own}.items()
    )


def _operation(rules: tuple[RuleResult, ...], end: datetime) -> str:
    entries = [each for rule in rules for each in rule.register]
    counts = sum(each.counts for each in entries)
    return sentence(
        rules=len(rules),
        tests=sum(rule.tests for rule in rules),
        every=[rule.every for rule in rules if rule.every],
        population=sum(rule.population for rule in rules),
        failed=sum(rule.failed for rule in rules),
        deviations=counts,
        lasting=sum(each.counts and lasts(each, end) for each in entries),
        in_time=len(entries) - counts,
        blind=max((rule.blind_share for rule in rules), default=0.0),
    )


def _state(rules: tuple[RuleResult, ...], _: datetime) -> str:
    return sentence_at(
        rules=len(rules),
        population=sum(rule.population for rule in rules),
        failing=sum(rule.counts[Outcome.FAIL] for rule in rules),
        unseen=sum(rule.counts[Outcome.ERROR] for rule in rules),
        unknown=any(rule.unknown for rule in rules),
    )


def _untested(control: Control) -> str:
    return "None of its rules was in force: it was not tested by machine." if control.rules else ""


def _attested(control: Control, dues: tuple[Due, ...], end: datetime, *, unlisted: bool) -> str:
    if control.manual is None:
        return ""
    states = Counter(due.state(end) for due in dues)
    return attested(
        unlisted=unlisted,
        dues=len(dues),
        done=sum(due.attestation is not None for due in dues),
        late=sum(bool(due.late) for due in dues),
        overdue=states[State.OVERDUE],
        exceptions=states[State.EXCEPTION] + states[State.NOT_DONE],
    )
