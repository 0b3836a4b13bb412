"""The shipped rules on strangers' resources: they answer, or say what of the resource is missing.

Recordings are as old as 2015 and some are cut by hand, so that members that AWS tells today are
often missing. Then a rule must say so, by name; it may not pass, and nothing else may go wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import shipped as shipped_checks
from aws_kit import ENVIRONMENT
from msgspec.structs import replace
from recorded_kit import RECORDED, Replay, flight, flights
from rule_kit import NOW, TARGET, shipped

from agent.judge import judge
from agent.model import Finding, Outcome
from checks.model import Check

CHECKS = {name: check for name, check in shipped_checks.CHECKS.items() if name.startswith("aws.")}
LISTED = sorted(name for name, check in CHECKS.items() if check.list and not check.parent)

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recordings are not here")


@pytest.fixture(scope="module")
def replay() -> Iterator[Replay]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield Replay(CHECKS)


def judged(replay: Replay, check: Check, recording: str) -> Iterator[Finding]:
    """What the rules of a check, whose parts were recorded, say of its resources."""
    answers = flight(recording, replay.names)
    recorded = {answer.name for answer in answers}
    assert check.list is not None
    if check.list.name not in recorded:
        return
    parts = {facet.name for facet in check.facets if facet.call.name in recorded}
    replay.load(answers)
    seen = replay.look({check.name: frozenset(parts)})
    for rule in shipped().values():
        if rule.check == check.name and rule.facets <= parts:
            for resource in seen.resources(check.name).values():
                yield from judge(rule, resource, now=NOW, target=TARGET)


@pytest.mark.parametrize("name", LISTED)
def test_a_rule_on_a_strangers_resource_answers_or_says_what_is_missing(
    name: str, replay: Replay
) -> None:
    check = replace(CHECKS[name], facets=())
    for recording in flights({name: check}):
        for finding in judged(replay, CHECKS[name], recording):
            if finding.outcome is Outcome.ERROR:
                told = finding.message
                assert told.endswith("is missing") or told.startswith("cannot see"), told
