"""Judges a sealed run again with nothing but the evidence: the rules' texts and the values read."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from agent.evaluate import outcome_again
from agent.evidence.replay import Case, Replayed, StoreSource, Verdict, replay_from
from agent.evidence.store import Store
from agent.model import Outcome
from agent.pack import schema_source
from agent.rules.load import read_rule
from agent.rules.params import with_params
from agent.rules.rule import Rule
from checks.load import load_checks


def replay_run(store: Store, entry: int) -> Replayed:
    """Judge the run of a log entry again. Raises `StoreError` when the entry is not a run."""
    with store.reading() as view:
        return replay_from(StoreSource(view), entry, judging())


def judging() -> Callable[[Case], Verdict | None]:
    """Give what judges cases again; it remembers the rules that it has read.

    The outcome is computed again; the words of a message are taken as sealed.
    """
    checks = load_checks()
    schema_of = schema_source()

    @cache
    def rule_of(name: str, text: bytes) -> Rule:
        return read_rule(text, Path(f"{name}.yaml"), checks, schema_of)

    def judge_again(case: Case) -> Verdict | None:
        if not case.values:
            return None
        rule: Any = with_params(rule_of(case.rule, case.text), case.params)
        outcome = outcome_again(rule, case.values, now=case.started)
        if outcome is Outcome.FAIL and case.outcome is Outcome.WAIVED:
            outcome = Outcome.WAIVED  # a waiver is a decision of its own, with its own entry
        return Verdict(outcome, case.code, case.message)

    return judge_again
