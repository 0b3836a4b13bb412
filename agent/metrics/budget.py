"""What is left out when there are more series than `http.series_budget` allows, in which order.

The budget is for the families that grow with targets. Past it they are reduced, one step after the
other, until they fit:

1. `zero_findings`: `assay_rule_findings` leaves out zeros; what is absent is 0.
2. `zero_controls`: `assay_control_status` leaves out zeros, but those of `pass`.
3. `zero_statuses`: `assay_rule_status` leaves out zeros, but those of `fail`, `error` and `pass`.
4. `findings`: `assay_rule_findings` is left out.
5. `controls`: `assay_control_status` is left out.

The shipped alerts and the ratios of rules do not notice: every expected pair keeps the one status
that is 1, and zeros where an alert's `last_over_time` must see that a failure is over. Nothing more
is ever left out, even when the budget is still passed after the last step.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct
from prometheus_client.core import GaugeMetricFamily, Metric

from agent.metrics.families import CONTROL, STATUS
from agent.metrics.freshness import STATUSES, Pair
from agent.metrics.wide import Shape
from agent.model import Outcome

LOG = logging.getLogger("assay")
DEFAULT = 200_000
"""Series; Prometheus keeps a few kilobytes of memory for each."""
STEPS = ("zero_findings", "zero_controls", "zero_statuses", "findings", "controls")


class Sizes(Struct, frozen=True, kw_only=True):
    """Series of each family that grows with targets, whole and without zeros."""

    evaluations: int
    statuses: int
    statuses_short: int
    controls: int
    controls_short: int
    findings: int
    findings_short: int

    def after(self, taken: int) -> int:
        """Count what is told when the first so many steps are taken."""
        steps = STEPS[:taken]
        findings = self.findings_short if "zero_findings" in steps else self.findings
        controls = self.controls_short if "zero_controls" in steps else self.controls
        return (
            self.evaluations
            + (self.statuses_short if "zero_statuses" in steps else self.statuses)
            + ("findings" not in steps) * findings
            + ("controls" not in steps) * controls
        )


def sizes(pairs: Sequence[Pair], controls: Collection[str]) -> Sizes:
    """Count the series of these pairs, and of criteria in these states."""
    return Sizes(
        evaluations=len(pairs),
        statuses=len(pairs) * len(STATUSES),
        statuses_short=_short([pair.status for pair in pairs], STATUS),
        controls=len(controls) * len(STATUSES),
        controls_short=_short(controls, CONTROL),
        findings=len(pairs) * len(Outcome),
        findings_short=sum(len(Outcome) - pair.counts.count(0) for pair in pairs),
    )


def _short(statuses: Collection[str], shape: Shape) -> int:
    """Count what is left of the state sets without zeros."""
    return sum(len(shape.always) + (status not in shape.always) for status in statuses)


class Budget:
    """Decides at each scrape what is left out, and says so when that changes."""

    def __init__(self, allowed: int) -> None:
        """`allowed` series; nothing is left out yet."""
        self._allowed = allowed
        self._taken = 0

    def steps(self, wanted: Sizes) -> tuple[str, ...]:
        """Give the steps to take: the fewest with which it fits, or all."""
        fit = (n for n in range(len(STEPS)) if wanted.after(n) <= self._allowed)
        taken = next(fit, len(STEPS))
        if taken != self._taken:
            self._taken = taken
            self._say(wanted, taken)
        return STEPS[:taken]

    def _say(self, wanted: Sizes, taken: int) -> None:
        if not taken:
            LOG.warning("the metrics fit http.series_budget again; nothing is left out")
            return
        LOG.error(
            "the metrics would have %d series, http.series_budget allows %d; reduced to %d by: %s",
            wanted.after(0),
            self._allowed,
            wanted.after(taken),
            ", ".join(STEPS[:taken]),
        )

    def families(self, wanted: Sizes, steps: Sequence[str]) -> Iterator[Metric]:
        """Give the metrics that say so."""
        for name, doc, value in (
            ("budget", "How many series the families that grow with targets may have.",
             self._allowed),
            ("wanted", "How many they would have if nothing were left out.", wanted.after(0)),
            ("told", "How many they have.", wanted.after(len(steps))),
        ):  # fmt: skip
            yield GaugeMetricFamily(f"assay_series_{name}", doc, value=value)
        reduced = GaugeMetricFamily(
            "assay_series_reduced",
            "Whether a step of reduction is taken because the series budget is passed.",
            labels=("step",),
        )
        for step in STEPS:
            reduced.add_metric((step,), float(step in steps))
        yield reduced
