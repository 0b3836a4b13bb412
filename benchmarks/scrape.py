"""A scrape of 100 rules x 100 targets, by prometheus_client's own encoders and by the agent's.

    python benchmarks/scrape.py [--rules 100] [--targets 100] [--repeat 5]

CPU time, reading the store included: the first scrape, one at which nothing has changed, and one
after a tenth of the targets had another run. The rules are shipped ones, on a store that the real
code sealed. "library" is what a scrape costs with prometheus_client's encoders.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from agent.config import Settings
from agent.evidence import keys
from agent.evidence.log import Log
from agent.evidence.seal import RuleVersion
from agent.evidence.slots import Scheduled
from agent.evidence.store import Store
from agent.metrics import StoreCollector, choose_renderer
from agent.model import Finding, Outcome
from agent.pack import load_pack
from agent.rules.rule import Rule

START = datetime(2026, 1, 1, tzinfo=UTC)
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def label(number: int) -> str:
    """Name a target."""
    return f"aws:{number:012}"


def run(log: Log, rules: Mapping[str, Rule], target: int, at: datetime) -> None:
    """Seal one run in which every rule has one finding."""
    versions = {name: RuleVersion(text=b"id: x", check=rule.check) for name, rule in rules.items()}
    with log.run(target=label(target), slot=at, rules=versions, at=at) as writing:
        for place, name in enumerate(rules):
            bad = (place + target + at.hour) % 7 == 0
            outcome = Outcome.FAIL if bad else Outcome.PASS
            message = "it is not so" if bad else ""
            writing.add(Finding(rule=name, resource="one", region="", outcome=outcome,
                                message=message))  # fmt: skip
        writing.seal({"versions": {}}, finished=at + timedelta(minutes=1))


def cpu(ask: Callable[[], bytes]) -> tuple[float, bytes]:
    """Measure the CPU time of one call."""
    begun = time.process_time()
    told = ask()
    return time.process_time() - begun, told


def fill(log: Log, rules: Mapping[str, Rule], targets: range) -> None:
    """Plan every rule on every target, and run each target once."""
    plan = {name: Scheduled(every=3600, digest="00") for name in rules}
    log.schedule({label(each): plan for each in targets}, valid_from=START, at=START)
    for each in targets:
        run(log, rules, each, START)


def measure(folder: Path, args: argparse.Namespace) -> None:
    """Fill a store and scrape it, in both formats."""
    loaded = load_pack(Settings(), observed_only=True).rules
    rules = dict(list(loaded.items())[: args.rules])
    signer = keys.generate(folder / "key", "example.com/scrape")
    with (
        closing(Store.open(folder / "evidence.db")) as store,
        closing(Log.open(store, signer, at=START)) as log,
    ):
        fill(log, rules, range(args.targets))
        for hour, accept in enumerate(("text/plain", OPENMETRICS), 1):
            compare(store, log, rules, accept, START + timedelta(hours=hour), args=args)


def compare(
    store: Store,
    log: Log,
    rules: Mapping[str, Rule],
    accept: str,
    hour: datetime,
    *,
    args: argparse.Namespace,
) -> None:
    """Print what the scrapes of one format cost."""
    now = hour
    registry = CollectorRegistry()
    registry.register(StoreCollector(store, lambda: rules, lambda: now))
    (library, _), (ours, _) = choose_encoder(accept), choose_renderer(accept)
    theirs = min(cpu(lambda: library(registry))[0] for _ in range(2))
    registry = CollectorRegistry()
    registry.register(StoreCollector(store, lambda: rules, lambda: now))
    first, text = cpu(lambda: ours(registry))
    same = min(cpu(lambda: ours(registry))[0] for _ in range(args.repeat))
    for target in range(0, args.targets, 10):
        run(log, rules, target, hour)
    now = hour + timedelta(minutes=2)
    changed, _ = cpu(lambda: ours(registry))
    series = sum(not line.startswith(b"#") for line in text.splitlines())
    print(f"{accept.partition(';')[0]:30} {series:,} series, {len(text) / 1e6:.1f} MB: library "
          f"{theirs:.2f} s; ours {first:.2f} s first, {same:.2f} s again, {changed:.2f} s after "
          "runs")  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rules", type=int, default=100)
    parser.add_argument("--targets", type=int, default=100)
    parser.add_argument("--repeat", type=int, default=5)
    with tempfile.TemporaryDirectory(prefix="assay-scrape-") as folder:
        measure(Path(folder), parser.parse_args())


if __name__ == "__main__":
    main()
