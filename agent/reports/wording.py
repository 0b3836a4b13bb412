"""A rule in words, from the text that is in the evidence; and the result of a test as a sentence.

The text is read as it was sealed, not as it is on disk today: a rule that was retired since, or
changed, is shown as it was. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from msgspec import Struct

from agent.duration import parse_duration, to_text
from checks.yaml import YamlError, parse_yaml, plain


class Words(Struct, frozen=True, kw_only=True):
    """What the text of a rule says of itself; a text that is gone says nothing."""

    id: str
    title: str
    severity: str
    check: str
    control: str
    """The control that it names; empty: none."""
    criteria: Mapping[str, tuple[str, ...]]
    allowed: timedelta | None
    """Within what a failure must be mended; None: every failing moment is a deviation."""
    logic: tuple[str, ...]
    limits: tuple[str, ...]


def read_words(rule: str, text: str, params: str, every: timedelta | None) -> Words:
    """Read a rule's text, whose parameters in force are the JSON `params`."""
    document = _document(text)
    within = document.get("deviation")
    allowed = within.get("within") if isinstance(within, Mapping) else None
    return Words(
        id=rule,
        control=str(document.get("control", "")),
        title=str(document.get("title", rule)),
        severity=str(document.get("severity", "medium")),
        check=str(document.get("check", "")),
        criteria={
            str(name): tuple(map(str, ids))
            for name, ids in dict(document.get("criteria") or {}).items()
        },
        allowed=parse_duration(str(allowed)) if allowed else None,
        logic=tuple(_logic(document, params)) if document.get("check") else (),
        limits=tuple(_limits(document, every)) if document.get("check") else (),
    )


def sentence(
    *,
    rules: int,
    tests: int,
    every: Sequence[timedelta],
    population: int,
    failed: int,
    deviations: int,
    lasting: int,
    in_time: int,
    blind: float,
) -> str:
    """Say what was tested how often, on how many, and what was found; no judgement.

    Of several rules, a resource that two of them judge is counted twice, and it says so.
    """
    pairs = _judged(rules, population)
    if not tests:
        return "Not tested in the period: no run of its rules is in the log."
    whole = "all that could be seen" if blind else "the whole population"
    often = f", every {to_text(min(every))}" if every else ", by hand"
    of = "" if rules == 1 else f" of {rules} rules"
    said = [f"Tested in {tests:,} runs{of}{often}, each on {whole}."]
    if not population:
        said.append(_nothing("was", unseen=bool(blind)))
    elif deviations:
        said.append(
            f"{failed:,} of {population:,} {pairs} deviated,"
            f" {deviations:,} {_plural(deviations, 'time')} in all"
            + (f", {lasting:,} still at the end." if lasting else ".")
        )
    else:
        said.append(f"0 of {population:,} {pairs} deviated in what was seen.")
    if in_time:
        said.append(
            f"{in_time:,} further {_plural(in_time, 'failure')}"
            f" {'was' if in_time == 1 else 'were'} mended within the time allowed."
        )
    if blind:
        said.append(f"{percent(blind)} of the time something could not be seen.")
    return " ".join(said)


def sentence_at(*, rules: int, population: int, failing: int, unseen: int, unknown: bool) -> str:
    """Say what stands at a moment."""
    said = [f"{failing:,} of {population:,} {_judged(rules, population)} fail at this moment."]
    if not population:
        said = [_nothing("is", unseen=bool(unseen) or unknown)]
    if unseen:
        said.append(f"{unseen:,} could not be seen.")
    if unknown:
        said.append("On some target the state is unknown: its last run is too old, or never was.")
    return " ".join(said)


def _nothing(was: str, *, unseen: bool) -> str:
    """Say that no resource was judged; where not all was seen, there may have been some."""
    if unseen:
        return (
            f"No resource {was} in what was seen; whether there {was} one in the rest is not known."
        )
    return f"There {was} nothing to test: no resource {was} in the population."


