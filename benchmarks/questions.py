"""The questions of EVIDENCE.md on a year of five million change rows, each beside its bound.

    python benchmarks/questions.py [--store FOLDER] [--hours 8760]

Everything is sealed by the real code. One account of 10,000 resources x 100 rules is sealed once,
so that an estate of a million findings stands. To judge all of it every hour for a year would be
nine billion findings; instead a second account of ten resources x 100 rules is judged every hour,
and changes as much as the large one would: 500 outcomes a day flip, 60 resources are replaced.
FOLDER is filled when it is empty (minutes), and asked only when it is not.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agent.evidence import keys, queries
from agent.evidence.deviations import deviations
from agent.evidence.log import Log
from agent.evidence.store import Store, tables
from benchmarks.year import HOUR, START, TARGET, Estate, ask, simulate, timed

LARGE = "aws:444455556666"
RULES = 100


def main() -> None:
    """Fill a store if need be, and ask."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--store", type=Path, help="a folder that is kept")
    parser.add_argument("--resources", type=int, default=10_000, help="of the large account")
    parser.add_argument("--hours", type=int, default=8760)
    args = parser.parse_args()
    folder = args.store or Path(tempfile.mkdtemp(prefix="assay-questions-"))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "evidence.db").exists():
            fill(folder, args)
        questions(folder, args)
    finally:
        if args.store is None:
            shutil.rmtree(folder)


def fill(folder: Path, args: argparse.Namespace) -> None:
    """Seal the large account once and the small one every hour."""
    signer = keys.generate(folder / "key", "example.com/questions")
    begun = time.process_time()
    with (
        closing(Store.open(folder / "evidence.db")) as store,
        closing(Log.open(store, signer, at=START)) as log,
    ):
        estate = Estate(args.resources, RULES, seed=11)
        with log.run(
            target=LARGE, slot=None, rules=estate.rules, at=START, trigger="manual"
        ) as run:
            for name in estate.alive:
                for finding in estate.findings(name):
                    run.add(finding)
                run.see(name, "eu-west-1", "aws.demo.thing", b"\x01" * 32)
            run.seal({}, finished=START + timedelta(minutes=2))
        spent = time.process_time() - begun
        print(f"{args.resources * RULES:,} findings sealed in {spent:.0f} s CPU", flush=True)
        churning = argparse.Namespace(hours=args.hours, flips=500, churn=60)
        told = simulate(log, Estate(10, RULES), churning)
        print(
            f"{told['runs']} runs, {told['changes']:,} changes more: "
            f"{time.process_time() - begun:.0f} s CPU in all",
            flush=True,
        )


def questions(folder: Path, args: argparse.Namespace) -> None:
    """Ask, and say how large what is asked is."""
    with closing(Store.open(folder / "evidence.db", create=False)) as store:
        with store.reading() as view:
            rows = view.count(tables.change)
        end = START + args.hours * HOUR
        size = (folder / "evidence.db").stat().st_size
        print(f"{rows:,} change rows, {size / 1e6:.0f} MB, {size / rows:.0f} bytes a change row")
        print(sizes(folder / "evidence.db"))
        ask(store, Estate(10, RULES), args.hours)
        rule = next(iter(Estate(0, RULES).rules))
        timed("one rule on all resources of an account, as of an instant",
              lambda: len(queries.outcomes_as_of(store, end, target=LARGE, rule=rule)),
              20)  # fmt: skip
        timed("the same with messages, regions and since when",
              lambda: len(list(queries.as_of(store, end, target=LARGE, rule=rule))),
              200)  # fmt: skip
        timed("all deviations of a quarter, all rules",
              lambda: len(deviations(store, end - timedelta(days=91), end)), 1000)  # fmt: skip
        timed("gaps of the year, one target",
              lambda: queries.gaps(store, START, end, target=TARGET).unexplained, 100)  # fmt: skip


def sizes(path: Path) -> str:
    """The tables and indexes that take most, in MB."""
    with closing(sqlite3.connect(path)) as connection:
        rows: list[Any] = connection.execute(
            "SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 14"
        ).fetchall()
    return ", ".join(f"{name} {size / 1e6:.0f}" for name, size in rows)


if __name__ == "__main__":
    main()
