"""One rule on one resource: the findings. Pure; the only place where their outcome is decided.

`when` false: not_applicable. Any clause of `require` false: fail. Else any clause that cannot be
evaluated: error. Else pass. A facet that could not be seen is not absent: reading it is an error
that carries the gap's cause and the permission that is missing.

The values kept with a finding are all that decided it, but the time: `judge_again` gives the same
outcome from them years later.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from agent.cel import EvalError
from agent.cel.program import NOT_PLAIN
from agent.model import Finding, Outcome
from agent.rules.params import with_params
from agent.rules.rule import Clause, Each, Rule
from checks.model import Gap, Resource, Target

ROOTS = ("resource", "params", "now", "target")
"""The variables of expressions, in the order in which programs take them; `each`'s follows."""

_DECIDED_MAX = 20
_VALUE_MAX = 200

# a member of an enum costs more to look up than a name
_PASS, _FAIL, _ERROR = Outcome.PASS, Outcome.FAIL, Outcome.ERROR
_NOT_APPLICABLE = Outcome.NOT_APPLICABLE

Given = tuple[Any, ...]
Verdict = tuple[Outcome, Sequence[Clause] | Sequence[EvalError]]
Quick = Callable[[Given], Verdict | None]
_HOLDS: Verdict = (Outcome.PASS, ())


def judge(rule: Rule, resource: Resource, *, now: datetime, target: Target) -> tuple[Finding, ...]:
    """Every finding of `rule` on `resource`: one, or with `each` one an element. Raises nothing."""
    return judging(rule, now=now, target=target)(resource)


def judging(
    rule: Rule, *, now: datetime, target: Target
) -> Callable[[Resource], tuple[Finding, ...]]:
    """Give `judge` for many resources: what is the same for all of them is looked up once."""
    place = {"id": target.id, "provider": target.provider}
    also: dict[str, Any] = {"params": rule.keep_params} if rule.keep_params else {}
    if rule.keeps_target:
        also["target"] = place
    params, keep, each, quick = rule.params, rule.keep, rule.each, _quick(rule)

    def judge_one(resource: Resource) -> tuple[Finding, ...]:
        attributes = resource.attributes
        given = (attributes, params, now, place)
        kept = {"resource": keep(attributes)}
        if also:
            kept |= also
        gaps = _gaps_read(rule, resource) if resource.gaps else ()
        if gaps:
            kept["unseen"] = [_path(gap) for gap in gaps]
        if each is None:
            return (_finding(rule, resource, resource.id, given, kept, gaps, quick),)
        found = _elements(rule, each, resource, given=given, kept=kept, gaps=gaps, quick=quick)
        return tuple(found)

    return judge_one


def judge_again(rule: Rule, values: Mapping[str, Any], *, now: datetime) -> Outcome:
    """Give the outcome of the values kept with a resource's finding; `now` is that run's time.

    The rule must be the text that the finding was made with; its parameters come from the values.
    """
    rule, given = _given_again(rule, values, now)
    unseen = values.get("unseen", ())
    if rule.each is not None and rule.each.name not in values:
        items = _items(rule.each, given, unseen)
        return _ERROR if isinstance(items, EvalError) else _NOT_APPLICABLE
    return _verdict(rule, given, unseen)[0]


def explain(rule: Rule, values: Mapping[str, Any], *, now: datetime) -> tuple[str, ...]:
    """Say what decided, as `path = value` lines, from the values kept with a finding; at most 20.

    Empty when what decided is the lack of something: the finding's message says so.
    """
    rule, given = _given_again(rule, values, now)
    unseen = values.get("unseen", ())
    outcome, why = _verdict(rule, given, unseen)
    if outcome is _NOT_APPLICABLE and rule.when is not None:
        programs = [rule.when]
    else:
        clauses = why if outcome is _FAIL else rule.require
        programs = [clause.that for clause in clauses if isinstance(clause, Clause)]
    lines: dict[str, None] = {}
    for program in programs:
        for path, value in program.explain(_named(rule, given), unseen).decided:
            lines[f"{path} = {_shown(value)}"] = None
    return tuple(lines)[:_DECIDED_MAX]


