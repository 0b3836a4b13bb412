"""Strangers' recorded answers of AWS: all of them collect, and another engine's verdicts are ours.

The recordings and what Cloud Custodian made of them are outside of the repository; the tests are
skipped where they are not. `data/recorded/aws_cases.yaml` restates its expectations in our words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from aws_kit import ENVIRONMENT, Seen
from msgspec.structs import replace
from recorded_kit import (
    NOT_RECORDED,
    RECORDED,
    REGION,
    Recorded,
    Replay,
    consumed,
    flight,
    flights,
    manifest,
)
from shipped import CHECKS as SHIPPED_CHECKS

from agent.cel import TIMESTAMP, EvalError, Program, Type, compile_expression, from_json_schema
from checks.aws.schema import schema_of
from checks.calls import is_absent
from checks.load import load_checks
from checks.model import Call, CallError, Cause, Check, Facet, Gap, Join, Resource
from checks.query import search

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests" / "data" / "recorded"
CASES: Mapping[str, Any] = yaml.safe_load((DATA / "aws_cases.yaml").read_text())
UNSTATED: Mapping[str, Any] = yaml.safe_load((DATA / "aws_unstated.yaml").read_text())
BROKEN: Mapping[str, Sequence[str]] = {
    name: [missing] for missing, names in UNSTATED["broken"].items() for name in names
}
RESTATED = {
    case: (check, given if isinstance(given, dict) else {"holds": given})
    for check, cases in CASES["restated"].items()
    for case, given in cases.items()
}

pytestmark = pytest.mark.skipif(not RECORDED.is_dir(), reason="the recordings are not here")


def widened(check: Check, more: Mapping[str, Any]) -> Check:
    """The check with more facets and joins, as a user may have in a check of their own."""
    facets = tuple(
        Facet(name=name, call=_call(check, given)) for name, given in more.get("facets", {}).items()
    )
    joins = tuple(Join(name=name, **given) for name, given in more.get("joins", {}).items())
    return replace(check, facets=(*check.facets, *facets), joins=(*check.joins, *joins))


def _call(check: Check, given: Mapping[str, Any]) -> Call:
    decode = {"@": given["decode"]} if "decode" in given else {}
    return Call(**{"service": check.list.service, **given, "decode": decode})


def _checks() -> dict[str, Check]:
    checks = load_checks([DATA / "aws_checks.yaml"])
    return {
        name: widened(check, CASES["widened"].get(name, {}))
        for name, check in checks.items()
        if name.startswith(("aws.", "files."))
    }


CHECKS = _checks()


@pytest.fixture(scope="module")
def replay() -> Iterator[Replay]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield Replay({name: one for name, one in CHECKS.items() if name.startswith("aws.")})


@cache
def _type(check: str) -> Type:
    return from_json_schema(schema_of(CHECKS[check], CHECKS))


@cache
def _expected() -> dict[str, Mapping[str, Any]]:
    return {case["id"]: case for case in manifest()["expected"] if case["cloud"] == "aws"}


def wanted(check: Check, program: Program) -> frozenset[str]:
    """The facets and joins that the program reads, and the facets that those joins go by."""
    heads = {path.split(".")[1].partition("[")[0] for path in program.reads if "." in path}
    joins = [join for join in check.joins if join.name in heads]
    heads |= {join.local.partition(".")[0].partition("[")[0] for join in joins}
    return frozenset(heads & {part.name for part in (*check.facets, *check.joins)})


def verdict(program: Program, resource: Resource, now: datetime) -> bool | str:
    """Whether it holds of the resource, or why that cannot be told."""
    unseen = [f"resource.{gap.facet}" for gap in resource.gaps]
    try:
        return bool(program.interpret({"resource": resource.attributes, "now": now}, unseen))
    except EvalError as error:
        return str(error)


def found(replay: Replay, case: str) -> tuple[list[str], list[str]]:
    """The resources that we find, by the other engine's id, and what we could not tell."""
    check, given = RESTATED[case]
    theirs = _expected()[case]
    program = compile_expression(given["holds"], {"resource": _type(check), "now": TIMESTAMP})
    replay.load(consumed(theirs["calls"], replay.names), given.get("mentioning", ""))
    seen = replay.look({check: wanted(CHECKS[check], program)}, region=given.get("region", REGION))
    frozen = theirs.get("frozen_now")
    now = datetime.fromisoformat(frozen).replace(tzinfo=UTC) if frozen else datetime.now(UTC)
    ours, unclear = [], [f"{gap.code}: {gap.message}" for gap in seen.listing_gaps(check)]
    for resource in seen.resources(check).values():
        said = verdict(program, resource, now)
        if said is True:
            ours.append(str(search(given.get("id", theirs["id_field"]), resource.attributes)))
        elif said is not False:
            unclear.append(f"{resource.label}: {said}")
    if "scope" in given:
        matches = bool(ours) if given["scope"] == "any" else not (ours or unclear)
        return [str(one) for one in theirs["matched_ids"][:1] or ["the account"]] * matches, unclear
    return sorted(ours), unclear


@pytest.mark.parametrize("case", RESTATED)
def test_what_another_engine_found_is_what_we_find(case: str, replay: Replay) -> None:
    ours, unclear = found(replay, case)
    explained = CASES["explained"].get(case)
    if explained is None:
        assert (ours, unclear) == (sorted(map(str, _expected()[case]["matched_ids"])), [])
        return
    assert ours == explained.get("found", [])
    assert len(unclear) >= len(explained.get("unclear", []))
    for told in unclear:
        assert any(one in told for one in explained.get("unclear", [])), told


