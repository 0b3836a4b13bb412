"""Makes the question of a report from what the configuration names: scope, controls, frameworks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from agent.config import Settings
from agent.controls.decisions import frameworks_of, load_decisions
from agent.controls.scope import criteria_in
from agent.evidence.anchors.opening import roots_of
from agent.pack import load_pack
from agent.plan import make_plan
from agent.reports.question import Kind, Question
from agent.reports.readiness import SOC2
from agent.reports.register import Answer


def ask(
    settings: Settings,
    kind: Kind,
    start: datetime,
    end: datetime,
    *,
    made_at: datetime,
    answers: Iterable[Answer] = (),
    verify: bool = True,
) -> Question:
    """Load what the configuration names. Raises the errors of rules, checks and documents."""
    pack = load_pack(settings, observed_only=True)
    decisions = load_decisions(settings, pack)
    soc2 = frameworks_of(settings)[SOC2]
    return Question(
        kind=kind,
        start=start,
        end=end,
        made_at=made_at,
        scope=decisions.scope,
        controls=decisions.controls,
        criteria={
            criterion: soc2.criteria[criterion].title
            for criterion in criteria_in(decisions.scope.categories, soc2)
        },
        permissions=make_plan(pack.rules, pack.checks).permissions,
        answers=tuple(answers),
        verify=verify,
        roots=roots_of(settings.anchors, settings.path),
    )
