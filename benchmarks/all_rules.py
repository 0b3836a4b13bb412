"""All rules of AWS on a seeded account: calls beside the theoretical minimum, CPU, memory, wall.

    python benchmarks/all_rules.py [--scale 1 --scale 10] [--seed 7] [--latency 0.03]

A whole run (collected, judged, sealed) in a process of its own, once as fast as the cloud answers
and once with `--latency` seconds before each answer. The theoretical minimum is counted from what
was seen and not from what was asked: each listing once in each region (and once for each parent),
its further pages at the largest page size, and one call for each part of a resource that a rule
reads; who we are and which regions there are come to it. A first look says which calls moto does
not play; the rules that need one of them are left out: nothing is least where nothing answers.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
REGIONS = ("us-east-1", "eu-west-1")
THREADS = 32


def main() -> None:
    """Print a line for each scale and latency."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=int, action="append")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--latency", type=float, default=0.03)
    parser.add_argument("--child", nargs=3, metavar=("WHAT", "ENDPOINT", "UNPLAYED"))
    options = parser.parse_args()
    if options.child:
        what, endpoint, unplayed = options.child
        print(json.dumps(CHILDREN[what](endpoint, frozenset(json.loads(unplayed)))))
        return
    for scale in options.scale or [1, 10]:
        _measure(scale, options.seed, options.latency)


def _measure(scale: int, seed: int, latency: float) -> None:
    from agent.demo.process import start_cloud  # noqa: PLC0415 - not in the measured processes
    from agent.demo.seed import seed_cloud  # noqa: PLC0415 - as above

    with start_cloud() as cloud:
        seed_cloud(cloud, scale=scale, seed=seed, regions=REGIONS)
        unplayed = _child("unplayed", cloud.endpoint, [])
        counted = _child("minimum", cloud.endpoint, unplayed)
        print(
            f"scale {scale}: {counted['rules']} rules, {counted['resources']} resources seen;"
            f" {counted['beside']} rules need what moto does not play ({', '.join(unplayed)})"
        )
        for delay in (0.0, latency):
            cloud.delay(delay)
            row = _child("run", cloud.endpoint, unplayed)
            cloud.delay(0)
            ratio = row["calls"] / counted["minimum"]
            print(
                f"  {delay * 1000:3.0f} ms a call: {row['calls']} calls,"
                f" minimum {counted['minimum']} (ratio {ratio:.3f},"
                f" repeated: {', '.join(row['repeated']) or 'none'}), {row['cpu']:.2f} s CPU,"
                f" {row['rss']:.0f} MiB, {row['wall']:.2f} s wall, {row['findings']} findings",
                flush=True,
            )


