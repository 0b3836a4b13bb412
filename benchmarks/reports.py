"""Half a year of hourly runs, and how long its reports, exports and bundle take to make and check.

    python benchmarks/reports.py [--resources 60] [--rules 20] [--hours 4380] [--flips 30]

The evidence is made by the real sealing code, as in `year.py`. EVIDENCE.md gives no bound for
reports and for `verify.py`; the aim is seconds.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from year import HOUR, START, Estate, simulate, sized

from agent.bundle.write import Order, write_bundle
from agent.controls.load import load_controls
from agent.evidence import keys
from agent.evidence.entry import Kind as Entry
from agent.evidence.log import Log
from agent.evidence.store import Store
from agent.reports.document import write_json
from agent.reports.export import write_export
from agent.reports.forms import Form
from agent.reports.gather import gather
from agent.reports.html import write_html
from agent.reports.model import Report
from agent.reports.question import Kind, Question
from agent.rules.frameworks import load_frameworks


def measure(store: Store, kind: Kind, hours: int, *, verify: bool) -> Report:
    """Gather and write one report; print how long each part took."""
    frameworks = load_frameworks()
    end = START + hours * HOUR
    question = Question(
        kind=kind,
        start=START if kind is Kind.TYPE2 else end,
        end=end,
        made_at=end + timedelta(hours=1),
        controls=load_controls([], frameworks).controls,
        criteria={name: each.title for name, each in frameworks["soc2"].criteria.items()},
        verify=verify,
    )
    begun = time.perf_counter()
    report = gather(store, question)
    gathered = time.perf_counter()
    page = sum(len(piece.encode()) for piece in write_html(report))
    written = time.perf_counter()
    document = len(write_json(report))
    print(
        f"{kind:9} {'verified' if verify else 'not verified':12} gathered in"
        f" {gathered - begun:6.2f} s, HTML in {written - gathered:5.2f} s ({page / 1e6:.1f} MB),"
        f" JSON in {time.perf_counter() - written:5.2f} s ({document / 1e6:.1f} MB);"
        f" {len(report.register):,} in the register"
    )
    return report


def export(store: Store, report: Report, folder: Path) -> None:
    """Write every form; print how long it took and what it takes."""
    for form in Form:
        begun = time.perf_counter()
        files = write_export(store, report, form, folder / form)
        print(
            f"{form:9} {len(files):3} files, {sum(each.size for each in files) / 1e6:7.1f} MB,"
            f" written in {time.perf_counter() - begun:6.2f} s"
        )


def bundle(store: Store, log: Log, hours: int, folder: Path) -> None:
    """Write the bundle of all of it and have its own verifier check it; print how long each took.

    Raises `CalledProcessError` when it is not valid.
    """
    made = START + hours * HOUR
    order = Order(start=START, end=made, made_at=made)
    begun = time.perf_counter()
    write_bundle(store, folder, order, lambda body: log.append(Entry.EXPORT, body, made))
    written = time.perf_counter()
    subprocess.run(
        [sys.executable, "-I", folder / "verify.py", folder],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(
        f"bundle    {size / 1e6:.1f} MB, written in {written - begun:6.2f} s,"
        f" verify.py says valid after {time.perf_counter() - written:6.2f} s"
    )


def main() -> None:
    """Simulate, report; print figures."""
    args = sized(__doc__, resources=60, rules=20, hours=4380, flips=30.0)
    folder = Path(tempfile.mkdtemp(prefix="assay-reports-"))
    try:
        signer = keys.generate(folder / "key", "example.com/reports")
        with closing(Store.open(folder / "evidence.db")) as store:
            with closing(Log.open(store, signer, at=START)) as log:
                begun = time.perf_counter()
                told = simulate(log, Estate(args.resources, args.rules), args)
                print(
                    f"{told['runs']:,} runs of {args.resources} resources x {args.rules} rules,"
                    f" {told['changes']:,} changes, made in {time.perf_counter() - begun:.0f} s"
                )
                bundle(store, log, args.hours, folder / "bundle")
            export(store, measure(store, Kind.TYPE2, args.hours, verify=True), folder)
            for kind in Kind:
                measure(store, kind, args.hours, verify=False)
    finally:
        shutil.rmtree(folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of all this: {peak:.0f} MB")


if __name__ == "__main__":
    main()
