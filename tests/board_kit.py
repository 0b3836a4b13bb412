"""Three clouds that drift, as the agent's own metrics tell them, at a clock of the test's own.

The store, its log, what people decided and every family are the real ones; only what the clouds
answer is pretended: which resource fails a few shipped rules, and when, is drawn from a seed.
"""

from __future__ import annotations

import random
import threading
from base64 import b64encode
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from evidence_world import SIGNER, finding
from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    ProcessCollector,
    disable_created_metrics,
)

from agent.config import Settings
from agent.controls.collector import PeopleCollector
from agent.controls.decisions import load_decisions
from agent.controls.keeping import People
from agent.evidence.anchors.model import AnchorError, Given
from agent.evidence.anchors.tending import AnchorCollector, Tender
from agent.evidence.log import Log
from agent.evidence.seal import RuleVersion
from agent.evidence.slots import Scheduled
from agent.evidence.store import Store
from agent.metrics import StoreCollector, Vitals, choose_renderer
from agent.pack import load_pack
from agent.reach import Reach
from agent.webhooks.collector import WebhookCollector
from agent.webhooks.opening import open_office
from agent.webhooks.settings import WebhookSettings
from checks.ledger import Calls, Collection

ROOT = Path(__file__).parents[1]
RULES = {
    "aws": (
        "cloudtrail/aws-cloudtrail-multi-region",
        "ec2/aws-ec2-instance-imdsv2",
        "ec2/aws-ec2-security-group-ssh",
        "iam/aws-iam-access-key-age",
        "s3/aws-s3-bucket-tls-only",
        "s3/aws-s3-bucket-versioning",
        "dynamodb/aws-dynamodb-pitr",
    ),
    "azure": (
        "keyvault/azure-keyvault-purge-protection",
        "compute/azure-disk-customer-key",
        "sql/azure-sql-server-tls",
        "storage/azure-storage-account-public-access",
    ),
    "gcp": (
        "compute/gcp-compute-instance-os-login",
        "kms/gcp-kms-key-rotation",
        "sql/gcp-sql-instance-backups",
        "storage/gcp-storage-bucket-uniform-access",
    ),
}
TARGETS = (
    "aws:111122223333",
    "aws:444455556666",
    "azure:7f6c5b4a-0000-4000-8000-000000000001",
    "gcp:harbour-shop",
    "gcp:harbour-archive",
)
SILENT = "gcp:harbour-archive"
"""Expected, and never answers."""
ALWAYS = {
    ("aws:111122223333", "aws-ec2-security-group-ssh"): "fail",
    ("aws:111122223333", "aws-cloudtrail-multi-region"): "error",
}
"""What is so on the first target, whatever else happens."""
EMPTY = ("aws:444455556666", "aws-dynamodb-pitr")
"""Has nothing of the kind that the rule is about."""
RESOURCES = 6
WAIVER = """\
{name}:
  rule: {rule}
  resources: [accepted]
  reason: It goes with the old system, which is being replaced
  requested_by: Ana Lopez
  approved_by: Bob Ito
  from: {since:%Y-%m-%dT%H:%M:%SZ}
  until: {until:%Y-%m-%dT%H:%M:%SZ}
  ticket: HARBOUR-17
"""
NOBODY = WebhookSettings(name="chat", url="http://127.0.0.1:9/", secret_file="secret")
"""A receiver that does not answer."""
SCOPE = "organization: Harbour\nsystem: Shop\ncategories: [security, availability]\n"
WAIVED = {"aws-s3-bucket-versioning": 9, "gcp-kms-key-rotation": 200}
"""Rule -> for how many days one of its failures is accepted."""


def settings_in(folder, now):
    """Write what people decided, and give the configuration that names it."""
    (folder / "waivers.yaml").write_text(
        "".join(
            WAIVER.format(name=f"old-{n}", rule=rule, since=now, until=now + timedelta(days=days))
            for n, (rule, days) in enumerate(WAIVED.items(), 1)
        )
    )
    (folder / "scope.yaml").write_text(SCOPE)
    (folder / "secret").write_text(f"whsec_{b64encode(bytes(range(32))).decode()}\n")
    paths = [str(ROOT / f"rules/{cloud}/{rule}.yaml") for cloud in RULES for rule in RULES[cloud]]
    return Settings(
        folder=str(folder),
        shipped_rules=False,
        rules_paths=tuple(paths),
        waivers=("waivers.yaml",),
        scope="scope.yaml",
        every="1h",
        webhooks=(NOBODY,),
    )


class Keeper:
    """Keeps checkpoints, and sometimes does not answer."""

    kind, place, every = "s3", "a bucket", timedelta(0)

    def __init__(self, dice, clock):
        self._dice, self._clock = dice, clock

    def put(self, note, size):  # noqa: ARG002 - as the tender calls it
        if self._dice.random() < 0.2:
            raise AnchorError("it does not answer")
        return Given(time=self._clock(), proof=sha256(note).hexdigest().encode())


