"""Takes the pictures of this folder: pages and reports of the demo's half-year, in a real browser.

    assay demo --period 180d --out demo
    python docs/screenshots/take.py demo/assay.yaml [OUT]

Pages are shown as they were an hour after the last run, so that the same evidence gives the same
pictures. Needs the development dependencies and Debian's chromium.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

from agent.config import load_settings
from agent.evidence import queries
from agent.evidence.store import Store
from agent.home import STORE, folder_of
from agent.model import Outcome
from agent.reports.ask import ask
from agent.reports.gather import gather
from agent.reports.html import write_html
from agent.reports.question import Kind
from agent.scope import Scope, load_scope
from agent.web.pages.address import address
from agent.web.still import still

CHROMIUM = "/usr/bin/chromium"
ARGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
WIDTH, HEIGHT = 1280, 800
TELEPHONE = 375
PERIOD = timedelta(days=180)
LARGEST = 200_000
"""Bytes of a picture."""


class Shot(NamedTuple):
    """One picture."""

    name: str
    where: str
    """A path of the pages, or the file of a report with an anchor."""
    dark: bool = False
    narrow: bool = False
    verify: bool = False
    """Press "Verify in your browser" first."""


def take(config: Path, out: Path) -> None:
    """Take every picture; says of each how large it is."""
    scope = load_scope(load_settings(config), {})
    path = folder_of(scope.settings) / STORE
    with closing(Store.open(path, create=False, read_only=True)) as store:
        now = max(each.finished for each in queries.latest(store)) + timedelta(hours=1)
        with (
            still(store, scope, now) as where,
            tempfile.TemporaryDirectory() as folder,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
            write_reports(store, scope, Path(folder), now)
            for shot in (*pages(store), *reports(Path(folder))):
                shoot(browser, where, shot, out)
            browser.close()


def write_reports(store: Store, scope: Scope, folder: Path, now: datetime) -> None:
    """Write a report of each kind."""
    for kind in Kind:
        start = now - PERIOD if kind is Kind.TYPE2 else now
        question = ask(scope.settings, kind, start, now, made_at=now)
        with (folder / f"{kind}.html").open("w") as file:
            file.writelines(write_html(gather(store, question)))


def pages(store: Store) -> Iterator[Shot]:
    """Name the pictures of pages."""
    user = "aws-iam-user-mfa"
    failing = next(queries.current(store, rule=user, outcomes=[Outcome.FAIL]))
    with store.reading() as view:
        last = next(index for index in range(view.size() - 1, 0, -1) if view.run_at(index))
    finding = address("/finding", rule=user, target=failing.target, resource=failing.resource)
    yield Shot("overview", "/")
    yield Shot("overview-dark", "/", dark=True)
    yield Shot("overview-telephone", "/", narrow=True)
    yield Shot("control", "/controls/multi-factor")
    yield Shot("rule", f"/rules/{user}#period")
    yield Shot("finding", finding)
    yield Shot("finding-dark", finding, dark=True)
    yield Shot("people", "/people")
    yield Shot("run", f"/runs/{last}")
    yield Shot("verify", f"/log/{last}", verify=True)


def reports(folder: Path) -> Iterator[Shot]:
    """Name the pictures of reports."""
    yield Shot("report-readiness", f"file://{folder}/readiness.html#readiness")
    yield Shot("report-type1", f"file://{folder}/type1.html")
    yield Shot("report-type2", f"file://{folder}/type2.html")
    yield Shot("report-type2-control", f"file://{folder}/type2.html#c-backups")
    yield Shot("report-type2-register", f"file://{folder}/type2.html#register")


def shoot(browser: Browser, where: str, shot: Shot, out: Path) -> None:
    """Take one picture."""
    page = browser.new_page(
        viewport={"width": TELEPHONE if shot.narrow else WIDTH, "height": HEIGHT},
        color_scheme="dark" if shot.dark else "light",
    )
    page.goto(shot.where if "://" in shot.where else where + shot.where)
    if shot.verify:
        page.click("#verify button")
        page.wait_for_selector("#verdict:not(:empty)")
        page.locator("#verify-title").scroll_into_view_if_needed()
    path = out / f"{shot.name}.png"
    page.screenshot(path=path)
    size = path.stat().st_size
    sys.stdout.write(f"{path}: {size / 1000:.0f} kB{' TOO LARGE' if size > LARGEST else ''}\n")
    page.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent)  # noqa: PLR2004 - the second argument may be left out
