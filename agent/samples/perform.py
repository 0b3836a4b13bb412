"""Performs a sample again: each item that was drawn is judged anew from the evidence alone.

A run is judged whole; a deviation in the run that first saw it; a resource by every rule, each in
its last run before the draw. What is of somebody's own list no evidence can judge.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import Struct

from agent.evidence.entry import Kind, whole
from agent.evidence.replay import Case, Replayed, Source, Verdict, replay_from
from agent.samples.draw import OF, PREFIX, SampleError, draw

Judge = Callable[[Case], Verdict | None]
_RUN = re.compile(r"\S+ \S+ entry (\d+)")
_DEVIATION = re.compile(r"(?P<rule>\S+) (?P<target>\S+) (?P<resource>.+) (?P<start>\S+)")


class Performed(Struct, frozen=True, kw_only=True):
    """What came of one item."""

    item: str
    entries: tuple[int, ...]
    """Of the runs in which it was judged; none: the evidence cannot judge it."""
    found: Replayed


class _Job(Struct, frozen=True):
    """One part of judging an item: the findings of a rule on a resource, or all, in a run."""

    entry: int
    item: str
    rule: str = ""
    resource: str = ""


def perform(source: Source, runs: Iterable[int], sample: int, judge: Judge) -> list[Performed]:
    """Judge each item of the sample of an entry again, in the order of the draw.

    `runs` are the entries of the runs that the source has values of. Raises `SampleError` when the
    sample is not the one that its seed draws, and `StoreError`.
    """
    kind, items = _drawn(source, sample)
    known = [entry for entry in runs if entry < sample]
    jobs = sorted(
        (job for item in items for job in _jobs(source, known, kind, item)),
        key=lambda job: job.entry,  # a bundle is read forwards
    )
    parts: dict[str, list[tuple[int, Replayed]]] = defaultdict(list)
    for job in jobs:
        found = replay_from(source, job.entry, judge, rule=job.rule, resource=job.resource)
        parts[job.item].append((job.entry, found))
    return [_together(item, parts[item]) for item in items]


def _drawn(source: Source, sample: int) -> tuple[str, tuple[str, ...]]:
    """Give the sort of the population and the items, drawn again."""
    body = _entry(source, sample, Kind.SAMPLE)
    population = _entry(source, body["population"], Kind.POPULATION)
    ids = source.content(bytes.fromhex(population["ids"]["blob"]))
    if population.get("of") != OF or ids is None:
        raise SampleError(f"entry {body['population']}: its ids are not there")
    seed = f"{PREFIX}|{population['ids']['blob']}|{body['nonce']}"
    items = draw(seed, ids.decode().splitlines(), body["size"])
    if (list(items), seed) != (whole(body["items"], source.content), body["seed"]):
        raise SampleError(f"entry {sample}: is not the sample that its seed draws")
    return population["source"], items


def _entry(source: Source, index: int, kind: Kind) -> dict[str, Any]:
    body = json.loads(source.entry(index) or b"{}")
    if body.get("kind") != kind:
        raise SampleError(f"entry {index} is no {kind}")
    return dict(body)


def _jobs(source: Source, runs: list[int], kind: str, item: str) -> Iterator[_Job]:
    if kind == "runs" and (run := _RUN.fullmatch(item)):
        if int(run[1]) in runs:
            yield _Job(int(run[1]), item)
    elif kind == "deviations" and (one := _DEVIATION.fullmatch(item)):
        for entry in runs:
            body = _entry(source, entry, Kind.RUN)
            if (body["target"], body["finished"]) == (one["target"], one["start"]):
                yield _Job(entry, item, one["rule"], one["resource"])
    elif kind == "resources":
        target, _, resource = item.partition(" ")
        for rule, entry in _last_runs(source, runs, target).items():
            yield _Job(entry, item, rule, resource)


def _last_runs(source: Source, runs: list[int], target: str) -> dict[str, int]:
    """Give the last run of each rule on a target."""
    found: dict[str, int] = {}
    for entry in runs:
        body = _entry(source, entry, Kind.RUN)
        if body["target"] == target:
            found.update(dict.fromkeys(whole(body["plan"], source.content) or {}, entry))
    return found


def _together(item: str, parts: list[tuple[int, Replayed]]) -> Performed:
    found = [each for _, each in parts]
    return Performed(
        item=item,
        entries=tuple(sorted({entry for entry, _ in parts})),
        found=Replayed(
            sum(each.same for each in found),
            sum(each.skipped for each in found),
            tuple(mismatch for each in found for mismatch in each.mismatches),
        ),
    )
