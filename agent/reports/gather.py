"""Gathers a report from the sealed log: everything that any form of it says is made here, once.

Memory holds the results and the register, never the findings of more than one rule.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from agent import __version__
from agent.controls.decisions import recorded_controls
from agent.controls.respond import recorded_replies
from agent.evidence import queries
from agent.evidence.coverage import schedules
from agent.evidence.deviations import Deviation, deviations
from agent.evidence.entry import to_micros
from agent.evidence.queries import Completeness
from agent.evidence.slots import from_seconds
from agent.evidence.store import Reading, Store, period
from agent.reports.accepted import Covered, read_waivers
from agent.reports.attested import read_dues, unlisted
from agent.reports.changed import read_changes
from agent.reports.drawn import read_samples
from agent.reports.instances import with_instances
from agent.reports.lens import Lens, in_scope, open_lens
from agent.reports.model import Change, Provenance, Report, RollForward, Seal
from agent.reports.question import Kind, Question
from agent.reports.register import register, sealed_answers
from agent.reports.results import Progress, Tested, control_results, read_rules, to_results
from agent.reports.sealed import read_seal
from agent.reports.timeline import to_moment
from agent.reports.tool import read_tool

INSTANT = timedelta(microseconds=1)


def gather(store: Store, question: Question, progress: Progress = lambda *_: None) -> Report:
    """Read the evidence for one report. Raises `StoreError`.

    A period that is not over is reported up to `made_at`. `progress` hears of every part.
    """
    question = _until_now(question)
    progress(0, 1, "verifying the log" if question.verify else "opening the log")
    seal = read_seal(store, verify=question.verify, now=question.made_at, roots=question.roots)
    start, end, made_at = question.start, question.end, question.made_at
    moment = start == end
    completeness = _completeness(store, question, to_moment(0) if moment else start)
    with store.reading() as view:
        lens = open_lens(view, start, end, question.scope.targets, completeness.gaps)
        tested = read_rules(view, lens, progress)
        changes = read_changes(view, to_moment(0) if moment else start, end)
        after = read_changes(view, end, made_at)
        population = tuple(_roll_forward(view, lens))
        people = (f"{role}: {name}" for role, name in question.scope.people.items())
        tool = read_tool(view, lens, question.permissions, people)
    words = {rule: one.words for rule, one in tested.items()}
    found = deviations(store, end - INSTANT if moment else start, end)
    mine = [one for one in found if _was_due(lens, one)]
    changed = {
        rule: [version.start for version in one.versions[1:]] for rule, one in tested.items()
    }
    replies = recorded_replies(store)
    answers = (*sealed_answers(replies, made_at), *question.answers)
    entries = register(mine, words, answers, made_at, changed)
    bases = queries.bases(store, end)
    dues = read_dues(store, question.controls, start, end, replies)
    results = to_results(tested, entries, bases, lens, made_at)
    firsts = {rule: one.judged.first for rule, one in tested.items() if one.judged.first}
    results |= with_instances(store, results, firsts, end - INSTANT)
    return Report(
        kind=question.kind,
        scope=question.scope,
        start=start,
        end=end,
        targets=lens.labels,
        criteria=question.criteria,
        controls=control_results(
            question.controls,
            words,
            results,
            dues,
            unlisted=unlisted(store, question.controls, end),
            end=end,
            moment=moment,
        ),
        completeness=completeness,
        register=entries,
        waivers=read_waivers(store, _covered(tested), start, end),
        changes=tuple(changes),
        population=population,
        samples=read_samples(store, to_moment(0) if moment else start, end),
        subsequent=(*after, *_new_failures(store, lens, end, made_at)),
        tool=tool,
        seal=seal,
        provenance=_provenance(question, lens, completeness, seal, _on_file(store, question)),
    )


def _covered(tested: Mapping[str, Tested]) -> Covered:
    """Say what each waiver covered; its id belongs to one rule."""
    return {waiver: found for one in tested.values() for waiver, found in one.judged.waived.items()}


def _until_now(question: Question) -> Question:
    end = min(question.end, question.made_at)
    start = end if question.kind is not Kind.TYPE2 else min(question.start, end)
    return msgspec.structs.replace(question, start=start, end=end)


def _completeness(store: Store, question: Question, start: datetime) -> Completeness:
    """Account for the slots of the targets in scope; of a moment, for all before it."""
    scope, end = question.scope.targets, question.end
    with store.reading() as view:
        known = schedules(view)
    names = {name for schedule in known for name in schedule.targets}
    mine = sorted(name for name in names if in_scope(name, scope))
    if len(mine) == len(names):
        return queries.gaps(store, start, end)
    parts = [queries.gaps(store, start, end, target=name) for name in mine]
    return Completeness(
        expected=sum(part.expected for part in parts),
        ran=sum(part.ran for part in parts),
        explained=sum(part.explained for part in parts),
        unexplained=sum(part.unexplained for part in parts),
        gaps=tuple(gap for part in parts for gap in part.gaps),
        longest=max((part.longest for part in parts), default=timedelta()),
    )


def _was_due(lens: Lens, one: Deviation) -> bool:
    """Whether anybody was to look at it while it lasted: not of a rule that was retired before."""
    low = to_micros(one.start)
    high = lens.past[1] if one.end is None else to_micros(one.end)
    pieces = lens.pieces(one.target, one.rule)
    if lens.moment:
        return lens.is_due(one.target, one.rule)
    return any(start <= high and end >= low for start, end in pieces)


def _roll_forward(view: Reading, lens: Lens) -> Iterator[RollForward]:
    """Count by check what was there, came and went; the end is counted by itself, to tie out."""
    targets, before = list(lens.targets), lens.first - 1
    at_start = period.there(view, targets, before)
    at_end = period.there(view, targets, lens.last)
    moved = period.moved(view, targets, before, lens.last)
    names = view.names()
    for check in sorted(at_start.keys() | at_end.keys() | moved.keys(), key=names.__getitem__):
        joined, left = moved.get(check, (0, 0))
        yield RollForward(
            check=names[check],
            at_start=at_start.get(check, 0),
            joined=joined,
            left=left,
            at_end=at_end.get(check, 0),
        )


def _new_failures(store: Store, lens: Lens, end: datetime, made_at: datetime) -> Iterator[Change]:
    """Say, a line a rule, what began to fail after the period."""
    if end >= made_at:
        return
    later = [one for one in deviations(store, end, made_at) if one.start >= end]
    counts = Counter(one.rule for one in later if in_scope(one.target, lens.labels))
    for rule, count in sorted(counts.items()):
        first = min(one.start for one in later if one.rule == rule)
        noun = "resource" if count == 1 else "resources"
        what = f"{rule}: {count} {noun} began to fail after the period"
        yield Change(at=first, entry=-1, kind="deviation", what=what)


def _provenance(
    question: Question, lens: Lens, completeness: Completeness, seal: Seal, on_file: str
) -> Provenance:
    start, end = (f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in (question.start, question.end))
    when = f"as of {end}" if lens.moment else f"from {start} to before {end}"
    targets = ", ".join(question.scope.targets)
    return Provenance(
        source=(
            f"log {seal.origin}, {seal.size:,} entries, of runs on {len(lens.labels)}"
            f" {'target' if len(lens.labels) == 1 else 'targets'}; Assay {__version__}"
        ),
        query=f"{question.kind} {when}, targets {targets}; {on_file}",
        made_at=question.made_at,
        completeness=in_words(completeness) + _before(lens),
        integrity=_integrity(seal),
    )


def _on_file(store: Store, question: Question) -> str:
    """Say whether scope and controls are those that the log last had."""
    recorded = recorded_controls(store)
    if recorded is None:
        return "scope and controls as on file, of which the log has none yet"
    scope, controls = recorded
    same = scope == question.scope and all(
        msgspec.structs.replace(control, source="") == controls.get(name)
        for name, control in question.controls.items()
    )
    if same:
        return "scope and controls as the log has them"
    return "scope and controls as on file, which is not what the log last had"


def in_words(completeness: Completeness) -> str:
    """Say how the slots are accounted for."""
    if not completeness.expected:
        return "no schedule was in force: the runs were started by hand"
    return (
        f"{completeness.ran:,} of {completeness.expected:,} scheduled runs were made;"
        f" {completeness.explained:,} missing with a recorded reason,"
        f" {completeness.unexplained:,} without"
    )


def _before(lens: Lens) -> str:
    """Say from when on there was a schedule, when the period began before it."""
    first = min((schedule.valid_from for schedule in lens.known), default=None)
    if first is None or lens.moment or from_seconds(first) <= to_moment(lens.period[0]):
        return ""
    return f"; before {from_seconds(first):%Y-%m-%dT%H:%M:%SZ} no schedule was in force"


def _integrity(seal: Seal) -> str:
    verified = seal.verified or "not verified for this report"
    return f"size {seal.size:,}, root {seal.root}, {verified}, {seal.anchored}"