def gap_message(gap: Gap) -> str:
    """Say what could not be seen, why, and what to grant; the same words every run.

    The provider's own message is left out: it may hold request ids; the run's record has it.
    """
    what = gap.facet or gap.check
    call = f"{gap.call}: " if gap.call else ""
    code = f" ({gap.code})" if gap.code and gap.code != gap.cause.value else ""
    grant = f"; grant {', '.join(gap.needs)}" if gap.needs and gap.cause.value == "denied" else ""
    return f"cannot see {what}: {call}{gap.cause.value}{code}{grant}"


def _quick(rule: Rule) -> Quick:
    """Compile `_verdict` for what was seen whole: the same, or None where anything raises."""
    when = None if rule.when is None else rule.when.plain()
    clauses = [(clause, clause.that.plain()) for clause in rule.require]
    holds = _HOLDS if clauses else (_FAIL, ())

    def verdict(given: Given) -> Verdict | None:
        failed: tuple[Clause, ...] = ()
        try:
            if when is not None and not when(*given):
                return _NOT_APPLICABLE, ()
            for clause, that in clauses:
                if not that(*given):
                    failed += (clause,)
        except NOT_PLAIN:
            return None
        return (_FAIL, failed) if failed else holds

    return verdict


def _finding(  # noqa: PLR0917 - called for each finding; keywords cost
    rule: Rule,
    resource: Resource,
    identity: str,
    given: Given,
    kept: Mapping[str, Any],
    gaps: Sequence[Gap],
    quick: Quick,
) -> Finding:
    found = None if gaps else quick(given)
    outcome, why = found or _verdict(rule, given, kept["unseen"] if gaps else ())
    if outcome is _PASS:
        return Finding(
            rule=rule.id,
            resource=identity,
            region=resource.region,
            outcome=outcome,
            values=kept,
            observed_at=resource.observed_at,
        )
    code, message, needs = _said(rule, outcome, why, given, gaps)
    return Finding(
        rule=rule.id,
        resource=identity,
        region=resource.region,
        outcome=outcome,
        code=code,
        message=message,
        values=kept,
        observed_at=resource.observed_at,
        needs=needs,
    )


def _elements(
    rule: Rule,
    each: Each,
    resource: Resource,
    *,
    given: Given,
    kept: dict[str, Any],
    gaps: Sequence[Gap],
    quick: Quick,
) -> Iterator[Finding]:
    """One finding an element; one on the resource itself when the list is empty or unseen."""
    items = _items(each, given, kept.get("unseen", ()))
    if isinstance(items, EvalError) or not items:
        failed = isinstance(items, EvalError)
        code, message, needs = (
            _error_said(items, gaps)
            if isinstance(items, EvalError)
            else ("empty", f"{_one_line(each.items.source)} is empty", ())
        )
        yield Finding(
            rule=rule.id,
            resource=resource.id,
            region=resource.region,
            outcome=_ERROR if failed else _NOT_APPLICABLE,
            code=code,
            message=message,
            values={**kept, "resource": each.source(resource.attributes)},
            observed_at=resource.observed_at,
            needs=needs,
        )
        return
    taken: dict[str, int] = {}
    for index, element in enumerate(items):
        inner = (*given, element)
        name = _identity(each, inner, index)
        taken[name] = taken.get(name, 0) + 1
        identity = f"{resource.id}#{name}" + (f"~{taken[name]}" if taken[name] > 1 else "")
        values = {**kept, each.name: each.keep(element)}
        yield _finding(rule, resource, identity, inner, values, gaps, quick)


