"""The agent: slots become runs, runs become evidence, and what is known is served.

The log says when it started and stopped, what its configuration and schedule are, and which slots
had no run. A reload that finds a mistake changes nothing.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct
from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    ProcessCollector,
    disable_created_metrics,
)

from agent import __version__
from agent.config import ConfigError, Settings, load_settings
from agent.duration import parse_duration
from agent.evidence.log import Log
from agent.evidence.slots import Scheduled
from agent.evidence.store import StoreError
from agent.evidence.verify import LogInvalid, verify_store
from agent.home import open_log
from agent.metrics import StoreCollector, Vitals
from agent.pack import Pack, load_pack, settle
from agent.plan import rules_on
from agent.rules.load import RuleError
from agent.rules.rule import Rule
from agent.run import CLOCK, Done, Failed, Runner, Task
from agent.schedule import Scheduler, is_due
from agent.targets import Observed, TargetError, find_targets
from agent.web.app import Surfaces, create_app
from agent.web.server import Server
from checks.limits import Limits
from checks.model import CheckError

LOG = logging.getLogger("assay")
UPKEEP = timedelta(seconds=30)
"""How often slots without a run are looked for, and how late a run may start before it is one."""
VERIFY = timedelta(days=1)
STALLED = timedelta(minutes=1)
"""A scheduler that has not ticked for this long makes the agent unready."""
MISTAKES = (ConfigError, CheckError, RuleError, TargetError)


class Scope(Struct, frozen=True, kw_only=True):
    """What is in force: replaced as a whole by a reload, or not at all."""

    settings: Settings
    pack: Pack
    targets: Mapping[str, Observed]
    """By label."""

    def rules_of(self, target: str) -> dict[str, Rule]:
        """Give the rules about what the target has."""
        return rules_on(self.targets[target].target, self.pack.rules, self.pack.checks)


def load_scope(settings: Settings) -> Scope:
    """Load what the configuration names. Raises one of `MISTAKES`."""
    pack = load_pack(settings)
    observed = find_targets(settings, pack.checks)
    targets = {each.target.label: each for each in observed}
    settle()
    # No second series for each counter.
    disable_created_metrics()  # type: ignore[no-untyped-call] # it has no types
    return Scope(settings=settings, pack=pack, targets=targets)


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
    scope = load_scope(settings)
    with ExitStack() as stack:
        log = stack.enter_context(open_log(settings, at=CLOCK.now()))
        agent = Agent(scope, log)
        app = create_app(Surfaces(registry=agent.registry, readiness=agent.wrong))
        host = settings.http.host
        server = stack.enter_context(Server(app, host, settings.http.port))
        stack.enter_context(agent.working())
        ready(f"http://{f'[{host}]' if ':' in host else host}:{server.port}")
        while not stopping.wait(0.2):
            if reloading is not None and reloading.is_set():
                reloading.clear()
                agent.reload()
    return 0


class Agent:
    """What runs, and what it knows of itself."""

    def __init__(self, scope: Scope, log: Log) -> None:
        """Nothing runs yet."""
        self._scope, self._log = scope, log
        self._accessible: dict[str, bool] = {}
        self._running: set[tuple[str, datetime]] = set()
        self._turns: dict[str, threading.Lock] = {}
        self._unsealed = ""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        rules = lambda: self._scope.pack.rules  # noqa: E731 - the ones in force when asked
        self.registry.register(StoreCollector(log.store, rules, CLOCK.now))
        self._vitals = Vitals(self.registry)
        self._stopping = threading.Event()
        jitter = scope.settings.run.jitter
        self._scheduler = Scheduler(
            self._slot, clock=CLOCK.now, jitter=parse_duration(jitter) if jitter else timedelta(0)
        )

    @contextmanager
    def working(self) -> Iterator[None]:
        """Work for as long as the context lasts; its start and its end are in the log."""
        now = CLOCK.now()
        self._log.append("agent", {"event": "start", "version": __version__}, now)
        self._log.record_missed(now, reason="agent_down")
        self._in_force()
        self._vitals.leader.set(1)
        self._scheduler.repeat("missed", UPKEEP, self._look_for_missed)
        self._scheduler.repeat("verify", VERIFY, self._verify)
        self._scheduler.start()
        self._scheduler.once("verify", self._verify)
        for target in self._scope.targets:
            self._scheduler.once(f"first {target}", partial(self._first, target))
        try:
            yield
        finally:
            self._stopping.set()
            self._scheduler.stop()
            self._log.append("agent", {"event": "stop", "version": __version__}, CLOCK.now())

    def reload(self) -> None:
        """Read configuration, checks and rules again; on a mistake keep those in force."""
        before = self._scope
        try:
            path = Path(before.settings.file) if before.settings.file else None
            scope = load_scope(load_settings(path))
        except MISTAKES as mistake:
            LOG.error("reload refused, the one before stays in force: %s", mistake)
            self._vitals.reloaded.set(0)
            return
        fixed = ("store", "origin", "http")
        kept = {name: getattr(before.settings, name) for name in fixed}
        if any(getattr(scope.settings, name) != value for name, value in kept.items()):
            LOG.warning("store, origin and http change only with a restart")
        settings = msgspec.structs.replace(scope.settings, **kept)
        self._scope = msgspec.structs.replace(scope, settings=settings)
        for target in before.targets.keys() - scope.targets.keys():
            self._scheduler.drop(target)
        self._in_force()
        LOG.info("reloaded: %d rules, %d targets", len(scope.pack.rules), len(scope.targets))

    def wrong(self) -> Mapping[str, str]:
        """Say why the agent does not do its work; empty when it does."""
        found = {}
        tick = self._scheduler.last_tick
        if tick is None or CLOCK.now() - tick > STALLED:
            found["scheduler"] = "it does not tick"
        if self._unsealed:
            found["store"] = self._unsealed
        if not self._scope.pack.rules:
            found["rules"] = "none is enabled"
        return found

    def _in_force(self) -> None:
        """Record what is in force, and plan it."""
        scope, now = self._scope, CLOCK.now()
        self._log.append("config", _summary(scope), now)
        due = {target: _scheduled(scope.rules_of(target)) for target in scope.targets}
        self._log.schedule(due, valid_from=now, at=now)
        for target, rules in due.items():
            every = sorted({timedelta(seconds=each.every) for each in rules.values()})
            if every:
                self._scheduler.plan(target, every)
        for provider in {each.target.provider for each in scope.targets.values()}:
            count = sum(each.target.provider == provider for each in scope.targets.values())
            self._vitals.expected.labels(provider).set(count)
        self._vitals.reloaded.set(1)

    def _first(self, target: str) -> None:
        """Look at once at what has never been looked at, instead of at its first slot."""
        with self._log.store.reading() as view:
            known = view.number_of(target)
            fresh = known is None or view.last_run(known) is None
        if fresh:
            self._work(target, self._scope.rules_of(target), slot=None)

    def _slot(self, target: str, slot: datetime) -> None:
        rules = self._scope.rules_of(target)
        self._work(target, {n: r for n, r in rules.items() if is_due(slot, r.every)}, slot)

    def _work(self, target: str, rules: Mapping[str, Rule], slot: datetime | None) -> None:
        if not rules:
            return
        key = (target, slot or CLOCK.now())
        self._running.add(key)
        try:
            with self._turns.setdefault(target, threading.Lock()):
                self._carry_out(target, rules, slot)
        finally:
            self._running.discard(key)

    def _carry_out(self, target: str, rules: Mapping[str, Rule], slot: datetime | None) -> None:
        scope = self._scope
        observed = scope.targets[target]
        run = scope.settings.run
        runner = Runner(
            self._log,
            scope.pack.checks,
            deadline=parse_duration(run.deadline),
            threads=run.threads,
            limits=Limits(tries=run.max_attempts),
            stopping=self._stopping,
        )
        trigger = "schedule" if slot else "start"
        task = Task(
            session=observed.open(),
            rules=rules,
            target=observed.target,
            slot=slot,
            trigger=trigger,
        )
        result = runner.run(task)
        if isinstance(result, Done):
            self._note_done(result)
        else:
            self._note_failed(target, slot, result)

    def _note_done(self, done: Done) -> None:
        target, vitals = done.target, self._vitals
        vitals.count(target.provider, done.collection)
        vitals.duration.labels(target.provider).observe(
            (done.finished - done.started).total_seconds()
        )
        vitals.skew.labels(target.label).set(done.collection.skew)
        vitals.checkpoint_at.set(done.finished.timestamp())
        self._reached(target.label, bool(done.identity))
        self._unsealed = ""

    def _note_failed(self, target: str, slot: datetime | None, failed: Failed) -> None:
        if failed.reason in {"taken", "stopped"}:
            return
        LOG.error("%s: no run (%s): %s", target, failed.reason, failed.message)
        if failed.reason == "unknown_target":
            self._reached(target, reached=False)
        if failed.reason == "store":
            self._vitals.seal_failures.inc()
            self._unsealed = failed.message
        if slot is not None:
            self._missed(slot + timedelta(seconds=1), failed.reason, failed.message)

    def _reached(self, target: str, reached: bool) -> None:
        self._accessible[target] = reached
        provider = target.split(":", maxsplit=1)[0]
        self._vitals.accessible.labels(provider, target).set(reached)
        count = sum(
            works for label, works in self._accessible.items() if label.startswith(f"{provider}:")
        )
        self._vitals.reached.labels(provider).set(count)

    def _look_for_missed(self) -> None:
        if self._scheduler.last_tick:
            self._vitals.tick.set(self._scheduler.last_tick.timestamp())
        self._missed(CLOCK.now() - UPKEEP, "overrun", "the run before was still going")
        self._vitals.slots.recount(self._log.store, CLOCK.now())

    def _missed(self, before: datetime, reason: str, note: str) -> None:
        """Record slots that have no run. One that is under way is not missed."""
        pending = list(self._running)
        try:
            self._log.record_missed(
                CLOCK.now(), before=before, reason=reason, note=note, pending=pending
            )
        except StoreError as error:
            LOG.error("a missed slot could not be recorded: %s", error)
            self._unsealed = str(error)

    def _verify(self) -> None:
        try:
            verify_store(self._log.store, self._log.signer.verifier)
        except (LogInvalid, StoreError) as error:
            LOG.critical("the log does not verify: %s", error)
            self._vitals.verified.set(0)
        else:
            self._vitals.verified.set(1)
        self._vitals.verified_at.set(CLOCK.now().timestamp())


def _scheduled(rules: Mapping[str, Rule]) -> dict[str, Scheduled]:
    return {
        name: Scheduled(every=round(rule.every.total_seconds()), digest=rule.sha256)
        for name, rule in rules.items()
    }


def _summary(scope: Scope) -> dict[str, object]:
    """Say what is configured; the whole of it by its digest, since it may name secrets."""
    whole = json.dumps(msgspec.to_builtins(scope.settings), sort_keys=True)
    overrides = json.dumps(msgspec.to_builtins(scope.settings.rules), sort_keys=True)
    return {
        "digest": sha256(whole.encode()).hexdigest(),
        "targets": sorted(scope.targets),
        "rules": len(scope.pack.rules),
        "disabled": list(scope.pack.disabled),
        "waiting": {name: list(one.lacks) for name, one in scope.pack.waiting.items()},
        "overrides": overrides,
    }
