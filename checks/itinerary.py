"""Orders the looking: which listings are kept for others, and what waits for what.

Regions are taken one after the other, so that what is kept for one region can be dropped before
the next; whatever a task waits for stands before it in the order. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from checks.model import Check, Scope

Key = tuple[str, str]
"""A check's name and a region; the empty region is the target as a whole."""


class Task(Struct, frozen=True, kw_only=True):
    """One listing to keep (`hold`), or one check to observe, in one region."""

    check: str
    region: str
    hold: bool
    after: tuple[Key, ...] = ()
    """The kept listings that it reads."""
    joined: Mapping[str, tuple[Key, ...]] = field(default_factory=dict)
    """Of a join that is wanted, by name: the kept listings that hold its rows."""


def order(
    checks: Mapping[str, Check],
    wanted: Mapping[str, frozenset[str]],
    regions: Mapping[str, tuple[str, ...]],
) -> list[Task]:
    """Every task, each after all that it waits for. `regions`: of each regional check."""
    held = _held(checks, wanted)
    where = {
        name: regions.get(name, ()) if checks[name].scope is Scope.REGION else ("",)
        for name in {*wanted, *held}
    }
    tasks: list[Task] = []
    late: list[Task] = []
    for region in ["", *sorted({one for names in where.values() for one in names if one})]:
        tasks += _holds(checks, held, where, region)
        for name, parts in sorted(wanted.items()):
            if region in where[name]:
                task = _observe(checks, checks[name], parts, held, where, region)
                waits_for_regions = not region and any(key[1] for key in task.after)
                (late if waits_for_regions else tasks).append(task)
    return tasks + late


def services(check: Check, wanted: frozenset[str]) -> str:
    """The service whose regions are those of the check: of its listing, or its first facet."""
    calls = [*filter(None, [check.list]), *(f.call for f in check.facets if f.name in wanted)]
    return calls[0].service if calls else ""


def _held(checks: Mapping[str, Check], wanted: Mapping[str, frozenset[str]]) -> list[str]:
    """Checks whose listings others need, ancestors first."""
    held: list[str] = []

    def hold(name: str) -> None:
        if name not in held:
            if checks[name].parent:
                hold(checks[name].parent)
            held.append(name)

    for name, parts in sorted(wanted.items()):
        if checks[name].parent:
            hold(checks[name].parent)
        for join in checks[name].joins:
            if join.name in parts:
                hold(join.check)
    return held


def _holds(
    checks: Mapping[str, Check],
    held: Iterable[str],
    where: Mapping[str, tuple[str, ...]],
    region: str,
) -> list[Task]:
    tasks = []
    for name in held:
        if region in where[name]:
            above = checks[name].parent
            after = ((above, region),) if above else ()
            tasks.append(Task(check=name, region=region, hold=True, after=after))
    return tasks


def _observe(  # noqa: PLR0917  # six small facts, all of one call
    checks: Mapping[str, Check],
    check: Check,
    parts: frozenset[str],
    held: list[str],
    where: Mapping[str, tuple[str, ...]],
    region: str,
) -> Task:
    """The task of observing `check` in `region`, with all that it reads of kept listings."""
    joined = {
        join.name: tuple(_sources(checks[join.check], where, region))
        for join in check.joins
        if join.name in parts
    }
    own = [(name, region) for name in (check.parent, check.name) if name in held]
    after = dict.fromkeys([*own, *(key for keys in joined.values() for key in keys)])
    return Task(check=check.name, region=region, hold=False, after=tuple(after), joined=joined)


def _sources(other: Check, where: Mapping[str, tuple[str, ...]], region: str) -> list[Key]:
    """Where the rows of a joined check are: the same region's, the target's, or all regions'."""
    if other.scope is Scope.ACCOUNT:
        return [(other.name, "")]
    if region:
        return [(other.name, region)] if region in where[other.name] else []
    return [(other.name, one) for one in where[other.name]]
