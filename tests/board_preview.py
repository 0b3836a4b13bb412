"""Draws the dashboards with Grafana's own components, over four days of the tests' drifting clouds.

    python tests/board_preview.py WORK OUT

`WORK` keeps what npm installs (about 700 MB), `OUT` takes the pictures. It needs node, npm,
prometheus, promtool and chromium. It is no Grafana: see docs/dashboards.md.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from board_kit import drifting
from playwright.sync_api import sync_playwright
from prometheus_kit import ROOT, Program, until

from agent.metrics import choose_renderer

PAGE = ROOT / "deploy/grafana/preview"
BOARDS = ROOT / "deploy/grafana/dashboards"
SPAN = timedelta(days=4)
SCRAPE = timedelta(minutes=10)
LABELS = 'job="assay",instance="assay:9464"'
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def samples(folder: Path, end: datetime) -> Iterator[str]:
    """Let four days go by, and give what a scrape would say every ten minutes."""
    start = end - SPAN
    render, _ = choose_renderer("")
    with drifting(folder, start) as drift:
        slot, now = start, start
        while now <= end:
            if now >= slot + timedelta(hours=1):
                slot += timedelta(hours=1)
                drift.turn(now, slot=slot)
            drift.now = now
            drift.vitals.tick.set(now.timestamp())
            for line in render(drift.registry).decode().splitlines():
                if not line.startswith("#"):
                    yield _stamped(line, now)
            yield f"up{{{LABELS}}} 1 {now.timestamp():.0f}"
            yield f"scrape_duration_seconds{{{LABELS}}} 0.021 {now.timestamp():.0f}"
            now += SCRAPE
    yield "# EOF"


def _stamped(line: str, now: datetime) -> str:
    name, labels, value = re.fullmatch(r"(\w+)(?:{(.*)})? (\S+)", line).groups()
    return f"{name}{{{','.join(filter(None, (LABELS, labels)))}}} {value} {now.timestamp():.0f}"


class Remembering(Program):
    """A Prometheus with a past, that scrapes nothing."""

    name = "prometheus"

    def __init__(self, folder: Path, end: datetime) -> None:
        """Fill it with what was scraped until `end`."""
        super().__init__(folder)
        text, data = self.folder / "scrapes", self.folder / "data"
        with text.open("w") as file:
            file.writelines(f"{line}\n" for line in samples(folder, end))
        # It reads the file once for each block.
        command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", text, data]
        command += ["--max-block-duration=96h"]
        subprocess.run(command, check=True, capture_output=True, timeout=600)
        text.unlink()
        self.start(
            {"global": {}},
            f"--storage.tsdb.path={data}",
            "--storage.tsdb.retention.time=30d",
            "--query.lookback-delta=15m",
        )


@contextmanager
def page_server(work: Path, prometheus: str) -> Iterator[str]:
    """Build the page and serve it; gives its address."""
    for source in PAGE.iterdir():
        if source.suffix in {".ts", ".tsx", ".html", ".json"}:
            shutil.copy(source, work)
    public = work / "public"
    public.mkdir(exist_ok=True)
    for board in BOARDS.glob("*.json"):
        shutil.copy(board, public)
    environment = {**os.environ, "PROMETHEUS": prometheus}
    if not (work / "node_modules").exists():
        words = ["--ignore-scripts", "--legacy-peer-deps", "--no-package-lock", "--no-audit"]
        subprocess.run(["npm", "install", *words], cwd=work, check=True, timeout=900)
    vite = [work / "node_modules/.bin/vite"]
    build = [*vite, "build", "--target", "esnext", "--logLevel", "warn"]
    subprocess.run(build, cwd=work, check=True, env=environment, timeout=600)
    serve = [*vite, "preview", "--port", "15173", "--strictPort"]
    server = subprocess.Popen(serve, cwd=work, env=environment)
    try:
        time.sleep(3)
        yield "http://127.0.0.1:15173"
    finally:
        server.terminate()
        server.wait(timeout=30)


def draw(url: str, out: Path, end: datetime) -> None:
    """Take a picture of every board."""
    out.mkdir(parents=True, exist_ok=True)
    times = f"from={(end - SPAN).timestamp():.0f}&to={end.timestamp():.0f}"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": 1464, "height": 900})
        page.on("pageerror", lambda error: sys.stderr.write(f"page: {error}\n"))
        for board in sorted(BOARDS.glob("*.json")):
            page.goto(f"{url}/?board={board.stem}&{times}")
            until(lambda: page.locator("h1").count() and not page.locator(".loading").count(), 60)
            for failed in page.locator(".failed").all_inner_texts():
                sys.stderr.write(f"{board.stem}: {failed}\n")
            page.wait_for_timeout(1500)
            page.screenshot(path=out / f"dashboard-{board.stem}.png", full_page=True)
        browser.close()


def main() -> None:
    """Draw all boards."""
    work, out = (Path(word).resolve() for word in sys.argv[1:3])
    work.mkdir(parents=True, exist_ok=True)
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)  # slots are whole hours
    with (
        tempfile.TemporaryDirectory(prefix="assay-boards-") as folder,
        Remembering(Path(folder), end) as prometheus,
        page_server(work, prometheus.url) as url,
    ):
        draw(url, out, end)


if __name__ == "__main__":
    main()
