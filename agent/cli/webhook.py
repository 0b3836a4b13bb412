"""`assay webhook list|test`: who is told of changes, how far it was, and whether it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.exits import CommandError, Exit
from agent.cli.output import Format, Listing, show

if TYPE_CHECKING:
    from agent.config import Settings
    from agent.webhooks.settings import WebhookSettings

app = typer.Typer(name="webhook", help="Who is told of changes.", no_args_is_help=True)
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to show it.")]


@app.command("list")
def list_webhooks(context: typer.Context, form: FormatOption = Format.TABLE) -> int:
    """Show every receiver: how far it was told, and what it never got.

    Exit code: 0 all is well, 1 something was laid aside, 2 a secret cannot be read.
    """
    from agent.config import load_settings

    settings = load_settings(context.obj)
    rows = standing(settings)
    columns = ("name", "state", "url", "events", "delivered", "failures", "dead", "behind")
    empty = "no `webhooks` are configured (docs/webhooks.md)"
    show(Listing(schema="assay.webhooks.v1", columns=columns, rows=rows, empty=empty), form)
    if any(row["state"] not in {"ok", "new"} for row in rows):
        return Exit.UNSEEN
    return Exit.FAIL if any(row["dead"] for row in rows) else Exit.PASS


@app.command("test")
def try_webhooks(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Of the receiver; default: all.")] = "",
    form: FormatOption = Format.TABLE,
) -> int:
    """Deliver one signed event of the type `test`, and say what is answered.

    Exit code: 0 all took it, 2 one did not.
    """
    from agent.config import load_settings

    settings = load_settings(context.obj)
    chosen = [each for each in settings.webhooks if name in ("", each.name)]
    if not chosen:
        known = ", ".join(each.name for each in settings.webhooks) or "none is configured"
        raise CommandError(f"no webhook has this name: {name or '(any)'}; known: {known}")
    rows = [_try(settings, each) for each in chosen]
    columns = ("name", "state", "answer", "id")
    show(Listing(schema="assay.webhook-test.v1", columns=columns, rows=rows), form)
    return Exit.PASS if all(row["state"] == "ok" for row in rows) else Exit.UNSEEN


def standing(settings: Settings) -> list[dict[str, Any]]:
    """Give the rows of `assay webhook list`; `state` is `ok`, `new`, or what is wrong."""
    return [_row(settings, each) for each in settings.webhooks]


def _row(settings: Settings, webhook: WebhookSettings) -> dict[str, Any]:
    from agent.home import folder_of, open_store_if_any
    from agent.webhooks.message import SecretError
    from agent.webhooks.opening import read_secrets
    from agent.webhooks.progress import ProgressFile

    file = ProgressFile(folder_of(settings), webhook.name)
    told = file.read()
    behind = None
    if told is not None:
        with open_store_if_any(settings) as store:
            if store is not None:
                with store.reading() as view:
                    behind = max(view.size() - told.place.entry, 0)
    state = "new" if told is None else "ok"
    try:
        read_secrets(settings, webhook)
    except SecretError as error:
        state = str(error)
    return {
        "name": webhook.name,
        "state": state,
        "url": webhook.url,
        "events": list(webhook.events) or ["all"],
        "delivered": told.delivered if told else 0,
        "failures": told.failures if told else 0,
        "dead": told.dead if told else 0,
        "behind": behind,
        "aside": str(file.aside) if told and told.dead else "",
    }


def _try(settings: Settings, webhook: WebhookSettings) -> dict[str, Any]:
    from agent.duration import parse_duration
    from agent.run import CLOCK
    from agent.webhooks.events import event_id
    from agent.webhooks.message import SecretError, encode, sign
    from agent.webhooks.model import Event, Type
    from agent.webhooks.opening import read_secrets
    from agent.webhooks.post import post

    now = CLOCK.now()
    name = event_id(Type.TEST, webhook.name, now.isoformat())
    message = "Somebody tries whether events of Assay arrive here."
    event = Event(id=name, type=Type.TEST, at=now, data={"message": message})
    body = encode(event, settings.origin)
    try:
        headers = sign(read_secrets(settings, webhook), name, now, body)
    except SecretError as error:
        return {"name": webhook.name, "state": "wrong", "answer": str(error), "id": name}
    seconds = parse_duration(webhook.timeout).total_seconds()
    answer = post(webhook.url, body, headers, seconds=seconds, at=now)
    state = "ok" if answer.is_taken else "wrong"
    return {"name": webhook.name, "state": state, "answer": answer.words, "id": name}
