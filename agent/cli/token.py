"""`assay token ...`: who may read metrics, pages and API."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.cli.exits import CommandError
from agent.cli.output import Format, Listing, printable, rfc3339, show

if TYPE_CHECKING:
    from agent.web.tokens import Tokens

app = typer.Typer(help="Bearer tokens: create, list, revoke.", no_args_is_help=True)


@app.command("create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Whose it is: prometheus, auditor-2026.")],
    scope: Annotated[
        list[str], typer.Option("--scope", help="What it is good for: metrics, evidence:read.")
    ],
    expires: Annotated[
        str, typer.Option("--expires", help="After how long it ends (90d); default: never.")
    ] = "",
) -> None:
    """Make a token and print it, once: it is not kept, only its digest is.

    From the first token on, a token is asked for; only /healthz and /readyz stay open.
    """
    import secrets

    from agent.duration import parse_duration
    from agent.run import CLOCK
    from agent.web.tokens import Scope

    for each in scope:
        if each not in list(Scope):
            raise CommandError(f"--scope {each}: use one of {', '.join(Scope)}")
    now = CLOCK.now()
    try:
        ends = now + parse_duration(expires) if expires else None
    except (ValueError, OverflowError) as error:
        raise CommandError(f"--expires {expires}: {error}") from None
    token = _tokens(context).create(
        name,
        [Scope(each) for each in scope],
        now=now,
        expires=ends,
        random=secrets.token_urlsafe(32),
    )
    sys.stdout.write(f"{token}\n")
    until = f"until {rfc3339(ends)}" if ends else "until it is revoked"
    sys.stderr.write(f"{printable(name)}: good for {', '.join(scope)}, {until}; not shown again\n")


@app.command("list")
def list_tokens(
    context: typer.Context,
    form: Annotated[Format, typer.Option("--format", "-f", help="How to show it.")] = Format.TABLE,
) -> None:
    """List the tokens, but not what they are."""
    from agent.run import CLOCK

    now = CLOCK.now()
    rows: list[dict[str, Any]] = [
        {
            "token": each.name,
            "state": "good" if each.holds_at(now) else "ended",
            "scopes": [str(scope) for scope in each.scopes],
            "created": each.created,
            "expires": each.expires,
        }
        for each in _tokens(context).listed()
    ]
    columns = ("token", "state", "scopes", "created", "expires")
    show(Listing(schema="assay.tokens.v1", columns=columns, rows=rows, empty="no token"), form)


@app.command("revoke")
def revoke(
    context: typer.Context, name: Annotated[str, typer.Argument(help="Whose token.")]
) -> None:
    """Take a token back: the next request with it is refused."""
    _tokens(context).revoke(name)
    sys.stdout.write(f"{printable(name)}: revoked\n")


def _tokens(context: typer.Context) -> Tokens:
    from agent.config import load_settings
    from agent.web.opening import tokens_of

    return tokens_of(load_settings(context.obj))