def _items(each: Each, given: Given, unseen: Sequence[str]) -> list[Any] | EvalError:
    roots = given[: len(ROOTS)]
    try:
        if unseen:
            items = each.items.interpret(dict(zip(ROOTS, roots, strict=True)), unseen)
        else:
            items = each.items(*roots)
    except EvalError as error:
        return error
    return list(items)


def _identity(each: Each, inner: Given, index: int) -> str:
    """Name an element: by its place in the list when its identity cannot be told."""
    if each.identity is None:
        return str(index)
    try:
        return str(each.identity(*inner))
    except EvalError:
        return str(index)


def _verdict(rule: Rule, given: Given, unseen: Sequence[str]) -> Verdict:
    """Give the outcome, with the clauses that do not hold or the errors that say why."""
    # The interpreter knows what is unseen; the compiled path only what is absent.
    named = _named(rule, given) if unseen else None
    when = rule.when
    if when is not None:
        try:
            if not (when(*given) if named is None else when.interpret(named, unseen)):
                return _NOT_APPLICABLE, ()
        except EvalError as error:
            return _ERROR, (error,)
    failed: tuple[Clause, ...] = ()
    errors: tuple[EvalError, ...] = ()
    for clause in rule.require:
        that = clause.that
        try:
            if not (that(*given) if named is None else that.interpret(named, unseen)):
                failed += (clause,)
        except EvalError as error:
            errors += (error,)
    if failed or not rule.require:  # with `none` that a resource is there is the violation
        return _FAIL, failed
    return (_ERROR, errors) if errors else _HOLDS


def _named(rule: Rule, given: Given) -> dict[str, Any]:
    names = ROOTS if rule.each is None else (*ROOTS, rule.each.name)
    return dict(zip(names, given, strict=True))


def _said(
    rule: Rule, outcome: Outcome, why: Sequence[Any], given: Given, gaps: Sequence[Gap]
) -> tuple[str, str, tuple[str, ...]]:
    """Code, message and needs of a finding that is not a pass."""
    if outcome is _NOT_APPLICABLE:
        source = _one_line(rule.when.source) if rule.when is not None else ""
        return "when", f"does not apply: {source}", ()
    if outcome is _ERROR:
        return _error_said(why[0], gaps)
    values = _named(rule, given)
    if len(why) <= 1:
        template = (why[0].message if why else None) or rule.message
        return "", template.render(values) if template else rule.title, ()
    templates = [clause.message or rule.message for clause in why]
    texts = dict.fromkeys([template.render(values) for template in templates if template])
    return "", "; ".join(texts) or rule.title, ()


def _error_said(error: EvalError, gaps: Sequence[Gap]) -> tuple[str, str, tuple[str, ...]]:
    if error.code != "unseen":
        return error.code, error.message, ()
    at = f"{error.path}."
    causes = [gap for gap in gaps if at.startswith(f"{_path(gap)}.")] or list(gaps)
    needs = tuple(sorted({action for gap in causes for action in gap.needs}))
    return causes[0].cause.value, gap_message(causes[0]), needs


def _gaps_read(rule: Rule, resource: Resource) -> tuple[Gap, ...]:
    """List the gaps in what the rule reads; one that names no facet hides the whole resource."""
    gaps = [gap for gap in resource.gaps if not gap.facet or gap.facet in rule.members]
    return tuple(sorted(gaps, key=lambda gap: (gap.facet, gap.cause, gap.code)))


def _path(gap: Gap) -> str:
    return f"resource.{gap.facet}" if gap.facet else "resource"


def _given_again(rule: Rule, values: Mapping[str, Any], now: datetime) -> tuple[Rule, Given]:
    rule = with_params(rule, values.get("params", {}))
    roots = (values.get("resource", {}), rule.params, now, values.get("target", {}))
    if rule.each is not None and rule.each.name in values:
        return rule, (*roots, values[rule.each.name])
    return rule, roots


@lru_cache(maxsize=1024)
def _one_line(source: str) -> str:
    return " ".join(source.split())


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _VALUE_MAX else f"{text[:_VALUE_MAX]}…"
