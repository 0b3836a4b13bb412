"""`assay evidence bundle`: the period's evidence in a folder that checks without Assay."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.exits import CommandError, Exit
from agent.cli.output import printable
from agent.cli.times import read_time
from agent.reports.forms import Form

if TYPE_CHECKING:
    from agent.config import Settings
    from agent.evidence.store import Store

PATIENCE = timedelta(minutes=3)
"""How long to wait for an agent that runs to seal the export."""


def bundle(
    context: typer.Context,
    start: Annotated[str, typer.Option("--from", help="Start of the period, UTC.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to make.")],
    to: Annotated[str, typer.Option("--to", help="End of the period, UTC, not in it.")] = "now",
    reports: Annotated[
        bool, typer.Option("--reports/--no-reports", help="Put readiness and Type II reports in.")
    ] = True,
    with_: Annotated[
        list[Form] | None,
        typer.Option("--with", help="Also made, into workpapers/: xlsx, csv, oscal, poam, ocsf."),
    ] = None,
    paper: Annotated[
        list[Path] | None,
        typer.Option("--paper", help="A file or folder to put into workpapers/."),
    ] = None,
) -> int:
    """Write the bundle of a period: log, changes, values, rules, reports and their verifier.

    It is an entry of the log. Slots that passed while no agent ran are recorded as missed first.
    """
    from agent.bundle.write import Order, write_bundle
    from agent.config import load_settings
    from agent.home import open_store
    from agent.run import CLOCK

    settings, now = load_settings(context.obj), CLOCK.now()
    low, high = read_time(start), min(read_time(to), now)
    if low >= high:
        raise CommandError("--from must be before --to, and in the past")
    _account_for(settings, now)
    papers = dict(_papers(paper or []))
    for form in with_ or ():
        papers |= _exported(settings, form, low, high, now)
    if reports:
        papers |= _reports(settings, low, high, now)
    order = Order(start=low, end=high, made_at=now, papers=papers, anchors=_roots(settings))
    with open_store(settings) as store:
        written = write_bundle(store, out, order, _sealing(settings, store, now))
    sys.stdout.write(
        f"{out}: {written.files} files, sealed as entry {written.entry}\n"
        f"check it with: python3 {out}/verify.py\n"
    )
    return Exit.PASS


def _account_for(settings: Settings, now: datetime) -> None:
    """Record the slots that passed while no agent ran; one that runs does that itself."""
    from agent.evidence.store import StoreLocked
    from agent.home import open_log, open_store

    with open_store(settings):  # so that a command never makes a log of its own
        pass
    try:
        with open_log(settings, at=now) as log:
            log.record_missed(now, before=now - timedelta(minutes=15), reason="agent_down")
    except StoreLocked:
        return


def _roots(settings: Settings) -> dict[str, bytes]:
    """Read the roots of the configured authorities, for readers who name none of their own."""
    found = []
    for entry in settings.authorities:
        path = settings.path(entry.roots)
        try:
            found.append(path.read_bytes())
        except OSError as error:
            raise CommandError(f"{path}: cannot be read: {error.strerror}") from None
    return {"anchors/roots.pem": b"".join(found)} if found else {}


def _sealing(settings: Settings, store: Store, now: datetime) -> Callable[[Mapping[str, Any]], int]:
    """Seal the export here, or let the agent that runs do it and wait for it."""
    from agent.evidence.entry import Kind
    from agent.inbox import seal
    from agent.run import CLOCK

    def sealed(body: Mapping[str, Any]) -> int:
        index = seal(settings, Kind.EXPORT, body, now)
        until = CLOCK.monotonic() + PATIENCE.total_seconds()
        while index is None:
            index = _find(store, body)
            if index is None and CLOCK.monotonic() > until:
                raise CommandError("the agent that runs did not seal the export; see its log")
            if index is None:
                CLOCK.sleep(1.0)
        return index

    return sealed


def _find(store: Store, body: Mapping[str, Any]) -> int | None:
    from agent.evidence import queries

    for index, entry in queries.entries(store, kind="export", start=body["log"]["size"]):
        if entry.get("manifest") == body["manifest"]:
            return index
    return None


def _reports(settings: Settings, start: datetime, end: datetime, now: datetime) -> dict[str, bytes]:
    """Make the reports of the period, each as HTML and JSON."""
    from agent.home import open_store
    from agent.reports.ask import ask
    from agent.reports.document import write_json
    from agent.reports.gather import gather
    from agent.reports.html import write_html
    from agent.reports.question import Kind

    made: dict[str, bytes] = {}
    with open_store(settings) as store:
        for kind in (Kind.READINESS, Kind.TYPE2):
            first = end if kind is Kind.READINESS else start
            question = ask(settings, kind, first, end, made_at=now, verify=kind is Kind.TYPE2)
            report = gather(store, question)
            made[f"reports/{kind}.html"] = "".join(write_html(report)).encode()
            made[f"reports/{kind}.json"] = write_json(report)
    return made


def _exported(
    settings: Settings, form: Form, start: datetime, end: datetime, now: datetime
) -> dict[str, bytes]:
    """Make the workpapers of the period, or another form of its report."""
    from agent.home import open_store
    from agent.reports.ask import ask
    from agent.reports.export import write_export
    from agent.reports.gather import gather
    from agent.reports.question import Kind

    with TemporaryDirectory() as name, open_store(settings) as store:
        question = ask(settings, Kind.TYPE2, start, end, made_at=now)
        folder = Path(name, str(form))
        write_export(store, gather(store, question), form, folder)
        return {
            f"workpapers/{form}/{path.name}": path.read_bytes()
            for path in sorted(folder.iterdir() if folder.exists() else ())
        }


def _papers(paths: list[Path]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        inside = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in inside:
            name = file.relative_to(path).as_posix() if path.is_dir() else file.name
            try:
                yield f"workpapers/{name}", file.read_bytes()
            except OSError as error:
                raise CommandError(f"{printable(str(file))}: {error.strerror}") from None
