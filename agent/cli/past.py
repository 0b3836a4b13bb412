"""`assay check --as-of` and `--back-fill`: looks at what a cloud says of its past."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from agent.cli.check import among, exit_code, look
from agent.cli.exits import CommandError
from agent.cli.output import printable

if TYPE_CHECKING:
    from datetime import datetime

    from agent.config import Settings
    from agent.pack import Pack
    from agent.rules.rule import Rule
    from agent.run import Done


def look_back(
    settings: Settings,
    pack: Pack,
    rules: Mapping[str, Rule],
    target: list[str] | None,
    as_of: str | None,
    back_fill: str | None,
) -> int:
    """Look at the past, the oldest first, and say of each time what there was."""
    from agent.cli.times import read_time
    from agent.duration import parse_duration
    from agent.home import open_log
    from agent.past import PastError, moments_since, rules_of_past, verify_past
    from agent.run import CLOCK, Runner
    from agent.targets import Entries
    from checks.limits import Limits

    now = CLOCK.now()
    if as_of and back_fill:
        raise CommandError("--as-of and --back-fill: use one")
    moments = (
        [read_time(as_of)]
        if as_of
        else list(moments_since(parse_duration(back_fill or ""), now.replace(microsecond=0)))
    )
    told = rules_of_past(rules, pack.checks)
    newest: list[str] = []
    unseen: list[str] = []
    with open_log(settings, at=now) as log:
        runner = Runner(
            log,
            pack.checks,
            deadline=parse_duration(settings.run.deadline),
            threads=settings.run.threads,
            limits=Limits(tries=settings.run.max_attempts),
        )
        for moment in moments:
            found = Entries(settings, pack.checks.values(), as_of=moment).find({})
            for roll in found.failures:
                sys.stderr.write(f"assay: {printable(roll.words)}\n")
                unseen.append("error")
            observed = among(found.observed, target)
            try:
                verify_past(log.store, [each.target for each in observed], moment, now)
            except PastError as error:
                raise CommandError(str(error)) from error
            done, failed = look(
                runner,
                observed,
                told,
                at_once=settings.run.targets_at_once,
                waivers=(),
                as_of=moment,
            )
            if failed:
                said = "; ".join(f"{label}: {one.message}" for label, one in failed.items())
                raise CommandError(f"nothing could be sealed of {said}")
            newest = [name for each in done for name in _say_past(moment, each)]
            unseen += [name for name in newest if name == "error"]
    return exit_code(newest + unseen)


def _say_past(moment: datetime, done: Done) -> list[str]:
    """Say how many of each outcome there were; gives those that occur."""
    counts: Counter[str] = sum(map(Counter, done.sealed.counts.values()), Counter())
    told = ", ".join(f"{counts[name]} {name}" for name in ("fail", "error", "pass"))
    sys.stdout.write(f"{moment:%Y-%m-%dT%H:%M:%SZ} {done.target.label}: {told}\n")
    return [name for name in counts if counts[name]]