def _child(what: str, endpoint: str, unplayed: list[str]) -> Any:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {
        "AWS_ACCESS_KEY_ID": "demo",
        "AWS_SECRET_ACCESS_KEY": "demo",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    done = subprocess.run(
        [sys.executable, __file__, "--child", what, endpoint, json.dumps(unplayed)],
        check=True,
        stdout=subprocess.PIPE,
        timeout=1800,
        cwd=ROOT,
        env=environment,
    )
    return json.loads(done.stdout)


def _world(endpoint: str, unplayed: frozenset[str]) -> tuple[Any, ...]:
    from agent.pack import schema_source  # noqa: PLC0415 - as above
    from agent.plan import calls_of, make_plan, rules_on  # noqa: PLC0415 - what is measured begins here
    from agent.rules.load import load_rules  # noqa: PLC0415 - as above
    from checks.aws.clients import Access, Clients  # noqa: PLC0415 - as above
    from checks.aws.session import AwsSession  # noqa: PLC0415 - as above
    from checks.load import load_checks  # noqa: PLC0415 - as above

    known = load_checks()
    every = load_rules([ROOT / "rules" / "aws"], known, schema_source())
    calls = {
        name: {call.name for call in calls_of({rule.check: rule.facets}, known)}
        for name, rule in every.items()
    }
    rules = {
        name: rule
        for name, rule in every.items()
        if not calls[name] & unplayed and not any(one.startswith("files:") for one in calls[name])
    }
    checks = {name: check for name, check in known.items() if name.startswith("aws.")}
    access = Access(endpoint_url=endpoint, regions=REGIONS)
    session = AwsSession(Clients(checks.values(), threads=THREADS), access)
    asked: list[tuple[Any, str, str, bool]] = []
    request = session.request

    def noted(call: Any, params: Any, region: str, after: Any = None) -> Any:
        written = json.dumps([params, after], sort_keys=True, default=str)
        asked.append((call, region, written, after is not None))
        return request(call, params, region, after)

    session.request = noted
    rules = rules_on(session.target, rules, checks)
    return checks, rules, make_plan(rules, checks), session, asked


def _unplayed(endpoint: str, _: frozenset[str]) -> list[str]:
    """Name the calls that have no answer."""
    from agent.run import CLOCK  # noqa: PLC0415 - as above
    from checks.collect import collect  # noqa: PLC0415 - as above
    from checks.limits import Limits  # noqa: PLC0415 - as above

    checks, _, plan, session, _ = _world(endpoint, frozenset())
    once = Limits(tries=1)
    return sorted(
        {
            gap.call
            for part in collect(
                session, checks, plan.facets, clock=CLOCK, deadline=1200, threads=8, limits=once
            )
            for gap in (*part.gaps, *(gap for one in part.resources for gap in one.gaps))
        }
    )


def _minimum(endpoint: str, unplayed: frozenset[str]) -> dict[str, Any]:
    """Look once, and count what had to be asked."""
    from agent.run import CLOCK  # noqa: PLC0415 - as above
    from checks.collect import collect  # noqa: PLC0415 - as above

    checks, rules, plan, session, asked = _world(endpoint, unplayed)
    seen: Counter[str] = Counter()
    for part in collect(session, checks, plan.facets, clock=CLOCK, deadline=1200, threads=THREADS):
        seen[part.check] += len(part.resources)
        if lost := [*part.gaps, *(gap for one in part.resources for gap in one.gaps)]:
            raise SystemExit(f"not seen: {lost[0]}")
    return {
        "rules": len(rules),
        "beside": len(_world(endpoint, frozenset())[1]) - len(rules),
        "resources": seen.total(),
        "minimum": _needed(checks, plan.facets, seen, asked),
    }


def _needed(checks: Any, facets: Any, seen: Counter[str], asked: list[Any]) -> int:
    """Distinct listings with their pages, and a call for each wanted part of each resource."""
    parts = [
        (name, facet.call)
        for name, wanted in facets.items()
        for facet in checks[name].facets
        if facet.name in wanted
    ]
    of_parts = [call for _, call in parts]
    listed = {(call.name, where, how) for call, where, how, _ in asked if call not in of_parts}
    further = sum(1 for call, _, _, more in asked if more and call in of_parts)
    needed = len(listed) + further + sum(seen[name] for name, _ in parts)
    # Two checks may need the very same answer, which one call would give to both.
    return min(needed, len({(call.name, where, how) for call, where, how, _ in asked}))


def _run(endpoint: str, unplayed: frozenset[str]) -> dict[str, Any]:
    """A whole run; processor time and wall without the loading of documents."""
    from agent.evidence import keys  # noqa: PLC0415 - as above
    from agent.evidence.log import Log  # noqa: PLC0415 - as above
    from agent.evidence.store import Store  # noqa: PLC0415 - as above
    from agent.run import CLOCK, Runner, Task  # noqa: PLC0415 - as above

    checks, rules, _, session, asked = _world(endpoint, unplayed)
    with tempfile.TemporaryDirectory() as folder:
        key = keys.generate(Path(folder, "key"), "assay.bench/agent")
        with (
            Store.open(Path(folder, "evidence.db")) as store,
            Log.open(store, key, at=CLOCK.now()) as log,
        ):
            runner = Runner(log, checks, deadline=timedelta(minutes=20), threads=THREADS)
            wall, cpu = time.monotonic(), time.process_time()
            done = runner.run(Task(session=session, rules=rules))
            if hasattr(done, "reason"):
                raise SystemExit(f"the run failed: {done}")
            return {
                "calls": len(asked),
                "repeated": _repeated(asked),
                "cpu": time.process_time() - cpu,
                "wall": time.monotonic() - wall,
                "rss": _peak(),
                "findings": sum(sum(one.values()) for one in done.sealed.counts.values()),
            }


def _repeated(asked: list[Any]) -> list[str]:
    """Name the calls that were made again with the same words."""
    times = Counter((call.name, where, how) for call, where, how, _ in asked)
    return sorted(f"{name} x{count}" for (name, _, _), count in times.items() if count > 1)


def _peak() -> float:
    """MiB. Of this program alone: `ru_maxrss` begins with what the starting process had."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


CHILDREN = {"unplayed": _unplayed, "minimum": _minimum, "run": _run}

if __name__ == "__main__":
    main()
