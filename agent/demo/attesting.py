"""What people attest in the demo's half-year: most in time, some late, some not, some never."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from agent.controls.attest import to_body, verify_attestation
from agent.controls.duties import duties
from agent.controls.model import Attestation, Control, Due, File, Result
from agent.evidence.entry import Kind
from agent.evidence.log import Log
from agent.scope import Scope

SOON = timedelta(days=12)
"""How long before they are due most controls are attested."""
LATE = timedelta(days=20)
_NEVER, _LATE, _EXCEPTION = 0.06, 0.15, 0.93
"""Of the habits in [0, 1): below the first nothing is attested, below the second late, above the
third with an exception."""


def attest_due(log: Log, scope: Scope, seed: int, now: datetime) -> None:
    """Attest what is soon due, as the habit of each control and period is. Raises `StoreError`."""
    decisions = scope.decisions
    for due in duties(log.store, decisions, now, ahead=SOON):
        habit = random.Random(f"{seed}/{due.control}/{due.period}").random()  # noqa: S311 - a story
        when = due.due + (LATE if habit < _LATE else -SOON)
        if due.attestation is None and habit > _NEVER and now >= when:
            _state(log, decisions.controls[due.control], due, habit, now)


def _state(log: Log, control: Control, due: Due, habit: float, now: datetime) -> None:
    """Seal a statement with its file."""
    content = f"item,decision\n{control.id},kept\n".encode()
    name = f"{control.id}-{due.period}.csv"
    first = datetime(due.start.year, due.start.month, due.start.day, tzinfo=UTC)
    statement = Attestation(
        control=control.id,
        period=due.period,
        performer="Ana Lopez",
        reviewer="Bob Ito",
        performed_at=min(now, max(now - timedelta(days=1), first)),
        recorded_at=now,
        statement=f"{control.title}: looked at and done for {due.period}",
        result=Result.EXCEPTION if habit > _EXCEPTION else Result.DONE,
        files=(File(name=name, sha256=sha256(content).hexdigest(), size=len(content)),),
    )
    verify_attestation(statement, control)
    log.append(Kind.ATTESTATION, to_body(statement), now, [content])
