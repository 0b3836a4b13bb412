"""Half a year of hourly runs, and how long each page takes: the first time, and when asked again.

    python benchmarks/pages.py [--resources 60] [--rules 40] [--hours 4380] [--flips 30]
    python benchmarks/pages.py --config assay.yaml

The evidence is made by the real sealing code, as in `year.py`; with --config it is the one that the
configuration names. The aim is 100 ms for the first page, asked for the first time.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from year import HOUR, START, Estate, simulate

from agent.config import load_settings
from agent.evidence import keys, queries
from agent.evidence.log import Log
from agent.evidence.store import Store
from agent.home import STORE, folder_of
from agent.model import Outcome
from agent.scope import load_scope
from agent.web.still import still

AIM = 100
"""Milliseconds for the first page."""
CONFIG = """\
{"targets": [{"provider": "aws", "account": "111122223333", "regions": ["eu-west-1"]}],
 "shipped_rules": false, "store": "."}
"""


@contextmanager
def made(args: argparse.Namespace) -> Iterator[tuple[Path, datetime]]:
    """Make the evidence; gives its configuration and the time at which it is looked at."""
    folder = Path(tempfile.mkdtemp(prefix="assay-pages-"))
    try:
        path = folder / "assay.yaml"
        path.write_text(CONFIG)
        key = keys.generate(folder / "key", "example.com/pages")
        with closing(Store.open(folder / STORE)) as store, Log.open(store, key, at=START) as log:
            simulate(log, Estate(args.resources, args.rules), args)
        yield path, START + args.hours * HOUR
    finally:
        shutil.rmtree(folder)


@contextmanager
def named(config: Path) -> Iterator[tuple[Path, datetime]]:
    """Take the evidence that a configuration names, as it stood after its last run."""
    with closing(Store.open(folder_of(load_settings(config)) / STORE, read_only=True)) as store:
        last = max(each.finished for each in queries.latest(store))
    yield config, last + timedelta(hours=1)


def pages_of(store: Store) -> dict[str, str]:
    """Name the pages and give the address of one of each."""
    failing = next(queries.current(store, outcomes=[Outcome.FAIL]))
    with store.reading() as view:
        last = view.size() - 1
        run = next(index for index in range(last, 0, -1) if view.run_at(index))
    which = f"rule={failing.rule}&target={failing.target}&resource={quote(failing.resource)}"
    return {
        "overview": "/",
        "overview, 60 days ago": "/?at=",
        "controls": "/controls",
        "control, 90 days": "/controls/multi-factor",
        "rules": "/rules",
        "rule, 90 days": f"/rules/{failing.rule}",
        "findings that fail": "/findings?outcome=fail",
        "finding": f"/finding?{which}",
        "resource": f"/resource?id={quote(failing.resource)}",
        "deviations, 90 days": "/deviations",
        "not seen": "/unseen",
        "people": "/people",
        "runs": "/runs",
        "run": f"/runs/{run}",
        "log": "/log",
        "entry and its proof": f"/log/{last // 2}",
        "reports": "/reports",
    }


def measure(config: Path, now: datetime, ready: float) -> None:
    """Ask for every page of a server that has answered nothing yet, then again."""
    scope = load_scope(load_settings(config), {})
    with (
        closing(Store.open(folder_of(scope.settings) / STORE, read_only=True)) as store,
        still(store, scope, now) as where,
        httpx.Client(base_url=where, trust_env=False, timeout=60) as client,
    ):
        client.get("/healthz")
        then = f"{now - timedelta(days=60):%Y-%m-%dT%H:%M:%SZ}"
        print(f"{'page':24}{'first ms':>10}{'its CPU':>10}{'again ms':>10}{'KiB':>8}")
        for name, path in pages_of(store).items():
            first, cpu, again, size = ask(client, path + (then if path.endswith("=") else ""))
            late = f"  (aim {AIM})" if name == "overview" and first > AIM else ""
            print(f"{name:24}{first:10.1f}{cpu:10.1f}{again:10.1f}{size / 1024:8.0f}{late}")
    print(f"evidence ready after {ready:.0f} s")


def ask(client: httpx.Client, path: str) -> tuple[float, float, float, int]:
    """Ask once, then five times more: the first, its CPU, the least of the rest; milliseconds.

    The CPU is that of server and client together, which are one process here.
    """
    times, cpus, size = [], [], 0
    for _ in range(6):
        begun, worked = time.perf_counter(), time.process_time()
        answer = client.get(path)
        times.append((time.perf_counter() - begun) * 1000)
        cpus.append((time.process_time() - worked) * 1000)
        size = len(answer.content)
        answer.raise_for_status()
    return times[0], cpus[0], min(times[1:]), size


def main() -> None:
    """Make or take the evidence, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resources", type=int, default=60)
    parser.add_argument("--rules", type=int, default=40)
    parser.add_argument("--hours", type=int, default=4380)
    parser.add_argument("--flips", type=float, default=30)
    parser.add_argument("--churn", type=float, default=1)
    parser.add_argument("--config", type=Path)
    args = parser.parse_args()
    begun = time.perf_counter()
    with named(args.config) if args.config else made(args) as (config, now):
        measure(config, now, time.perf_counter() - begun)


if __name__ == "__main__":
    main()
