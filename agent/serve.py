"""The agent: slots become runs, runs become evidence, and what is known is served.

The log says when it started and stopped, what its configuration and schedule are, who joined and
left the population, and which slots had no run. A reload that finds a mistake changes nothing, and
neither does a provider that cannot list its targets.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector

from agent import __version__
from agent.backfill import BackFill
from agent.config import ConfigError, Settings, load_settings
from agent.controls.collector import PeopleCollector
from agent.controls.decisions import Decisions
from agent.controls.document import DocumentError
from agent.controls.keeping import People
from agent.duration import parse_duration
from agent.evidence.anchors.model import Anchor
from agent.evidence.anchors.opening import open_anchors
from agent.evidence.anchors.tending import AnchorCollector, Tender
from agent.evidence.entry import Kind
from agent.evidence.log import Log
from agent.evidence.slots import Scheduled
from agent.evidence.store import StoreError
from agent.home import known_rolls, open_log
from agent.metrics import StoreCollector, Vitals
from agent.population import changes, last_rolls
from agent.reach import Reach, last_answers
from agent.rules.load import RuleError
from agent.run import CLOCK
from agent.schedule import Scheduler
from agent.scope import Scope, find_again, load_scope, summary
from agent.targets import TargetError
from agent.unsealed import Unsealed
from agent.upkeep import Upkeep
from agent.web.opening import open_server
from agent.web.reads import Reads
from agent.web.surfaces import Surfaces
from agent.webhooks.collector import WebhookCollector
from agent.webhooks.opening import open_office
from agent.work import Work
from checks.model import CheckError

LOG = logging.getLogger("assay")
UPKEEP = timedelta(seconds=30)
"""How often slots without a run are looked for, and how late a run may start before it is one."""
VERIFY = timedelta(days=1)
STALLED = timedelta(minutes=1)
"""A scheduler that has not ticked for this long makes the agent unready."""
MISTAKES = (ConfigError, CheckError, RuleError, DocumentError, TargetError)


def serve(
    settings: Settings,
    *,
    stopping: threading.Event,
    ready: Callable[[str], None],
    reloading: threading.Event | None = None,
) -> int:
    """Run until `stopping` is set; when `reloading` is set, read the configuration again.

    `ready(url)` is called once the HTTP server answers. Returns the exit code. Raises the errors
    of configuration, checks, rules, store, key and address before anything runs.
    """
    scope = load_scope(settings, known_rolls(settings))
    with ExitStack() as stack:
        log = stack.enter_context(open_log(settings, at=CLOCK.now()))
        agent = Agent(scope, log)
        server = stack.enter_context(
            open_server(settings, agent.surfaces(), agent.reads, agent.told_of_users)
        )
        stack.enter_context(agent.working())
        ready(server.url)
        while not stopping.wait(0.2):
            if reloading is not None and reloading.is_set():
                reloading.clear()
                agent.reload_soon()
    return 0


class Agent:
    """What runs, and what it knows of itself."""

    def __init__(self, scope: Scope, log: Log) -> None:
        """Nothing runs yet."""
        self._scope, self._log = scope, log
        self._unsealed = Unsealed()
        self.reads = Reads(CLOCK.now) if scope.settings.http.audit_reads else None
        self._people = People(log, scope.settings, scope.decisions)
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        rules = lambda: self._scope.pack.rules  # noqa: E731 - the ones in force when asked
        proves = lambda: self._scope.decisions.proves  # noqa: E731 - as for the rules
        budget = scope.settings.http.series_budget
        self.registry.register(StoreCollector(log.store, rules, CLOCK.now, proves, budget=budget))
        self.registry.register(PeopleCollector(log.store, self.decisions, CLOCK.now))
        self._tender = Tender(log, _anchors(scope))
        self.registry.register(AnchorCollector(self._tender, CLOCK.now))
        in_force = lambda: self._scope.settings  # noqa: E731 - as for the rules
        self._office = open_office(log.store, in_force, self.decisions, CLOCK.now)
        self.registry.register(WebhookCollector(self._office, CLOCK.now))
        self._vitals = Vitals(self.registry)
        self._reach = Reach(self._vitals, last_answers(log.store))
        self._known = last_rolls(log.store)
        self._stopping = threading.Event()
        self._work = Work(
            log,
            self.scope,
            vitals=self._vitals,
            reach=self._reach,
            unsealed=self._unsealed,
            stopping=self._stopping,
        )
        self._upkeep = Upkeep(
            log,
            people=self._people,
            tender=self._tender,
            reads=self.reads,
            vitals=self._vitals,
            unsealed=self._unsealed,
        )
        self._past = BackFill(log.store, self.scope, self._work.runner, self._stopping)
        run = scope.settings.run
        self._scheduler = Scheduler(
            self._slot,
            clock=CLOCK.now,
            jitter=parse_duration(run.jitter) if run.jitter else timedelta(0),
            workers=run.targets_at_once,
        )

    def scope(self) -> Scope:
        """Give what is in force."""
        return self._scope

    def decisions(self) -> Decisions:
        """Give what people decided, as it was read last."""
        return self._people.decisions

    def surfaces(self) -> Surfaces:
        """Give what the HTTP application shows of it."""
        return Surfaces(
            registry=self.registry,
            readiness=self.wrong,
            store=self._log.store,
            scope=self.scope,
            decisions=self.decisions,
            now=CLOCK.now,
        )

    def told_of_users(self, ok: bool) -> None:
        """Hear whether the web configuration on disk is in force."""
        self._vitals.read_again("web configuration", ok=ok)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Work for as long as the context lasts; its start and its end are in the log."""
        now = CLOCK.now()
        begins = not self._started_before()
        self._log.append("agent", {"event": "start", "version": __version__}, now)
        self._log.record_missed(now, reason="agent_down")
        self._log.append("config", summary(self._scope), now)
        self._people.put(self._scope.settings, self._scope.decisions, now)
        self._record_population(self._scope)
        self._log.schedule(scheduled(self._scope), valid_from=now, at=now)
        self._office.use(self._scope.settings.webhooks)
        self._vitals.leader.set(1)
        self._scheduler.repeat("missed", UPKEEP, self._look_for_missed)
        self._scheduler.repeat("people", UPKEEP, self._upkeep.look_at_people)
        self._scheduler.repeat("anchors", UPKEEP, self._upkeep.tend_anchors, asks=True)
        self._scheduler.repeat("verify", VERIFY, self._upkeep.verify)
        self._scheduler.repeat("reads", UPKEEP, self._upkeep.seal_reads)
        to_fill = self._work.is_fresh if begins else self._work.is_cut_off
        past_of = filter(to_fill, self._scope.targets)
        self._past.start(past_of, lambda each: self._look_first(each, anyway=True))
        self._plan(self._scope.targets)
        self._vitals.read_again("configuration", ok=True)
        self._scheduler.start()
        self._scheduler.once("anchors", self._upkeep.tend_anchors, asks=True)
        self._scheduler.once("verify", self._upkeep.verify)
        try:
            yield
        finally:
            self._stopping.set()
            self._scheduler.stop()
            self._upkeep.seal_reads()
            self._office.close()
            self._log.append("agent", {"event": "stop", "version": __version__}, CLOCK.now())

    def reload_soon(self) -> None:
        """Have the configuration read again, in turn with the looking for members."""
        self._scheduler.once("reload", self._reload, asks=True)

    def _reload(self) -> None:
        """Read configuration, checks and rules again; on a mistake keep those in force."""
        before = self._scope
        try:
            path = Path(before.settings.file) if before.settings.file else None
            scope = load_scope(load_settings(path), self._known)
        except MISTAKES as mistake:
            LOG.error("reload refused, the one before stays in force: %s", mistake)
            self._vitals.read_again("configuration", ok=False)
            return
        fixed = ("store", "origin", "key", "http")
        kept = {name: getattr(before.settings, name) for name in fixed}
        if any(getattr(scope.settings, name) != value for name, value in kept.items()):
            LOG.warning("store, origin, key and http change only with a restart")
        settings = msgspec.structs.replace(scope.settings, **kept)
        self._take(msgspec.structs.replace(scope, settings=settings), reloaded=True)
        LOG.info("reloaded: %d rules, %d targets", len(scope.pack.rules), len(scope.targets))

    def _find_members(self) -> None:
        """Ask the entries again who they lead to; who joins is looked at, who leaves no more."""
        try:
            scope = find_again(self._scope, self._known)
        except TargetError as error:
            LOG.error("the targets stay as they were: %s", error)
        else:
            self._take(scope)

    def wrong(self) -> Mapping[str, str]:
        """Say why the agent does not do its work; empty when it does."""
        found = {}
        tick = self._scheduler.last_tick
        if tick is None or CLOCK.now() - tick > STALLED:
            found["scheduler"] = "it does not tick"
        if self._unsealed.words:
            found["store"] = self._unsealed.words
        if not self._scope.pack.rules:
            found["rules"] = "none is enabled"
        return found

    def _take(self, scope: Scope, *, reloaded: bool = False) -> None:
        """Put a scope in force, once it is recorded; a store that fails leaves the one before."""
        before = self._scope
        try:
            if reloaded:
                self._log.append("config", summary(scope), CLOCK.now())
                self._people.put(scope.settings, scope.decisions, CLOCK.now())
            self._record_population(scope)
            self._log.schedule(scheduled(scope), valid_from=CLOCK.now(), at=CLOCK.now())
            if reloaded:
                self._office.use(scope.settings.webhooks)
        except StoreError as error:
            LOG.error("what is in force stays as it was, it could not be recorded: %s", error)
            self._unsealed.words = str(error)
            return
        self._scope = scope
        self._tender.use(_anchors(scope))
        for target in before.targets.keys() - scope.targets.keys():
            self._scheduler.drop(target)
        self._plan(scope.targets if reloaded else scope.targets.keys() - before.targets.keys())
        if reloaded:
            self._vitals.read_again("configuration", ok=True)

    def _record_population(self, scope: Scope) -> None:
        """Record who joined and left, and which entries could not say. Raises `StoreError`."""
        for roll, body in list(changes(self._known, scope.rolls)):
            self._log.append("population", body, CLOCK.now())
            self._known[roll.source] = roll
            if roll.failure:
                LOG.error("%s", roll.words)
            for label in body["joined"]:
                LOG.info("%s: %s joins the population", roll.source, label)
            for label, state in body["left"].items():
                LOG.warning("%s: %s leaves the population: %s", roll.source, label, state)

    def _plan(self, targets: Iterable[str]) -> None:
        """Plan the slots of `targets`, begin with what is new, and expect what is in force."""
        scope = self._scope
        for target in targets:
            every = sorted({rule.every for rule in scope.rules_of(target).values()})
            if every:
                self._scheduler.plan(target, every)
            if not self._past.has(target):
                self._look_first(target)
        if scope.entries.finds:
            discover = parse_duration(scope.settings.run.discover)
            self._scheduler.repeat("members", discover, self._find_members, asks=True)
        self._reach.expect(scope.targets, scope.expected())

    def _look_first(self, target: str, *, anyway: bool = False) -> None:
        """Look soon at what has never been looked at, instead of at its first slot."""

        def look() -> None:
            if anyway or self._work.is_fresh(target):
                self._work.look(target, slot=None)

        self._scheduler.once(f"first {target}", look)

    def _started_before(self) -> bool:
        with self._log.store.reading() as view:
            return any(True for _ in view.entries(Kind.AGENT))

    def _slot(self, target: str, slot: datetime) -> None:
        if not self._past.has(target):
            self._work.look(target, slot)
            return
        after, note = slot + timedelta(seconds=1), "the past was looked at before the present"
        self._work.record_missed(after, "back_fill", note, only=target)

    def _look_for_missed(self) -> None:
        if self._scheduler.last_tick:
            self._vitals.tick.set(self._scheduler.last_tick.timestamp())
        before, note = CLOCK.now() - UPKEEP, "the run before was still going"
        self._work.record_missed(before, "overrun", note, waiting=self._scheduler.waiting())
        self._vitals.slots.recount(self._log.store, CLOCK.now())


def _anchors(scope: Scope) -> tuple[Anchor, ...]:
    return open_anchors(scope.settings.anchors, scope.settings.path, CLOCK.now)


def scheduled(scope: Scope) -> dict[str, dict[str, Scheduled]]:
    """What is to run on each target, as the log keeps it."""
    return {
        target: {
            name: Scheduled(every=round(rule.every.total_seconds()), digest=rule.sha256)
            for name, rule in scope.rules_of(target).items()
        }
        for target in scope.targets
    }
