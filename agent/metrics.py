"""What Prometheus scrapes: the state of controls, read from the sealed log when it is asked for.

Every expected (rule, target) pair is there from the first scrape, `unknown` until it is known, and
`unknown` again when its last run is older than its limit: that is decided at the scrape, so that an
agent that stands still cannot leave green behind. `Vitals` are the agent's own counters; everything
else comes from the store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from agent import __version__
from agent.evidence import queries
from agent.evidence.deviations import deviations
from agent.evidence.note import open_checkpoint, parse_vkey
from agent.evidence.queries import Basis, Latest
from agent.evidence.store import Store
from agent.model import Outcome
from agent.rules.rule import Rule
from checks.ledger import Collection

STATUSES = ("fail", "error", "unknown", "pass", "not_applicable")
"""The worst first: what a criterion shows is the worst of its rules."""
BUCKETS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 900)
"""Seconds."""


class Pair(Struct, frozen=True, kw_only=True):
    """A rule on a target, as it is known now."""

    rule: str
    target: str
    status: str
    conclusive: datetime | None
    """When its last conclusive run finished; None: it never had one."""
    counts: Mapping[Outcome, int]


Proves = Mapping[str, tuple[str, ...]]
"""Rule -> the organisation's controls that it proves."""

Conclusive = dict[tuple[str, str], datetime | None]
"""(target, rule) -> when its last conclusive run finished, as the log said when it was asked."""


def pairs(store: Store, now: datetime, known: Conclusive) -> list[Pair]:
    """Give every pair that the schedule in force expects.

    `known` remembers what was looked up in the log, so that an error that lasts is not looked up
    again at every scrape.
    """
    latest = {(each.target, each.rule): each for each in queries.latest(store)}
    for key, last in latest.items():
        if status_of(last.counts) != "error":
            known[key] = last.finished
        elif key not in known:
            known[key] = queries.last_conclusive(store, last)
    return [
        _pair(basis, latest.get((basis.target, basis.rule)), known)
        for basis in queries.bases(store, now)
        if basis.limit is not None
    ]


def status_of(counts: Mapping[Outcome, int]) -> str:
    """Fold what a run counted: a waived failure does not make a rule fail."""
    if counts.get(Outcome.FAIL):
        return "fail"
    if counts.get(Outcome.ERROR):
        return "error"
    return "pass" if counts.get(Outcome.PASS) or counts.get(Outcome.WAIVED) else "not_applicable"


def _pair(basis: Basis, last: Latest | None, known: Conclusive) -> Pair:
    counts = last.counts if last else {}
    status = "unknown" if basis.stale or last is None else status_of(counts)
    return Pair(
        rule=basis.rule,
        target=basis.target,
        status=status,
        conclusive=known.get((basis.target, basis.rule)),
        counts=counts,
    )


class StoreCollector(Collector):
    """Reads the store at each scrape."""

    def __init__(
        self,
        store: Store,
        rules: Callable[[], Mapping[str, Rule]],
        now: Callable[[], datetime],
        proves: Callable[[], Proves] = dict,
    ) -> None:
        """`rules` are those in force, for what a person wants to read beside an id."""
        self._store, self._rules, self._now, self._proves = store, rules, now, proves
        self._conclusive: Conclusive = {}

    def collect(self) -> Iterator[Metric]:
        """Give every family; called by the registry."""
        now, rules = self._now(), self._rules()
        known = pairs(self._store, now, self._conclusive)
        yield from _rule_families(known)
        yield _criteria(known, rules, self._proves())
        yield from _info(rules.values())
        yield from _ages(known, rules)
        yield from _deviation_families(self._store, rules, now)
        yield from _log_families(self._store)


def _state_set(
    name: str, doc: str, labels: tuple[str, ...], states: Iterable[tuple[tuple[str, ...], str]]
) -> Metric:
    family = GaugeMetricFamily(name, doc, labels=(*labels, "status"))
    for values, status in states:
        for each in STATUSES:
            family.add_metric((*values, each), float(each == status))
    return family


