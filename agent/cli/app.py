"""The commands and their exit codes.

0 all pass, 1 something fails, 2 something could not be seen, 3 usage or configuration; an error is
one line that says where and what to do.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from agent import __version__
from agent.cli import (
    attest,
    bundle,
    check,
    checks,
    controls,
    demo,
    evidence,
    export,
    permissions,
    replay,
    report,
    retention,
    rules,
    sample,
    serve,
    setup,
    token,
    waivers,
    webhook,
)
from agent.cli.exits import CommandError, Exit
from agent.cli.output import printable

app = typer.Typer(
    name="assay",
    help="Policy-as-code continuous control monitoring with sealed evidence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demo.demo)
app.command("check")(check.check)
app.command("serve")(serve.serve)
app.command("init")(setup.init)
app.command("doctor")(setup.doctor)
app.command("permissions")(permissions.permissions)
app.add_typer(rules.app, name="rules")
app.add_typer(checks.app, name="checks")
app.command("reference")(checks.write_reference)
evidence.app.command("bundle")(bundle.bundle)
evidence.app.command("export")(export.export)
evidence.app.command("retain")(retention.retain)
evidence.app.command("hold")(retention.hold)
evidence.app.command("release")(retention.release)
app.add_typer(evidence.app, name="evidence")
app.add_typer(controls.app, name="controls")
app.add_typer(attest.app, name="attest")
app.add_typer(waivers.app, name="waivers")
app.add_typer(webhook.app, name="webhook")
app.add_typer(report.app, name="report")
app.add_typer(sample.app, name="sample")
app.add_typer(token.app, name="token")
app.command("replay")(replay.replay)


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="The configuration; default: assay.yaml here."),
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Watch controls, keep proof."""
    if version:
        sys.stdout.write(f"assay {__version__}\n")
        raise typer.Exit
    context.obj = config


def run(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code and prints its error."""
    command = typer.main.get_command(app)
    try:
        result = command.main(arguments, prog_name="assay", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        return Exit.INTERRUPTED
    except SystemExit:
        # Typer's own end when whoever reads our output has enough of it; its 1 would be a failure.
        return Exit.PASS
    except typer.TyperException as error:
        return _explain(error.format_message(), Exit.USAGE)
    except _expected() as error:
        return _explain(str(error), getattr(error, "exit_code", Exit.USAGE))
    return result if isinstance(result, int) else Exit.PASS


def _explain(message: str, code: int) -> int:
    lines = " ".join(message.split())
    sys.stderr.write(f"assay: {printable(lines)}\n")
    return code


def _expected() -> tuple[type[Exception], ...]:
    """Name the errors that are somebody's mistake and not ours; asked only when one is raised."""
    from agent.bundle.write import BundleError
    from agent.config import ConfigError
    from agent.controls.document import DocumentError
    from agent.demo.process import DemoError
    from agent.evidence.entry import EntryError
    from agent.evidence.keys import KeyFileError
    from agent.evidence.store import StoreError
    from agent.inbox import InboxError
    from agent.reports.forms import ExportError
    from agent.rules.load import RuleError
    from agent.targets import TargetError
    from agent.web.server import ServerError
    from agent.web.tokens import TokenError
    from agent.web.webconfig import WebConfigError
    from checks.model import CheckError

    return (
        ConfigError,
        CheckError,
        RuleError,
        DocumentError,
        TargetError,
        StoreError,
        KeyFileError,
        EntryError,
        InboxError,
        ExportError,
        ServerError,
        TokenError,
        WebConfigError,
        DemoError,
        BundleError,
        CommandError,
    )