class Drift:
    """An agent's log and registry; `turn` lets a round of runs happen, at a time of its own."""

    def __init__(self, folder, log, now, *, seed=7):
        self.log, self.now = log, now
        self._dice = random.Random(f"{seed}/boards")
        self._bad, self._dark, self._skip = {}, {}, 0
        settings = settings_in(folder, now)
        pack = load_pack(settings)
        self.rules, decisions = pack.rules, load_decisions(settings, pack)
        People(log, settings, decisions).put(settings, decisions, now)
        self._make_registry(settings, decisions)
        plan = {
            target: {
                name: Scheduled(every=3600, digest=rule.sha256)
                for name, rule in self.rules.items()
                if target.startswith(f"{rule.provider}:")
            }
            for target in TARGETS
        }
        log.schedule(plan, valid_from=now, at=now)
        self._reach.expect(TARGETS, {"aws": 2, "azure": 1, "gcp": 2})
        self._reach.note(SILENT, answered=False)
        self.vitals.leader.set(1)
        self.vitals.read_again("configuration", ok=True)
        self.vitals.verified.set(1)

    def _make_registry(self, settings, decisions):
        disable_created_metrics()
        clock, store = lambda: self.now, self.log.store
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.registry.register(
            StoreCollector(store, lambda: self.rules, clock, lambda: decisions.proves)
        )
        self.registry.register(PeopleCollector(store, lambda: decisions, clock))
        self._tender = Tender(self.log, [Keeper(self._dice, clock)])
        self.registry.register(AnchorCollector(self._tender, clock))
        self.office = open_office(store, lambda: settings, lambda: decisions, clock)
        self.office.use(settings.webhooks)
        self.registry.register(WebhookCollector(self.office, clock))
        self.vitals = Vitals(self.registry)
        self._reach = Reach(self.vitals)

    def turn(self, now, *, slot=None):
        """Look at every target but the silent one; in a slot, or by hand."""
        self.now = now
        self._skip = self._skip - 1 if self._skip else 2 * (self._dice.random() < 0.04)
        for target in TARGETS:
            if target != SILENT and not (slot and self._skip and target.startswith("aws:4444")):
                self._look(target, now, slot)
        if slot:
            self.log.record_missed(now, before=slot + timedelta(seconds=1), reason="overrun")
        self._tender.tend(now)
        self.vitals.tick.set(now.timestamp())
        self.vitals.verified_at.set(now.timestamp() - 4000)
        self.vitals.slots.recount(self.log.store, now)

    def _look(self, target, now, slot):
        provider = target.partition(":")[0]
        rules = {name: rule for name, rule in self.rules.items() if rule.provider == provider}
        versions = {
            name: RuleVersion(text=rule.text, check=rule.check) for name, rule in rules.items()
        }
        took = timedelta(seconds=self._dice.uniform(4, 40))
        with self.log.run(
            target=target,
            slot=slot,
            rules=versions,
            at=now,
            trigger="schedule" if slot else "manual",
        ) as run:
            for name in rules:
                for resource, outcome in self._outcomes(target, name):
                    run.add(finding(name, resource, outcome))
            run.seal({"versions": {"agent": "0.1"}}, finished=now)
        self.vitals.duration.labels(provider).observe(took.total_seconds())
        self.vitals.skew.labels(target).set(self._dice.uniform(-0.4, 0.4))
        self.vitals.count(provider, self._collection(provider, len(rules)))
        self._reach.note(target, answered=True)

    def _outcomes(self, target, name):
        """Draw who breaks, who is mended, and whether the rule can be judged at all."""
        key = (target, name)
        if key == EMPTY:
            return
        if key in ALWAYS:
            yield "always", ALWAYS[key]
        dark = self._dark.get(key, 0)
        self._dark[key] = dark - 1 if dark else 5 * (self._dice.random() < 0.012)
        bad = self._bad.setdefault(key, {0} if len(name) % 5 == 0 else set())
        if self._dice.random() < 0.03:
            bad.add(self._dice.randrange(RESOURCES))
        if bad and self._dice.random() < 0.12:
            bad.pop()
        for number in range(RESOURCES):
            outcome = "error" if dark else "fail" if number in bad else "pass"
            yield f"{name.split('-')[1]}-{number}", outcome
        if name in WAIVED:
            yield "accepted", "waived"

    def _collection(self, provider, rules):
        service = {"aws": ("s3", "ec2", "iam"), "azure": ("resourcegraph", "storage")}.get(
            provider, ("cloudasset", "compute")
        )
        calls = tuple(
            Calls(call=f"{name}:List", region="", status=status, count=count)
            for place, name in enumerate(service)
            for status, count in (
                (200, rules * (9 - 3 * place) + self._dice.randrange(9)),
                (403, self._dice.randrange(2)),
                (429, self._dice.randrange(3) * (place == 0)),
            )
        )
        return Collection(
            calls=calls,
            requests=sum(each.count for each in calls),
            first_ids=(),
            last_ids=(),
            ids_digest="",
            skew=0.0,
            regions=(),
            not_enabled=(),
            absent=(),
        )


@contextmanager
def drifting(folder, now, **more):
    """A world that begins `now`."""
    with (
        Store.open(folder / "evidence.db") as store,
        Log.open(store, SIGNER, at=now) as log,
    ):
        drift = Drift(folder, log, now, **more)
        with drift.office:
            yield drift


class Exposed:
    """Serves a registry as the agent does, on a free port of loopback; use it as a context."""

    def __init__(self, registry):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                render, content_type = choose_renderer(self.headers.get("Accept", ""))
                body = render(registry)
                self.send_response(200)
                self.send_header("Content-Type", content_type)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