def attested(
    *, dues: int, done: int, late: int, overdue: int, exceptions: int, unlisted: bool = False
) -> str:
    """Say what people recorded of the instances that fell due; `unlisted`: of those known."""
    if unlisted:
        wrong = _wrong(late, overdue, exceptions)
        known = f"People attested {done} {_plural(done, 'event')}{wrong and f': {wrong}'}. "
        unknown = "The log has no list of its events: how many there were is not known."
        return f"{known if dues else ''}{unknown}"
    if not dues:
        return "Of what people do for it, nothing fell due."
    said = f"People attested {done} of {dues} {_plural(dues, 'instance')}"
    if wrong := _wrong(late, overdue, exceptions):
        return f"{said}: {wrong}."
    return f"{said}, all in time." if done == dues else f"{said}; the rest is not due yet."


def _wrong(late: int, overdue: int, exceptions: int) -> str:
    counts = {"late": late, "overdue": overdue, "with an exception or not done": exceptions}
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count)


def percent(share: float) -> str:
    """Write a share of 0 to 1; what is not nothing and not all never rounds to it."""
    shown = 100 * share
    if 0 < shown < 0.1:  # noqa: PLR2004 - the last decimal that is shown
        return "less than 0.1 %"
    if 99.9 < shown < 100:  # noqa: PLR2004 - as above
        return "more than 99.9 %"
    return f"{shown:.1f} %"


def length(duration: timedelta | None) -> str:
    """Write a length for people: `2 d 4 h`, `35 min`; seconds only below a minute."""
    if duration is None:
        return "not known"
    seconds = round(duration.total_seconds())
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds} s"
    minutes, hours, days = seconds // 60 % 60, seconds // 3600 % 24, seconds // 86400
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    return " ".join(f"{count:,} {unit}" for count, unit in parts if count)


def _judged(rules: int, population: int) -> str:
    return _plural(population, "resource") if rules == 1 else "pairs of rule and resource"


def _plural(count: int, word: str) -> str:
    return word if count == 1 else f"{word}s"


def _document(text: str) -> dict[str, Any]:
    try:
        document = plain(parse_yaml(text, "rule"))
    except YamlError:
        return {}
    return dict(document) if isinstance(document, Mapping) else {}


def _logic(document: Mapping[str, Any], params: str) -> Iterator[str]:
    yield f"Looks at: every {document['check']} that the provider lists."
    if document.get("when"):
        yield f"Applies when: {_line(document['when'])}"
    for name, items in dict(document.get("each") or {}).items():
        yield f"Judges each element `{name}` of: {_line(items)}"
    require = document.get("require")
    for clause in require if isinstance(require, list) else [require] if require else []:
        that = clause.get("that", "") if isinstance(clause, Mapping) else clause
        yield f"Must hold: {_line(that)}"
    match document.get("quantifier", "each"):
        case "any":
            yield f"Judged: at least one in each {document.get('per', 'target')} must meet it."
        case "none":
            yield "Judged: there must be none; every one that is listed is a failure."
        case _:
            yield "Judged: each one by itself."
    if document.get("at_least"):
        yield f"There must be at least {document['at_least']}; none at all is a failure."
    if params not in {"", "{}"}:
        yield f"Parameters in force: {params}"
    if document.get("rationale"):
        yield f"Why: {_line(document['rationale'])}"


def _limits(document: Mapping[str, Any], every: timedelta | None) -> Iterator[str]:
    if every is None:
        yield "It ran by hand only: between its runs nothing is known."
    else:
        yield (
            f"It looks every {to_text(every)}: what was changed and changed back in between is"
            " not seen."
        )
    if document.get("when"):
        yield "Resources to which it does not apply are recorded as such and are not tested."
    if document.get("each"):
        yield "A resource without such elements is recorded as not applicable."
    yield "It judges what the provider's API says of the configuration, not the provider's truth."


def _line(text: Any) -> str:
    return " ".join(str(text).split())
