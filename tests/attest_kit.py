"""A control that people review each quarter, statements on it, and the commands that take them."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from agent_kit import configure
from evidence_world import SIGNER

from agent.cli.app import run
from agent.controls.model import (
    Attestation,
    Cadence,
    Control,
    Manual,
    Result,
)
from agent.controls.periods import period_of
from agent.evidence.log import Log
from agent.evidence.store import Store

BEGAN = datetime(2026, 2, 10, tzinfo=UTC)
DAY = timedelta(days=1)


def control(cadence=Cadence.QUARTERLY, **more):
    manual = Manual(
        cadence=cadence,
        grace=21 * DAY,
        task="Review",
        attach=("A list",),
        performer="Lead",
        reviewer="Head",
        **more,
    )
    return Control(id="review", title="Reviews", criteria={"soc2": ("CC6.3",)}, manual=manual)


def attestation(period="2026-Q1", recorded=datetime(2026, 4, 3, tzinfo=UTC), **more):
    return Attestation(
        **{
            "control": "review",
            "period": period,
            "performer": "Ana",
            "reviewer": "Bob",
            "performed_at": recorded - DAY,
            "recorded_at": recorded,
            "statement": "All accounts were looked at",
            "result": Result.DONE,
            **more,
        }
    )


@contextmanager
def writing(folder):
    """A log of a folder, which nobody else writes."""
    with (
        Store.open(folder / "evidence.db") as store,
        Log.open(store, SIGNER, at=BEGAN) as log,
    ):
        yield log


def commands_in(folder, capsys):
    """Run commands on a configuration of `folder`, that ask no cloud: (exit code, out, err)."""
    config = configure(
        folder, "http://127.0.0.1:9", events={"leaver-offboarding": {"path": "l.csv"}}
    )

    def call(*words):
        code = run(["-c", str(config), *map(str, words)])
        said = capsys.readouterr()
        return int(code), said.out, said.err

    (folder / "l.csv").write_text("id,at\nana,2020-01-01\n")
    call.folder, call.config = folder, config
    return call


def attest(call, *words, by="Ana", reviewed="Bob"):
    given = ("--by", by, "--reviewed-by", reviewed, "--statement", "All were looked at")
    return call("attest", *words, *given)


def this_quarter():
    return period_of(Cadence.QUARTERLY, datetime.now(UTC).date()).key
