"""`assay waivers ...`: which failures are accepted, by whom, until when."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.exits import Exit
from agent.cli.output import Format, Listing, show

if TYPE_CHECKING:
    from agent.controls.decisions import Decisions
    from agent.controls.waiver_log import Recorded
    from agent.evidence.store import Store
    from agent.waivers import Waiver

app = typer.Typer(help="Waivers: list, check.", no_args_is_help=True)
FORM = Annotated[Format, typer.Option("--format", "-f", help="How to show it.")]
SOON = 14
"""Days before its end from which a waiver is said to end soon."""


@app.command("list")
def list_waivers(context: typer.Context, form: FORM = Format.TABLE) -> None:
    """List the waivers on file, what each covers now, and whether it came before the failure."""
    from agent.config import load_settings
    from agent.controls.rows import WAIVER_COLUMNS
    from agent.home import open_store_if_any
    from agent.run import CLOCK

    settings = load_settings(context.obj)
    waivers, now = _decisions(context).waivers, CLOCK.now()
    with open_store_if_any(settings) as store:
        rows = _rows(waivers, store, now) if store else [_row(each, now) for each in waivers]
    columns = (*WAIVER_COLUMNS, "covers", "before_failure")
    empty = "no waiver; assay.yaml names their files (waivers)"
    show(Listing(schema="assay.waivers.v1", columns=columns, rows=rows, empty=empty), form)


@app.command("check")
def check_waivers(context: typer.Context, form: FORM = Format.TABLE) -> int:
    """Look for waivers that have ended, end soon, or accept more than one would think.

    Exit code: 0 nothing is found, 1 something is, 3 a file is wrong.
    """
    from agent.run import CLOCK

    waivers, now = _decisions(context).waivers, CLOCK.now()
    rows = [
        {"waiver": waiver.id, "rule": waiver.rule, "until": waiver.until, "message": message}
        for waiver in waivers
        for message in _remarks(waiver, now)
    ]
    columns = ("waiver", "rule", "until", "message")
    empty = f"{len(waivers)} waivers, nothing found"
    show(Listing(schema="assay.waivers.check.v1", columns=columns, rows=rows, empty=empty), form)
    return Exit.FAIL if rows else Exit.PASS


def _decisions(context: typer.Context) -> Decisions:
    from agent.config import load_settings
    from agent.controls.decisions import load_decisions
    from agent.pack import load_pack

    settings = load_settings(context.obj)
    return load_decisions(settings, load_pack(settings, observed_only=True))


def _rows(waivers: tuple[Waiver, ...], store: Store, now: datetime) -> list[dict[str, Any]]:
    from agent.controls.waiver_log import added_waivers, recorded_before
    from agent.evidence import queries
    from agent.model import Outcome

    recorded = added_waivers(store)
    waived = queries.current(store, outcomes=[Outcome.WAIVED])
    covered = Counter(standing.code for standing in waived)
    return [
        {
            **_row(waiver, now, recorded.get(waiver.id)),
            "covers": covered[waiver.id],
            "before_failure": recorded_before(store, recorded[waiver.id])
            if waiver.id in recorded
            else None,
        }
        for waiver in waivers
    ]


def _row(waiver: Waiver, now: datetime, recorded: Recorded | None = None) -> dict[str, Any]:
    from agent.controls.rows import waiver_row

    at = recorded.at if recorded else None
    return {**waiver_row(waiver, now), "recorded_at": at, "covers": 0, "before_failure": None}


def _remarks(waiver: Waiver, now: datetime) -> list[str]:
    found = []
    if waiver.until <= now:
        found.append("it has ended: remove it, mend the resource or decide anew")
    elif (waiver.until - now).days < SOON:
        found.append(f"it ends within {SOON} days")
    if not waiver.ticket:
        found.append("it names no ticket")
    if "*" in waiver.resources and waiver.where is None:
        found.append("it accepts every failure of the rule")
    return found
