"""What the pages are made from: the open store, what is in force, and the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from agent.controls.decisions import Decisions, frameworks_of
from agent.controls.scope import criteria_in
from agent.evidence.anchors.opening import roots_of
from agent.evidence.store import Store
from agent.evidence.subtrees import Subtrees
from agent.reports.readiness import SOC2
from agent.rules.rule import Rule
from agent.scope import Scope
from agent.web.pages.memo import Memo
from agent.web.pages.state import State, read_state

TICK = 10
"""Seconds for which what is known now stands: ages are shown to the minute."""


class Desk:
    """Where a page finds what it needs; safe to use from several threads."""

    def __init__(
        self,
        store: Store,
        scope: Callable[[], Scope],
        decisions: Callable[[], Decisions],
        now: Callable[[], datetime],
        subtrees: Subtrees,
    ) -> None:
        """`scope` and `decisions` are those in force when they are asked for."""
        self.store, self.now, self.subtrees = store, now, subtrees
        self._scope, self._decisions = scope, decisions
        self.memo = Memo(self.size)
        self._criteria: tuple[Scope, Mapping[str, str]] | None = None

    def size(self) -> int:
        """Count the entries of the log."""
        with self.store.reading() as view:
            return view.size()

    @property
    def scope(self) -> Scope:
        """The configuration in force."""
        return self._scope()

    @property
    def decisions(self) -> Decisions:
        """What people decided."""
        return self._decisions()

    @property
    def rules(self) -> Mapping[str, Rule]:
        """The rules in force."""
        return self._scope().pack.rules

    @property
    def roots(self) -> Mapping[str, bytes]:
        """Time-stamping authority -> its root certificates."""
        settings = self._scope().settings
        return roots_of(settings.anchors, settings.path)

    def criteria(self) -> Mapping[str, str]:
        """Give the criteria of the categories in scope: id -> title."""
        scope = self._scope()
        if self._criteria is None or self._criteria[0] is not scope:
            soc2 = frameworks_of(scope.settings)[SOC2]
            wanted = criteria_in(scope.decisions.scope.categories, soc2)
            self._criteria = scope, {name: soc2.criteria[name].title for name in wanted}
        return self._criteria[1]

    def state(self, asked: datetime | None) -> State:
        """Give what is known at an instant; None: now."""
        at = self.now() if asked is None else asked
        tick = None if asked else at.timestamp() // TICK
        return self.memo.ask(("state", asked), lambda: read_state(self.store, at), when=tick)
