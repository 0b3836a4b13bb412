"""The population of a rule, resource by resource: what a workpaper lists and a hash is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256

from msgspec import Struct

from agent.evidence import queries
from agent.evidence.entry import from_micros
from agent.evidence.leaf import OUTCOMES
from agent.evidence.queries import Standing
from agent.evidence.store import Reading, Store, period
from agent.model import Outcome
from agent.reports.forms import ExportError
from agent.reports.judged import is_tested
from agent.reports.lens import Lens, open_lens
from agent.reports.model import Report, RuleResult
from agent.reports.timeline import to_moment


class PopulationMoved(ExportError):  # noqa: N818 - named for what is wrong
    """The evidence grew while a form was written from it; written again, it is whole."""


class Member(Struct, frozen=True, kw_only=True):
    """A resource that a rule judged at some time in the period."""

    target: str
    resource: str
    outcome: Outcome | None
    """What stood at the end; None: it was gone, or the rule did not apply to it any more."""
    since: datetime
    """When the first run finished that saw it so; of one that is gone, so last."""
    failed: bool
    """Whether it failed, or was waived, at some time in the period."""


class Members:
    """The populations of a report's rules, read one at a time."""

    def __init__(self, store: Store, view: Reading, lens: Lens) -> None:
        self._store, self._view, self._lens = store, view, lens

    def of(self, rule: RuleResult) -> Iterator[Member]:
        """Give them by resource and target, while memory holds the rule's.

        Raises `PopulationMoved` after the last when they are not those that the report counted.
        """
        found: list[Member] = []
        number = self._view.number_of(rule.rule)
        for target, label in self._lens.targets.items():
            if number is not None and self._lens.pieces(label, rule.rule):
                found += self._on(target, label, number, rule.rule)
        found.sort(key=lambda each: (each.resource, each.target))
        yield from found
        listed = "".join(f"{name}\n" for name in sorted({each.resource for each in found}))
        if sha256(listed.encode()).hexdigest() != rule.population_sha256:
            raise PopulationMoved(
                f"{rule.rule}: its population changed while it was written; export it again"
            )

    def standing(self, rule: str) -> Iterator[Standing]:
        """Give what stood at the end of each resource, by target and resource."""
        at = from_micros(self._lens.past[1] - 1)
        for label in self._lens.labels:
            if self._lens.is_due(label, rule):
                yield from queries.as_of(self._store, at, target=label, rule=rule)

    def _on(self, target: int, label: str, number: int, rule: str) -> Iterator[Member]:
        lens = self._lens
        standing = lens.is_due(label, rule)
        newest: dict[str, tuple[int, int | None, Outcome]] = {}
        failed: set[str] = set()
        for _, text, since, until, outcome, _ in period.spans(
            self._view, target, number, lens.first, lens.last
        ):
            ended = until is not None and until <= lens.last
            said = OUTCOMES[outcome]
            if (lens.moment and ended) or not is_tested(said, text, label):
                continue
            if text not in newest or newest[text][0] < since:
                newest[text] = (since, until, said)
            if said in {Outcome.FAIL, Outcome.WAIVED}:
                failed.add(text)
        for text, (since, until, said) in newest.items():
            stands = standing and (until is None or until > lens.last)
            yield Member(
                target=label,
                resource=text,
                outcome=said if stands else None,
                since=to_moment(self._view.run_times(since)[1]),
                failed=text in failed,
            )


@contextmanager
def open_members(store: Store, report: Report) -> Iterator[Members]:
    """Look at the store as the report did. Raises `StoreError`."""
    with store.reading() as view:
        yield Members(
            store,
            view,
            open_lens(
                view, report.start, report.end, report.scope.targets, report.completeness.gaps
            ),
        )
