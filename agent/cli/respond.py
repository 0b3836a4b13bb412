"""`assay evidence respond|responses`: what management states of deviations, sealed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.exits import CommandError
from agent.cli.output import Format, Listing, printable, rfc3339, show

if TYPE_CHECKING:
    from datetime import datetime

    from agent.controls.model import Reply


def respond(
    context: typer.Context,
    rule: Annotated[str, typer.Option("--rule", "-r", help="The rule that failed.")] = "",
    resource: Annotated[str, typer.Option("--resource", help="Only on this resource.")] = "",
    start: Annotated[str, typer.Option("--start", help="Only what was first seen then.")] = "",
    control: Annotated[str, typer.Option("--control", help="Or a control of people.")] = "",
    period: Annotated[str, typer.Option("--period", help="Its instance, as 2026-Q3.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who states it for management.")] = "",
    text: Annotated[str, typer.Option("--text", help="What is stated.")] = "",
    cause: Annotated[str, typer.Option("--cause", help="Why it came to it.")] = "",
    file: Annotated[
        Path | None, typer.Option("--file", help="Or a file of responses (docs/reports.md).")
    ] = None,
) -> None:
    """Seal what management states of a deviation; reports show it beside the deviation.

    A later one on the same amends. While an agent runs it seals the statement within a minute.
    """
    from agent.config import load_settings
    from agent.controls.document import read_moment
    from agent.controls.model import Reply
    from agent.controls.respond import RespondError, to_body, verify_reply
    from agent.evidence.entry import Kind
    from agent.home import open_store
    from agent.inbox import seal
    from agent.run import CLOCK

    settings, now = load_settings(context.obj), CLOCK.now()
    try:
        when = read_moment(start) if start else None
    except ValueError as error:
        raise CommandError(f"--start {start}: {error}") from None
    said = Reply(
        rule=rule,
        resource=resource,
        start=when,
        control=control,
        period=period,
        by=by,
        said_at=now,
        text=text,
        cause=cause,
        recorded_at=now,
    )
    if file is not None and (rule or control):
        raise CommandError("--file says it all; leave the other options out")
    replies = [said] if file is None else _read(file, now)
    try:
        with open_store(settings) as store:
            for reply in replies:
                verify_reply(reply, store, now)
    except RespondError as error:
        raise CommandError(str(error)) from None
    for reply in replies:
        entry = seal(settings, Kind.RESPONSE, to_body(reply), now)
        where = "left for the agent to seal" if entry is None else f"sealed as entry {entry}"
        sys.stdout.write(f"{printable(_of(reply))}: {where}\n")


def responses(
    context: typer.Context,
    form: Annotated[Format, typer.Option("--format", "-f", help="How to show it.")] = Format.TABLE,
) -> None:
    """List what management stated of deviations, the newest first."""
    from agent.config import load_settings
    from agent.controls.respond import recorded_replies
    from agent.home import open_store_if_any

    with open_store_if_any(load_settings(context.obj)) as store:
        rows = [_row(each) for each in recorded_replies(store)] if store else []
    columns = ("entry", "of", "by", "said_at", "text")
    listing = Listing(
        schema="assay.responses.v1", columns=columns, rows=rows, empty="no response is sealed"
    )
    show(listing, form)


def _read(path: Path, now: datetime) -> list[Reply]:
    from agent.controls.model import Reply
    from agent.reports.answers import load_answers

    return [
        Reply(
            rule=each.rule,
            resource=each.resource,
            start=each.start,
            by=each.response.by,
            said_at=each.response.at,
            text=each.response.text,
            cause=each.response.cause,
            recorded_at=now,
        )
        for each in load_answers(path)
    ]


def _of(reply: Reply) -> str:
    parts = (reply.control, reply.period, reply.rule, reply.resource)
    when = rfc3339(reply.start) if reply.start else ""
    return " ".join(part for part in (*parts, when) if part)


def _row(reply: Reply) -> dict[str, Any]:
    return {
        "entry": reply.entry,
        "of": _of(reply),
        "rule": reply.rule,
        "resource": reply.resource,
        "start": reply.start,
        "control": reply.control,
        "period": reply.period,
        "by": reply.by,
        "said_at": reply.said_at,
        "recorded_at": reply.recorded_at,
        "text": reply.text,
        "cause": reply.cause,
    }