def _rule_families(known: list[Pair]) -> Iterator[Metric]:
    yield _state_set(
        "assay_rule_status",
        "State of a rule on a target, from the sealed log; exactly one status is 1.",
        ("rule", "target"),
        (((each.rule, each.target), each.status) for each in known),
    )
    findings = GaugeMetricFamily(
        "assay_rule_findings",
        "Findings by outcome in the last run of a rule on a target.",
        labels=("rule", "target", "outcome"),
    )
    when = GaugeMetricFamily(
        "assay_rule_last_evaluation_timestamp_seconds",
        "When the last conclusive run of a rule on a target finished; 0: never.",
        labels=("rule", "target"),
    )
    for each in known:
        when.add_metric(
            (each.rule, each.target), each.conclusive.timestamp() if each.conclusive else 0.0
        )
        for outcome in Outcome:
            findings.add_metric((each.rule, each.target, str(outcome)), each.counts.get(outcome, 0))
    yield findings
    yield when


OWN = "controls"
"""What `framework` is of the organisation's own controls, which `criterion` then names."""


def _criteria(known: list[Pair], rules: Mapping[str, Rule], proves: Proves) -> Metric:
    worst: dict[tuple[str, ...], int] = {}
    for each in known:
        rule = rules.get(each.rule)
        proven = {**rule.criteria, OWN: proves.get(rule.id, ())} if rule else {}
        for framework, ids in proven.items():
            for criterion in ids:
                key = (framework, criterion, each.target)
                worst[key] = min(worst.get(key, len(STATUSES)), STATUSES.index(each.status))
    return _state_set(
        "assay_control_status",
        "The worst of the rules of a criterion, or control, on a target; exactly one status is 1.",
        ("framework", "criterion", "target"),
        ((key, STATUSES[rank]) for key, rank in sorted(worst.items())),
    )


def _info(rules: Iterable[Rule]) -> Iterator[Metric]:
    info = GaugeMetricFamily(
        "assay_rule_info",
        "What a rule is; always 1.",
        labels=("rule", "title", "severity", "provider", "cloud_service"),
    )
    criteria = GaugeMetricFamily(
        "assay_rule_criterion_info",
        "Which criteria a rule helps to show; always 1.",
        labels=("rule", "framework", "criterion"),
    )
    for rule in rules:
        service = rule.check.split(".")[1]
        info.add_metric((rule.id, rule.title, str(rule.severity), rule.provider, service), 1)
        for framework, ids in rule.criteria.items():
            for criterion in ids:
                criteria.add_metric((rule.id, framework, criterion), 1)
    yield info
    yield criteria


def _ages(known: list[Pair], rules: Mapping[str, Rule]) -> Iterator[Metric]:
    limit = GaugeMetricFamily(
        "assay_rule_max_age_seconds",
        "The age beyond which the last result of a rule says nothing any more.",
        labels=("rule",),
    )
    for name in sorted({each.rule for each in known} & rules.keys()):
        limit.add_metric((name,), (rules[name].every + GRACE).total_seconds())
    yield limit


def _deviation_families(store: Store, rules: Mapping[str, Rule], now: datetime) -> Iterator[Metric]:
    starts: dict[str, list[datetime]] = defaultdict(list)
    for each in deviations(store, now - timedelta(microseconds=1), now):
        if each.end is None:
            starts[each.rule].append(each.start)
    labels = ("rule", "severity")
    count = GaugeMetricFamily("assay_deviation_open", "Failures that last.", labels=labels)
    oldest = GaugeMetricFamily(
        "assay_deviation_oldest_start_timestamp_seconds",
        "When the longest of the failures that last was first seen.",
        labels=labels,
    )
    for name, rule in sorted(rules.items()):
        count.add_metric((name, str(rule.severity)), len(starts[name]))
        if starts[name]:
            oldest.add_metric((name, str(rule.severity)), min(starts[name]).timestamp())
    yield count
    yield oldest


