"""`assay check`: one run now, and what it says."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.attest import say_overdue
from agent.cli.exits import CommandError, Exit
from agent.cli.output import Format, printable, unless_unread
from agent.cli.summary import print_summary
from agent.cli.told import print_report, report_of, write_reports

if TYPE_CHECKING:
    from datetime import datetime

    from agent.pack import Pack
    from agent.rules.rule import Rule
    from agent.run import Done, Failed, Runner
    from agent.targets import Observed
    from agent.waivers import Waiver
    from agent.watch import Progress


MANY = 3
"""Targets beyond which each has a line instead of a table."""


def check(
    context: typer.Context,
    rule: Annotated[
        list[str] | None, typer.Option("--rule", "-r", help="Only this rule; an id or a glob.")
    ] = None,
    target: Annotated[
        list[str] | None, typer.Option("--target", "-t", help="Only this target (`aws:1111...`).")
    ] = None,
    changed: Annotated[
        bool, typer.Option("--changed", help="Show only what differs from the run before.")
    ] = False,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="The state at a time that is past (gcp).")
    ] = None,
    back_fill: Annotated[
        str | None, typer.Option("--back-fill", help="The state of each day of so long (35d).")
    ] = None,
    form: Annotated[Format, typer.Option("--format", "-f", help="How to show it.")] = Format.TABLE,
) -> int:
    """Look at everything once, seal it, and show it.

    With --as-of or --back-fill: at what the cloud says of its past, before the first look at the
    present. The evidence says when it was looked at, and of which time the state is.

    Exit code: 0 all pass, 1 something fails or is overdue, 2 something could not be seen, 3 usage;
    of a back-fill 1 when the newest state fails, else 2 when any of them could not be seen.
    """
    from agent.config import load_settings
    from agent.controls.decisions import load_decisions, record
    from agent.duration import parse_duration
    from agent.home import known_rolls, open_log
    from agent.pack import load_pack, settle
    from agent.plan import rules_on
    from agent.population import changes
    from agent.run import CLOCK, Runner
    from agent.targets import Entries
    from checks.limits import Limits

    settings = load_settings(context.obj)
    pack = load_pack(settings, observed_only=True)
    decisions = load_decisions(settings, pack)
    settle()
    rules = _chosen(pack, rule)
    if as_of or back_fill:
        from agent.cli.past import look_back

        return look_back(settings, pack, rules, target, as_of, back_fill)
    known = known_rolls(settings)
    found = Entries(settings, pack.checks.values()).find(known)
    observed = among(found.observed, target)
    outcomes: list[str] = []
    for roll in found.failures:
        sys.stderr.write(f"assay: {printable(roll.words)}\n")
        outcomes.append("error")
    reports: list[dict[str, Any]] = []
    with open_log(settings, at=CLOCK.now()) as log:
        for _, body in changes(known, found.rolls):
            log.append("population", body, CLOCK.now())
        record(log, decisions, CLOCK.now())
        runner = Runner(
            log,
            pack.checks,
            deadline=parse_duration(settings.run.deadline),
            threads=settings.run.threads,
            limits=Limits(tries=settings.run.max_attempts),
        )
        done, failed = look(
            runner,
            observed,
            rules,
            at_once=settings.run.targets_at_once,
            waivers=decisions.waivers,
        )
        for each in done:
            own = rules_on(each.target, rules, pack.checks)
            report = report_of(log.store, each, own, changed=changed)
            report["waiting"] = {name: list(one.lacks) for name, one in pack.waiting.items()}
            outcomes += report["outcomes"]
            reports.append(report)
        if not rule and not target:
            outcomes += say_overdue(log.store, decisions)
    with unless_unread():
        _show_all(reports, pack, form)
    if failed:
        said = "; ".join(f"{label}: {one.message}" for label, one in failed.items())
        raise CommandError(f"nothing could be sealed of {said}")
    return exit_code(outcomes)


def _show_all(reports: list[dict[str, Any]], pack: Pack, form: Format) -> None:
    if form is Format.TABLE:
        if len(reports) > MANY:
            print_summary(reports)
        else:
            for report in reports:
                print_report(report)
        for name, one in pack.waiting.items():
            sys.stdout.write(f"{name}: {one.words}\n")
    else:
        write_reports(reports, form)


def look(
    runner: Runner,
    observed: Sequence[Observed],
    rules: Mapping[str, Rule],
    *,
    at_once: int,
    waivers: tuple[Waiver, ...],
    as_of: datetime | None = None,
) -> tuple[list[Done], dict[str, Failed]]:
    """Run on every target, some at a time; what one of them cannot do stops no other."""
    from concurrent.futures import ThreadPoolExecutor

    from agent.plan import rules_on
    from agent.run import Done, Failed, Task

    with _bars() as bar, ThreadPoolExecutor(at_once) as pool:

        def look(each: Observed) -> Done | Failed:
            own = rules_on(each.target, rules, runner.checks)
            task = Task(
                session=each.open(),
                rules=own,
                target=each.target,
                trigger="as_of" if as_of else "manual",
                waivers=waivers,
                as_of=as_of,
            )
            with bar(each.target.label) as progress:
                return runner.run(task, progress)

        came = list(pool.map(look, observed))
    labels = [each.target.label for each in observed]
    failed = {
        label: one for label, one in zip(labels, came, strict=True) if isinstance(one, Failed)
    }
    return [one for one in came if isinstance(one, Done)], failed


def exit_code(outcomes: list[str]) -> int:
    """Fold outcomes: a failure counts more than what could not be seen."""
    if "fail" in outcomes:
        return Exit.FAIL
    return Exit.UNSEEN if "error" in outcomes else Exit.PASS


def _chosen(pack: Pack, globs: list[str] | None) -> dict[str, Rule]:
    from agent.rules.params import suggest

    rules = pack.rules
    if not globs:
        return dict(rules)
    for glob in globs:
        if glob in pack.waiting:
            raise CommandError(f"--rule {glob}: {pack.waiting[glob].words}")
        if not any(fnmatchcase(name, glob) for name in rules):
            raise CommandError(f"--rule {glob}: there is no such rule{suggest(glob, rules)}")
    return {n: r for n, r in rules.items() if any(fnmatchcase(n, glob) for glob in globs)}


def among(observed: Sequence[Observed], labels: list[str] | None) -> Sequence[Observed]:
    """Pick the targets of these labels; without any all. Raises `CommandError`."""
    if not labels:
        return observed
    known = {each.target.label: each for each in observed}
    for label in labels:
        if label not in known:
            raise CommandError(f"--target {label}: not configured; there is {', '.join(known)}")
    return [known[label] for label in dict.fromkeys(labels)]


Bar = Callable[[str], AbstractContextManager[Callable[["Progress"], None]]]
"""Gives, for a target's label, what is told how far its run has come."""


@contextmanager
def _bars() -> Iterator[Bar]:
    """Show how far each run has come, on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _label: nullcontext(lambda _now: None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[said]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:

        @contextmanager
        def bar(label: str) -> Iterator[Callable[[Any], None]]:
            task = bars.add_task(label, total=None, said="")

            def progress(now: Any) -> None:
                counts = f"{now.checks}/{now.of} checks, {now.resources} resources"
                said = f"{counts}, {now.findings} findings"
                bars.update(task, total=now.of, completed=now.checks, said=said)

            yield progress
            bars.remove_task(task)

        yield bar