SHIPPED = {name: check for name, check in SHIPPED_CHECKS.items() if name.startswith("aws.")}
CAUSES = {
    "AccessDenied": Cause.DENIED,
    "AccessDeniedException": Cause.DENIED,
    "NoSuchBucket": Cause.NOT_FOUND,
    "NotFoundException": Cause.NOT_FOUND,
    "TableNotFoundException": Cause.NOT_FOUND,
}
"""The errors that were recorded and that no check of ours declares to mean "there is none"."""


@pytest.fixture(scope="module")
def shipped(replay: Replay) -> Replay:
    del replay  # it has prepared the environment
    return Replay(SHIPPED)


def _depth(check: Check) -> int:
    return 1 + _depth(SHIPPED[check.parent]) if check.parent else 0


def everything(replay: Replay) -> list[Gap]:
    """Collect until no answer waits, children before their parents; all gaps that it left."""
    gaps: list[Gap] = []
    for check in sorted(SHIPPED.values(), key=_depth, reverse=True):
        listings = {check.list.name} if check.list else set()
        while (left := set(replay.left())) & (listings or {f.call.name for f in check.facets}):
            before = len(replay.served)
            parts = frozenset(f.name for f in check.facets if f.call.name in left)
            seen = replay.look({check.name: parts})
            gaps += [*seen.listing_gaps(), *seen.facet_gaps()]
            assert whole(check, seen, replay.served[before:])
            if len(replay.served) == before:
                break  # its parent's listing was not recorded, or not the call that it begins with
    for name in replay.left():
        while replay.waiting[name]:
            gaps += replay.alone(name)
    return gaps


def whole(check: Check, seen: Seen, served: Sequence[Recorded]) -> bool:
    """Whether each row that was listed became a resource, or a gap, or is known to be gone."""
    if not check.list or check.where or check.batch or "@" in check.list.decode:
        return True
    answers = [one for one in served if one.name == check.list.name and not one.code]
    rows = sum(len(search(check.list.select, one.data) or ()) for one in answers)
    resources = sum(len(part.resources) for part in seen.parts if part.check == check.name)
    lost = [gap for gap in seen.listing_gaps(check.name) if gap.code == "TemplateError"]
    unread = [gap for gap in seen.listing_gaps(check.name) if gap.cause is Cause.INVALID]
    return rows == resources + len(lost) + len(seen.vanished()) or len(unread) > len(lost)


@pytest.mark.parametrize("name", flights(SHIPPED) if RECORDED.is_dir() else [])
def test_every_recorded_answer_of_a_call_of_ours_collects(name: str, shipped: Replay) -> None:
    answers = flight(name, shipped.names)
    shipped.load(answers)
    gaps = [gap for gap in everything(shipped) if gap.code != NOT_RECORDED]
    assert len([one for one in shipped.served if one.n]) == len(answers)
    refused = sorted(one.code for one in answers if one.code in CAUSES)
    assert sorted(gap.code for gap in gaps if gap.code in CAUSES) == refused
    for gap in gaps:
        if gap.code in CAUSES:
            assert gap.cause is CAUSES[gap.code]
        else:
            assert any(one in gap.message for one in BROKEN.get(name, ())), gap
    absent = [one for one in answers if one.code and one.code not in CAUSES]
    assert [one for one in absent if not _is_declared(one, shipped)] == []


def _is_declared(answer: Recorded, replay: Replay) -> bool:
    """Whether every check that makes the call says that this error means "there is none"."""
    told = CallError(Cause.INVALID, answer.code, answer.data["Error"].get("Message") or "")
    return all(is_absent(call, told) for _, call in replay.names.calls[answer.name])


def test_each_expectation_is_restated_or_it_is_said_why_not() -> None:
    ours = {case for case, one in _expected().items() if one["resource"][4:] in UNSTATED["ours"]}
    unstated = [case for cases in UNSTATED["unstated"].values() for case in cases]
    assert sorted([*RESTATED, *unstated]) == sorted(ours)
    assert set(CASES["explained"]) <= set(RESTATED)


def summary() -> str:
    """The figures of docs/recorded.md, as they are now."""
    files = [one for one in manifest()["files"] if one["path"].startswith("aws/")]
    answers = sum(one["responses"] for one in files)
    cases, explained = len(_expected()), CASES["explained"]
    unstated = {why: len(found) for why, found in UNSTATED["unstated"].items()}
    restated, left = len(RESTATED), sum(unstated.values())
    reasons = Counter(one["why"] for one in explained.values())
    lines = (
        f"- AWS: {len(files)} recordings, {answers} answers. Each of a call of ours is read.",
        f"- {cases} expectations. {cases - restated - left} are of types that we do not have.",
        f"- {restated} are restated; {restated - len(explained)} agree.",
        f"- {len(explained)} differ, for a reason:",
        *(f"  - {count}: {why}." for why, count in reasons.most_common()),
        f"- {left} are not restated:",
        *(f"  - {count}: {why}." for why, count in unstated.items()),
    )
    return "\n".join(lines)


def test_the_figures_in_the_documentation_are_those_of_the_recordings() -> None:
    assert summary() in (ROOT / "docs" / "recorded.md").read_text()