def _log_families(store: Store) -> Iterator[Metric]:
    with store.reading() as view:
        note, vkey = view.checkpoint(), view.meta().get("vkey", "")
    size = open_checkpoint(note, parse_vkey(vkey)).size if note else 0
    yield GaugeMetricFamily("assay_log_size", "Entries of the evidence log.", value=size)


GRACE = timedelta(minutes=15)
"""How much older than its interval a result may be; the same as `queries.bases` takes."""


class Vitals:
    """The agent's own counters: what it does, rather than what it knows."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register all families."""
        self.requests = Counter(
            "assay_cloud_api_requests",
            "Requests to a provider, by HTTP status; 0: no answer came.",
            ("provider", "cloud_service", "code"),
            registry=registry,
        )
        self.duration = Histogram(
            "assay_run_duration_seconds",
            "How long runs take, sealing included.",
            ("provider",),
            buckets=BUCKETS,
            registry=registry,
        )
        self.seal_failures = Counter(
            "assay_seal_failures", "Runs that could not be sealed.", registry=registry
        )
        self.skew = Gauge(
            "assay_clock_skew_seconds",
            "By how much a provider's clock was ahead of ours in the last run.",
            ("target",),
            registry=registry,
        )
        self.accessible = Gauge(
            "assay_target_accessible",
            "Whether the last run on a target got an answer to who it is.",
            ("provider", "target"),
            registry=registry,
        )
        self.expected = Gauge(
            "assay_targets_expected",
            "Targets to observe, and one more for each organization that cannot be listed.",
            ("provider",),
            registry=registry,
        )
        self.reached = Gauge(
            "assay_targets_reached",
            "Targets that answered in their last run.",
            ("provider",),
            registry=registry,
        )
        self.reloaded = Gauge(
            "assay_config_last_reload_successful",
            "Whether the configuration on disk is the one in force.",
            registry=registry,
        )
        self.tick = Gauge(
            "assay_scheduler_last_tick_timestamp_seconds",
            "When the scheduler last showed that it lives.",
            registry=registry,
        )
        self.leader = Gauge(
            "assay_scheduler_leader", "Whether this agent schedules.", registry=registry
        )
        self.verified = Gauge(
            "assay_log_verified",
            "Whether the last whole verification found the log as it was sealed.",
            registry=registry,
        )
        self.verified_at = Gauge(
            "assay_log_verified_timestamp_seconds",
            "When the last whole verification ended; 0: not yet.",
            registry=registry,
        )
        self.checkpoint_at = Gauge(
            "assay_checkpoint_timestamp_seconds",
            "When the newest checkpoint was signed by this agent; 0: not yet.",
            registry=registry,
        )
        build = Gauge("assay_build_info", "The agent's version.", ("version",), registry=registry)
        build.labels(__version__).set(1)
        self.slots = SlotCounts()
        registry.register(self.slots)

    def count(self, provider: str, collection: Collection) -> None:
        """Add the requests of a run."""
        for each in collection.calls:
            service = each.call.split(":")[0]
            self.requests.labels(provider, service, str(each.status)).inc(each.count)


class SlotCounts(Collector):
    """How many slots there were and how many have no run, as last counted from the log."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self.expected = 0
        self.missed: Mapping[str, int] = {}

    def collect(self) -> Iterator[Metric]:
        """Give both counters; called by the registry."""
        yield CounterMetricFamily(
            "assay_slots_expected", "Slots of the schedule so far.", value=self.expected
        )
        missed = CounterMetricFamily(
            "assay_slots_missed", "Slots without a run, by reason.", labels=("reason",)
        )
        for reason, count in sorted(self.missed.items()):
            missed.add_metric((reason or "unexplained",), count)
        yield missed

    def recount(self, store: Store, now: datetime) -> None:
        """Count anew the slots until `now`."""
        found = queries.gaps(store, datetime.fromtimestamp(0, UTC), now)
        missed: dict[str, int] = defaultdict(int)
        for gap in found.gaps:
            missed[gap.reason] += gap.slots
        self.expected, self.missed = found.expected, missed
