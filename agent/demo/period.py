"""`assay demo --period 180d`: half a year of history, through the real code on a simulated clock.

The cloud is seeded once, and asked again only where somebody broke or mended something; planning,
collecting, judging, sealing, waivers, attestations and gaps are those of the agent. It ends today.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from msgspec import Struct

from agent import __version__
from agent.config import Settings
from agent.controls.decisions import load_decisions
from agent.controls.keeping import People
from agent.demo.attesting import attest_due
from agent.demo.decided import decide, decide_scope, decide_waivers, waiver
from agent.demo.ground import Ground, Seeded
from agent.demo.mischief import MISCHIEFS, Mischief
from agent.demo.process import Cloud, DemoError, start_cloud
from agent.demo.remembered import Memory, Remembered, Time
from agent.demo.responding import respond
from agent.demo.roster import NAME as ROSTER
from agent.demo.roster import write_roster
from agent.demo.run import KEPT, Stage, demo_credentials
from agent.demo.seed import Truth, seed_cloud
from agent.demo.weather import Refused
from agent.duration import parse_duration
from agent.evidence import queries
from agent.evidence.entry import Kind
from agent.evidence.log import Log
from agent.home import open_log
from agent.model import Outcome
from agent.run import CLOCK, Done, Runner, Task
from agent.scope import load_scope, summary
from agent.serve import scheduled

REGIONS = ("us-east-1", "eu-west-1")
BREAKS = 12
"""How many things somebody breaks; all but the last two are mended."""
MONTHLY = 20
"""The day of the month on which management answers what deviated."""
TUESDAY = 1
"""The day on which people attest what they did."""


class Options(Struct, frozen=True, kw_only=True):
    """How the history is to be."""

    period: timedelta
    folder: Path
    """Where it goes; new or empty."""
    every: str = "1d"
    """The interval of all rules."""
    seed: int = 7
    scale: int = 1
    end: datetime | None = None
    """A midnight in UTC, not in the period; None: that of today."""


class Told(Struct, frozen=True, kw_only=True):
    """What was filled in."""

    settings: Settings
    start: datetime
    end: datetime
    runs: int
    entries: int


class Act(Struct, frozen=True, kw_only=True):
    """Something that happens on a day of the history."""

    at: datetime
    line: str
    """For people."""
    play: Callable[[], None]


def tell_period(stage: Stage, options: Options) -> Told:
    """Fill a folder with history that ends today. Raises `DemoError` when it is not empty."""
    folder = options.folder
    if folder.exists() and any(folder.iterdir()):
        raise DemoError(f"{folder}: is not empty; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    end = options.end or _today()
    start = end - options.period
    with start_cloud(remove=None) as cloud, demo_credentials():
        truth = seed_cloud(
            cloud,
            scale=options.scale,
            seed=options.seed,
            regions=REGIONS,
            kept=KEPT,
            progress=stage.progress,
        )
        write_roster(truth, folder / ROSTER, end)
        decide_scope(folder, start, wider=False)
        decide_waivers(folder, {})
        settings = decide(folder, cloud, options.every, changed=False)
        with open_log(settings, at=start) as log:
            history = _History(stage, options, (cloud, truth), log, settings)
            history.tell()
            with log.store.reading() as view:
                size = view.size()
    return Told(settings=settings, start=start, end=end, runs=history.runs, entries=size)


class _History:
    """The half-year while it is told."""

    def __init__(
        self,
        stage: Stage,
        options: Options,
        account: tuple[Cloud, Truth],
        log: Log,
        settings: Settings,
    ) -> None:
        self.stage, self.options, self.log = stage, options, log
        cloud, self.truth = account
        self.cloud = cloud
        self.end = options.end or _today()
        self.start = self.end - options.period
        self.ground = Ground(cloud, seed=options.seed, regions=REGIONS, kept=KEPT)
        self.dice = random.Random(f"{options.seed}/period")  # noqa: S311 - a story, no secret
        self.time = Time(self.start)
        self.memory = Memory()
        self.scope = load_scope(settings, {})
        self.people = People(log, settings, self.scope.decisions)
        self.label = next(iter(self.scope.targets))
        self.live = self.scope.targets[self.label].open()
        self.away: list[tuple[datetime, datetime]] = [self.span(0.34, 3), self.span(0.71, 1)]
        """When the agent is down."""
        self.runs = 0

    def tell(self) -> None:
        """Let every slot come, and what happens before it."""
        self.in_force("start")
        acts = sorted(self.story(), key=lambda act: act.at)
        every = parse_duration(self.options.every)
        slots = (self.end - self.start) // every
        down = False
        for number in range(slots):
            slot = self.start + number * every
            while acts and acts[0].at <= slot:
                act = acts.pop(0)
                self.time.to(act.at)
                act.play()
                self.stage.say(f"{act.at:%Y-%m-%d}  {act.line}")
            if any(low <= slot < high for low, high in self.away):
                down = True
                continue
            self.time.to(slot + timedelta(seconds=2))
            if down:
                self.in_force("start")
                down = False
            self.run(slot)
            self.people.look(self.time.now())
            if self.time.now().weekday() == TUESDAY:
                attest_due(self.log, self.scope, self.options.seed, self.time.now())
            if self.time.now().day == MONTHLY:
                respond(self.log, self.options.seed, self.time.now())
            self.stage.progress(number + 1, slots)
        self.log.append(Kind.AGENT, {"event": "stop", "version": __version__}, self.time.now())

    def in_force(self, event: str = "") -> None:
        """Put what is decided in force, as the agent does when it starts or reads it again."""
        now = self.time.now()
        if event:
            self.log.append(Kind.AGENT, {"event": event, "version": __version__}, now)
            self.log.record_missed(now, reason="agent_down")
        self.log.append(Kind.CONFIG, summary(self.scope), now)
        self.people.put(self.scope.settings, self.scope.decisions, now)
        self.log.schedule(scheduled(self.scope), valid_from=now, at=now)

    def run(self, slot: datetime) -> None:
        """Carry out the run of a slot. Raises `DemoError` when nothing of it could be sealed."""
        runner = Runner(
            self.log,
            self.scope.pack.checks,
            deadline=timedelta(minutes=10),
            threads=8,
            clock=self.time.clock,
        )
        task = Task(
            session=Remembered(self.live, self.memory, self.time),
            rules=self.scope.rules_of(self.label),
            target=self.scope.targets[self.label].target,
            slot=slot,
            waivers=self.scope.decisions.waivers,
        )
        result = runner.run(task)
        if not isinstance(result, Done):
            raise DemoError(f"{slot:%Y-%m-%d}: {result.reason}: {result.message}")
        self.runs += 1

    # --- what happens
    def story(self) -> Iterator[Act]:
        """Tell everything but the runs."""
        yield from self.drift()
        yield from self.blind(0.22, 6, "s3:GetBucketEncryption")
        yield from self.blind(0.58, 2, "ec2:DescribeSecurityGroups")
        yield Act(
            at=self.at(0.83),
            line="the agent's credentials are revoked by mistake",
            play=lambda: setattr(self.memory, "locked_out", True),
        )
        yield Act(
            at=self.at(0.83) + timedelta(days=1),
            line="the agent gets new credentials",
            play=lambda: setattr(self.memory, "locked_out", False),
        )
        yield Act(at=self.at(0.15), line="a failure is accepted for a while", play=self.accept)
        yield Act(
            at=self.at(0.5),
            line="rules change: one text, one limit, one more rule",
            play=self.change_rules,
        )
        yield Act(
            at=self.at(0.65),
            line="availability comes into scope",
            play=self.widen,
        )
        for low, high in self.away:
            days = (high - low).days
            yield Act(at=low, line=f"the agent is down for {days} days", play=self.stop)

    def drift(self) -> Iterator[Act]:
        """Break things in turn, and mend them after a while."""
        taken: set[str] = set()
        for number in range(BREAKS):
            mischief = MISCHIEFS[number % len(MISCHIEFS)]
            victim = self.victim(mischief, taken)
            if victim is None:
                continue
            taken.add(victim.id)
            at = self.at((number + 1) / (BREAKS + 1) + self.dice.uniform(-0.02, 0.02))
            days = self.dice.choice((1, 2, 3, 5, 8, 13))
            words = {"name": victim.handle or victim.id, "region": victim.region}
            yield Act(
                at=at,
                line=mischief.broken.format(**words),
                play=lambda m=mischief, v=victim: self.turn(m, v, broken=True),  # type: ignore[misc] # bound now
            )
            if number < BREAKS - 2:
                yield Act(
                    at=at + timedelta(days=days),
                    line=mischief.mended.format(**words),
                    play=lambda m=mischief, v=victim: self.turn(m, v, broken=False),  # type: ignore[misc] # bound now
                )

    def victim(self, mischief: Mischief, taken: set[str]) -> Seeded | None:
        """Choose something that is in order and that nobody broke."""
        fit = [
            one
            for one in self.truth.of(mischief.kind)
            if one.id not in taken and mischief.fits(one.facts)
        ]
        return self.dice.choice(fit) if fit else None

    def turn(self, mischief: Mischief, victim: Seeded, *, broken: bool) -> None:
        """Break or mend through the API, as people do."""
        (mischief.breaks if broken else mischief.mends)(self.ground, victim)
        service = mischief.kind.split(".")[1]
        known = self.memory.broken.get(service, frozenset())
        name = frozenset({f"{mischief.rule} {victim.id}"})
        self.memory.broken[service] = known | name if broken else known - name

    def blind(self, share: float, days: int, operation: str) -> Iterator[Act]:
        """Take a permission away for some days."""
        low, high = self.span(share, days)
        yield Act(
            at=low,
            line=f"somebody takes {operation} away from the agent",
            play=lambda: self.deny(Refused(operation=operation)),
        )
        yield Act(
            at=high,
            line=f"somebody gives {operation} back to the agent",
            play=self.deny,
        )

    def deny(self, *refused: Refused) -> None:
        """Refuse these calls from now on, and no others."""
        self.memory.denied = refused

    def stop(self) -> None:
        """Record that the agent stops."""
        self.log.append(Kind.AGENT, {"event": "stop", "version": __version__}, self.time.now())

    def accept(self) -> None:
        """Accept two failures of today: one for long, one for a month."""
        failing = list(queries.current(self.log.store, outcomes=[Outcome.FAIL]))
        now = self.time.now()
        chosen = self.dice.sample(failing, min(2, len(failing)))
        decided = {
            f"accepted-{number}": waiver(
                one.rule,
                one.resource,
                "It goes with the old system, which is being replaced",
                now,
                now + timedelta(days=30 if number == 1 else 300),
            )
            for number, one in enumerate(chosen, start=1)
        }
        decide_waivers(self.options.folder, decided)
        self.reread()

    def change_rules(self) -> None:
        """Change the rules and read everything again."""
        settings = decide(self.options.folder, self.cloud, self.options.every, changed=True)
        self.scope = load_scope(settings, {})
        self.in_force()

    def widen(self) -> None:
        """Bring another category into scope."""
        decide_scope(self.options.folder, self.start, wider=True)
        self.reread()

    def reread(self) -> None:
        """Read again what people decided; the rules are the same."""
        decisions = load_decisions(self.scope.settings, self.scope.pack)
        self.scope = msgspec.structs.replace(self.scope, decisions=decisions)
        self.in_force()

    # --- times
    def at(self, share: float) -> datetime:
        """Give the noon of the day at a share of the period."""
        day = self.start + timedelta(days=int(self.options.period.days * share))
        return day + timedelta(hours=12)

    def span(self, share: float, days: int) -> tuple[datetime, datetime]:
        """Give a stretch of days."""
        low = self.at(share)
        return low, low + timedelta(days=days)


def _today() -> datetime:
    return CLOCK.now().replace(hour=0, minute=0, second=0, microsecond=0)


__all__ = ["Options", "Told", "tell_period"]
