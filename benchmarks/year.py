"""A year of hourly runs through the real sealing code: bytes, seal time, questions, verification.

    python benchmarks/year.py [--resources 40] [--rules 10] [--hours 8760] [--flips 12] [--churn 1]

`flips` outcomes change a day, and `churn` resources are replaced a day. Every run adds every
finding and is sealed with its own checkpoint, as the agent does it. At the end the whole store is
verified from its bytes, against checkpoints that were held on the way.
"""

from __future__ import annotations

import argparse
import random
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agent.evidence import keys, queries
from agent.evidence.deviations import deviations
from agent.evidence.log import Log
from agent.evidence.seal import RuleVersion
from agent.evidence.slots import Scheduled
from agent.evidence.store import Store
from agent.evidence.verify import verify_store
from agent.model import Finding, Outcome

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
TARGET = "aws:111122223333"
HELP = {
    "resources": "in the estate",
    "rules": "that judge each of them",
    "hours": "of the history, with a run each",
    "flips": "outcomes that change a day",
}


class Estate:
    """Resources whose outcomes change now and then."""

    def __init__(self, resources: int, rules: int, seed: int = 7) -> None:
        self.chance = random.Random(seed)
        self.made = 0
        self.rules = {
            f"aws-demo-rule-{n:03}": RuleVersion(
                text=f"id: aws-demo-rule-{n:03}\n".encode() * 40, check="aws.demo.thing"
            )
            for n in range(rules)
        }
        self.alive = [self.new() for _ in range(resources)]
        self.bad = {
            (rule, name)
            for rule in self.rules
            for name in self.alive
            if self.chance.random() < 0.03
        }

    def new(self) -> str:
        """Make the name of a resource."""
        self.made += 1
        return f"arn:aws:demo:eu-west-1:111122223333:thing/{self.made:08}"

    def live(self, flips: float, churn: float) -> None:
        """Let an hour pass; `flips` and `churn` are a day's."""
        for _ in range(self.times(flips / 24)):
            self.bad ^= {(self.chance.choice(list(self.rules)), self.chance.choice(self.alive))}
        for _ in range(self.times(churn / 24)):
            place = self.chance.randrange(len(self.alive))
            self.bad -= {(rule, self.alive[place]) for rule in self.rules}
            self.alive[place] = self.new()

    def times(self, expected: float) -> int:
        """Give a whole number of times that is `expected` in the mean."""
        return int(expected) + (self.chance.random() < expected % 1)

    def findings(self, name: str) -> list[Finding]:
        """Judge a resource by all rules."""
        return [self.finding(rule, name) for rule in self.rules]

    def finding(self, rule: str, name: str) -> Finding:
        """Judge a resource by one rule."""
        bad = (rule, name) in self.bad
        values = {
            "resource": {
                "Encryption": {"Rules": [{"SSEAlgorithm": "aws:kms", "BucketKeyEnabled": not bad}]},
                "Name": name[-8:],
            },
            "params": {"days": 90},
        }
        return Finding(
            rule=rule,
            resource=name,
            region="eu-west-1",
            outcome=Outcome.FAIL if bad else Outcome.PASS,
            message=f"{name} is not as it must be" if bad else "",
            values=values,
        )


def simulate(log: Log, estate: Estate, args: argparse.Namespace) -> dict[str, Any]:
    """Run every hour but a few that the agent misses; gives CPU seconds and held checkpoints."""
    rules = {rule: Scheduled(every=3600, digest="00") for rule in estate.rules}
    log.schedule({TARGET: rules}, valid_from=START, at=START)
    times = {"make": 0.0, "add": 0.0, "seal": 0.0, "first": 0.0}
    held, changes, runs = [], 0, 0
    for hour in range(args.hours):
        now = START + hour * HOUR
        if hour:
            estate.live(args.flips, args.churn)
        if hour % 1000 in (500, 501):  # the agent was down for two hours
            continue
        if hour % 1000 == 502:
            log.record_missed(now)
        clock = time.process_time()
        with log.run(target=TARGET, slot=now, rules=estate.rules, at=now) as run:
            for name in estate.alive:
                made = time.process_time()
                findings = estate.findings(name)
                times["make"] += time.process_time() - made
                for finding in findings:
                    run.add(finding)
                run.see(name, "eu-west-1", "aws.demo.thing", b"\x01" * 32)
            added = time.process_time()
            sealed = run.seal(
                {"identity": "arn:aws:sts::111122223333:assumed-role/assay/assay", "skew_ms": 3},
                finished=now + timedelta(minutes=2),
                calls={"ListThings": {"pages": 1, "items": len(estate.alive)}},
            )
        times["add"] += added - clock
        times["seal" if hour else "first"] += time.process_time() - added
        changes += sealed.changes
        runs += 1
        if hour % 500 == 0:
            held.append(log.checkpoint())
    return {"times": times, "held": held, "changes": changes, "runs": runs}


