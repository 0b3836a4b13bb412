"""`assay evidence retain|hold|release`: what is deleted after its time, and what must stay."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Annotated, Any

import typer

from agent.cli.exits import CommandError, Exit
from agent.cli.output import printable


def retain(
    context: typer.Context,
    values: Annotated[str, typer.Option("--values", help="How long values are kept.")] = "760d",
    calls: Annotated[str, typer.Option("--calls", help="How long records of calls are.")] = "400d",
    dry: Annotated[bool, typer.Option("--dry-run", help="Say what would go, delete nothing.")] = (
        False
    ),
) -> int:
    """Delete contents that are older than the policy; every hash stays, and the log says so.

    While an agent runs it does so within a minute. What commands left for it is sealed first, for
    a hold may be among it.
    """
    from agent.config import load_settings
    from agent.evidence.store import StoreLocked
    from agent.home import folder_of, open_log, open_store
    from agent.inbox import ask_to_retain, take
    from agent.retention import Policy, RetentionError, old_contents
    from agent.retention import retain as delete
    from agent.run import CLOCK

    settings, now = load_settings(context.obj), CLOCK.now()
    policy = Policy(values=_duration("values", values), calls=_duration("calls", calls))
    try:
        with open_store(settings) as store:
            old = old_contents(store, policy, now)
        if dry or not old:
            sys.stdout.write(f"{_told(old)} may go; nothing was deleted\n")
            return Exit.PASS
        try:
            with open_log(settings, at=now) as log:
                for line in take(folder_of(settings), log, now):
                    sys.stdout.write(f"{printable(line)}\n")
                done = delete(log, policy, now)
        except StoreLocked:
            ask_to_retain(folder_of(settings), policy, now)
            sys.stdout.write(f"{_told(old)} may go; left for the agent to delete and log\n")
            return Exit.PASS
    except RetentionError as error:
        raise CommandError(str(error)) from None
    if done is not None:
        sys.stdout.write(f"{_told(done[1])} deleted, logged as entry {done[0]}; every hash stays\n")
    return Exit.PASS


def hold(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A name for the hold, such as a case's number.")],
    reason: Annotated[str, typer.Option("--reason", help="Why nothing may be deleted.")],
    by: Annotated[str, typer.Option("--by", help="Who orders it.")],
) -> None:
    """Put a legal hold on the evidence: nothing is deleted until it is released."""
    from agent.config import load_settings
    from agent.evidence.entry import Kind
    from agent.home import open_store_if_any
    from agent.inbox import seal
    from agent.retention import holds
    from agent.run import CLOCK

    settings = load_settings(context.obj)
    _verify_words(name, reason, by)
    with open_store_if_any(settings) as store:
        if store is not None and name in holds(store):
            raise CommandError(f"the hold {name} stands already; give another one its own name")
    body = {"of": "hold", "id": name, "reason": reason, "by": by}
    entry = seal(settings, Kind.RETENTION, body, CLOCK.now())
    sealed = "left for the agent to seal" if entry is None else f"sealed as entry {entry}"
    sys.stdout.write(f"hold {printable(name)}: {sealed}\n")


def release(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The name of the hold.")],
    reason: Annotated[str, typer.Option("--reason", help="Why it ends.")],
    by: Annotated[str, typer.Option("--by", help="Who orders it.")],
    approved_by: Annotated[str, typer.Option("--approved-by", help="Who agrees: somebody else.")],
) -> None:
    """Release a legal hold: two people, the signing key, and no agent that runs meanwhile."""
    from agent.config import load_settings
    from agent.controls.document import same_name
    from agent.evidence.entry import Kind
    from agent.evidence.store import StoreLocked
    from agent.home import folder_of, open_log, open_store
    from agent.inbox import take
    from agent.retention import holds
    from agent.run import CLOCK

    settings, now = load_settings(context.obj), CLOCK.now()
    _verify_words(name, reason, by, approved_by)
    if same_name(by, approved_by):
        raise CommandError("a release is approved by somebody else than who orders it")
    with open_store(settings):  # without evidence there is no hold, and no log is begun for one
        pass
    try:
        with open_log(settings, at=now) as log:
            for line in take(folder_of(settings), log, now):
                sys.stdout.write(f"{printable(line)}\n")
            standing = holds(log.store)
            if name not in standing:
                raise CommandError(
                    f"no hold {name} stands; there is {', '.join(standing) or 'none'}"
                )
            body = {"of": "release", "id": name, "reason": reason, "by": by}
            entry = log.append(Kind.RETENTION, {**body, "approved_by": approved_by}, now)
    except StoreLocked:
        raise CommandError(
            "an agent runs: stop it first. Whoever may only leave it word releases no hold"
        ) from None
    sys.stdout.write(f"release {printable(name)}: sealed as entry {entry}\n")


def _verify_words(*words: str) -> None:
    if not all(word.strip() for word in words):
        raise CommandError("it needs a name, a reason and who orders it, a release who approves it")


def _told(old: list[Any]) -> str:
    return f"{len(old)} contents, {sum(one.size for one in old)} bytes,"


def _duration(name: str, text: str) -> timedelta:
    from agent.duration import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise CommandError(f"--{name} {text}: {error}") from None
