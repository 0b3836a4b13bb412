"""`assay init` and `doctor`: what has to be there before the first run."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.exits import CommandError, Exit
from agent.cli.output import Format, Listing, show

if TYPE_CHECKING:
    from agent.config import Settings
    from agent.pack import Pack
    from agent.population import Roll
    from agent.targets import Observed

EXAMPLE = Path(__file__).with_name("assay.example.yaml")


def init(
    path: Annotated[Path, typer.Argument(help="The file to write.")] = Path("assay.yaml"),
) -> None:
    """Write a commented configuration."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(EXAMPLE.read_text(encoding="utf-8"))
    except FileExistsError:
        raise CommandError(f"{path}: exists already; nothing was changed") from None
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror}") from None
    sys.stdout.write(f"wrote {path}; `assay doctor` says what is still missing\n")


def doctor(
    context: typer.Context,
    form: Annotated[Format, typer.Option("--format", "-f", help="How to show it.")] = Format.TABLE,
) -> int:
    """Try everything that a run needs, and say what to mend; nothing is sealed.

    Exit code: 0 nothing is missing, 2 something is.
    """
    from agent.config import load_settings
    from agent.home import known_rolls
    from agent.pack import load_pack
    from agent.targets import Entries, TargetError

    settings = load_settings(context.obj)
    rows = [_row("configuration", "ok", settings.file or "defaults")]
    pack = load_pack(settings, observed_only=True)
    rows.append(_row("rules", "ok", f"{len(pack.rules)} in force on {len(pack.checks)} checks"))
    rows += _store(settings)
    rows += _anchors(settings)
    rows += _webhooks(settings)
    try:
        found = Entries(settings, pack.checks.values()).find(known_rolls(settings))
    except TargetError as error:
        rows.append(_row("credentials", "wrong", str(error)))
    else:
        rows += [_population(roll) for roll in found.rolls]
        for each in found.observed:
            rows += _target(settings, pack, each)
    columns = ("state", "what", "finding")
    show(Listing(schema="assay.doctor.v1", columns=columns, rows=rows), form)
    return Exit.UNSEEN if any(row["state"] == "wrong" for row in rows) else Exit.PASS


def _population(roll: Roll) -> dict[str, str]:
    """Say who an entry leads to, and who of its members is not observed, by their states."""
    if roll.failure:
        return _row(roll.source, "wrong", roll.words)
    others = Counter(roll.others.values())
    said = "".join(f", {count} {state}" for state, count in sorted(others.items()))
    return _row(roll.source, "ok", f"{len(roll.targets)} targets{said}")


def _row(what: str, state: str, finding: str) -> dict[str, str]:
    return {"what": what, "state": state, "finding": finding}


def _store(settings: Settings) -> list[dict[str, str]]:
    from agent.evidence.keys import KeyFileError
    from agent.evidence.store import Store, StoreError
    from agent.home import STORE, folder_of, open_key

    folder = folder_of(settings)
    if not (folder / STORE).exists():
        return [_row("evidence", "ok", f"{folder}: none yet, the first run makes it")]
    try:
        Store.open(folder / STORE, create=False).close()
        open_key(settings).sign("assay doctor\n")
    except (StoreError, KeyFileError) as error:
        return [_row("evidence", "wrong", str(error))]
    return [_row("evidence", "ok", str(folder / STORE))]


def _anchors(settings: Settings) -> list[dict[str, str]]:
    """Ask every anchor whether it is there and does what it promises."""
    from agent.evidence.anchors.model import AnchorError
    from agent.evidence.anchors.opening import open_anchors
    from agent.run import CLOCK

    rows = []
    for anchor in open_anchors(settings.anchors, settings.path, CLOCK.now):
        try:
            state, finding = "ok", anchor.check()
        except AnchorError as error:
            state, finding = "wrong", str(error)
        rows.append(_row(f"anchor {anchor.place}", state, finding))
    return rows


def _webhooks(settings: Settings) -> list[dict[str, str]]:
    """Say whether what signs can be read, and what never arrived; nobody is sent anything."""
    from agent.cli.webhook import standing

    rows = []
    for each in standing(settings):
        said = f"{each['delivered']} delivered; `assay webhook test {each['name']}` tries it"
        if each["state"] not in {"ok", "new"}:
            said = each["state"]
        elif each["dead"]:
            said = f"{each['dead']} events were laid aside undelivered: {each['aside']}"
        wrong = each["dead"] or each["state"] not in {"ok", "new"}
        rows.append(_row(f"webhook {each['name']}", "wrong" if wrong else "ok", said))
    return rows


SKEW = 120
"""Seconds by which our clock may differ from a provider's before its evidence is doubtful."""


def _target(settings: Settings, pack: Pack, observed: Observed) -> list[dict[str, str]]:
    """Collect once, without sealing: every call that a run makes is tried."""
    from agent.duration import parse_duration
    from agent.plan import make_plan, rules_on
    from agent.run import CLOCK
    from checks.collect import collect
    from checks.limits import Limits
    from checks.model import CallError

    label = observed.target.label
    session = observed.open()
    try:
        identity = session.identity
    except CallError as error:
        return [_row(label, "wrong", f"nobody says who we are: {error}")]
    rows = [_row(label, "ok", f"we are {identity}")]
    plan = make_plan(rules_on(observed.target, pack.rules, pack.checks), pack.checks)
    collecting = collect(
        session,
        pack.checks,
        plan.facets,
        clock=CLOCK,
        deadline=parse_duration(settings.run.deadline).total_seconds(),
        threads=settings.run.threads,
        limits=Limits(tries=settings.run.max_attempts),
    )
    unseen: dict[str, str] = {}
    resources = 0
    for part in collecting:
        resources += len(part.resources)
        gaps = [*part.gaps, *(gap for resource in part.resources for gap in resource.gaps)]
        for gap in gaps:
            advice = f"grant {', '.join(gap.needs)}" if gap.needs else gap.message
            unseen[f"{gap.call or gap.check}: {gap.cause} ({gap.code})"] = advice
    collection = collecting.collection
    rows.append(_row(f"{label} coverage", "ok", _coverage(resources, collection)))
    if abs(collection.skew) > SKEW:
        finding = f"our clock differs from the provider's by {collection.skew:.0f} s; set it right"
        rows.append(_row(f"{label} clock", "wrong", finding))
    else:
        rows.append(_row(f"{label} clock", "ok", f"within {abs(collection.skew):.0f} s"))
    rows += [_row(f"{label} {what}", "wrong", how) for what, how in sorted(unseen.items())]
    return rows


def _coverage(resources: int, collection: Any) -> str:
    regions = [region for region in collection.regions if region]
    return (
        f"{resources} resources in {len(regions)} regions with {collection.requests} requests;"
        f" {len(collection.not_enabled)} regions are not enabled"
    )