def timed(label: str, ask: Callable[[], Any], limit_ms: float) -> None:
    """Print the best of five times of a question."""
    best, answer = float("inf"), None
    for _ in range(5):
        start = time.perf_counter()
        answer = ask()
        best = min(best, time.perf_counter() - start)
    print(f"{label:46} {best * 1000:10.2f} ms   (allowed {limit_ms:g} ms)  {answer}")


def ask(store: Store, estate: Estate, hours: int) -> None:
    """Ask the questions of EVIDENCE.md, "Questions and the time allowed"."""
    at, end = START + (hours // 2) * HOUR, START + hours * HOUR
    rule, name = next(iter(estate.rules)), estate.alive[0]
    which = {"target": TARGET, "rule": rule, "resource": name}
    timed("one finding as of an instant",
          lambda: queries.finding_as_of(store, end, **which) is not None, 1)  # fmt: skip
    timed("one rule, all resources, as of an instant",
          lambda: len(list(queries.as_of(store, at, target=TARGET, rule=rule))), 20)  # fmt: skip
    timed("the whole estate as of an instant (counts)",
          lambda: len(queries.counts_as_of(store, at)), 1000)  # fmt: skip
    timed("deviations of a rule in a quarter",
          lambda: len(deviations(store, at, at + timedelta(days=91), rule=rule)), 5)  # fmt: skip
    timed("all deviations of the year",
          lambda: len(deviations(store, START, end)), 1000)  # fmt: skip
    timed("gaps of the year",
          lambda: queries.gaps(store, START, end).unexplained, 100)  # fmt: skip
    timed("newest counts, rule by rule (for metrics)", lambda: len(queries.latest(store)), 20)


def sized(words: str, **sizes: float) -> argparse.Namespace:
    """Read from the command how large an estate is to be; `sizes` are what holds otherwise."""
    parser = argparse.ArgumentParser(description=words.split("\n", maxsplit=1)[0])
    for name, size in sizes.items():
        parser.add_argument(f"--{name}", type=type(size), default=size, help=HELP[name])
    parser.add_argument("--churn", type=float, default=1, help="resources replaced a day")
    return parser.parse_args()


def main() -> None:
    """Simulate, ask, verify; print figures."""
    args = sized(__doc__, resources=40, rules=10, hours=8760, flips=12.0)
    folder = Path(tempfile.mkdtemp(prefix="assay-year-"))
    try:
        measure(folder, args)
    finally:
        shutil.rmtree(folder)


def measure(folder: Path, args: argparse.Namespace) -> None:
    """Do it all in `folder`."""
    estate = Estate(args.resources, args.rules)
    signer = keys.generate(folder / "key", "example.com/year")
    with closing(Store.open(folder / "evidence.db")) as store:
        with closing(Log.open(store, signer, at=START)) as log:
            start = time.perf_counter()
            told = simulate(log, estate, args)
            wall = time.perf_counter() - start
        size = sum(path.stat().st_size for path in folder.glob("evidence.db*"))
        findings = told["runs"] * args.resources * args.rules
        times = told["times"]
        add = times["add"] - times["make"]
        print(f"{told['runs']} runs of {args.resources} resources x {args.rules} rules: "
              f"{findings:,} findings in {wall:.1f} s")  # fmt: skip
        print(f"{told['changes']:,} change rows; {size / 1e6:.1f} MB, "
              f"{size / max(told['changes'], 1):.0f} bytes a change row, "
              f"{size / findings:.3f} bytes a finding")  # fmt: skip
        print(f"CPU: the first seal {times['first']:.2f} s, then {add / findings * 1e6:.1f} us to "
              f"add and {times['seal'] / findings * 1e6:.1f} us to seal a finding, "
              f"{times['seal'] / told['runs'] * 1e3:.1f} ms to seal a run")  # fmt: skip
        ask(store, estate, args.hours)
        start = time.perf_counter()
        verify_store(store, signer.verifier, told["held"])
        print(f"verified from its bytes in {time.perf_counter() - start:.1f} s, against "
              f"{len(told['held'])} held checkpoints: valid")  # fmt: skip
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"peak memory of all this: {peak:.0f} MB")


if __name__ == "__main__":
    main()
