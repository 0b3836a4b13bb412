"""Every Google Cloud rule on assets that exist: both outcomes, from an answer to the finding."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import gcp_cases
import pytest
from case_kit import cases_of, exported, outcomes, services_of, verify_told_apart
from gcp_cases import Case
from gcp_kit import make_world, organization_on, serving
from shipped import CHECKS, rules_of

from agent.demo.gcp.server import Fault, Server
from agent.model import Outcome
from agent.rules.params import with_params
from agent.rules.rule import Rule
from checks.files.session import WithFiles
from checks.gcp.session import LISTING, Organization

SERVICES = services_of("gcp")
CASES: list[Case] = cases_of(gcp_cases)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(make_world(), tmp_path_factory.mktemp("gcp")) as server:
        yield server


@pytest.fixture(scope="module")
def organization(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Organization:
    """One for all cases: to read its key and to connect takes longer than to judge."""
    return organization_on(server, tmp_path_factory.mktemp("key"))


@cache
def rules() -> dict[str, Rule]:
    return rules_of("gcp")


def judged(
    case: Case, state: str, server: Server, organization: Organization, folder: Path
) -> tuple[set[Outcome], str]:
    """On the organization for rules about the organization, on its project for all others."""
    server.world = make_world(gcp_cases.PROJECT)
    organization.estate.join("")  # one that came before begins another round: the world is new
    named = getattr(case, state)(server.world)
    rule = with_params(rules()[case.rule], case.params)
    above = CHECKS[rule.check].level == "organization"
    session = organization.above() if above else organization.session(gcp_cases.PROJECT)
    return outcomes(rule, WithFiles(session, exported(folder, case.files)), CHECKS, named)


def contents(rule: Rule) -> set[str]:
    """The content types, or the listing of people, that the rule reads beside its own listing.

    Without that of the resources: which projects there are is read from there as well.
    """
    check = CHECKS[rule.check]
    read = [check, *(CHECKS[join.check] for join in check.joins if join.name in rule.facets)]
    calls = [one.list for one in read if one.list]
    people = {"users" for one in calls if one.service == "admin"}
    return people | {one.operation for one in calls if one.service == LISTING} - {"RESOURCE"}


@pytest.mark.parametrize("state", ["good", "bad"])
@pytest.mark.parametrize("case", CASES, ids=[case.rule for case in CASES])
def test_a_rule_tells_a_compliant_resource_from_another(
    case: Case, state: str, server: Server, organization: Organization, tmp_path: Path
) -> None:
    server.faults.clear()
    found, said = judged(case, state, server, organization, tmp_path)
    verify_told_apart(state, found, said)


@pytest.mark.parametrize("case", CASES, ids=[case.rule for case in CASES])
def test_a_good_resource_whose_parts_may_not_be_read_is_an_error(
    case: Case, server: Server, organization: Organization, tmp_path: Path
) -> None:
    for content in sorted(contents(rules()[case.rule])):
        server.faults[:] = [Fault(content=content, code="PERMISSION_DENIED")]
        found, said = judged(case, "good", server, organization, tmp_path)
        assert found == {Outcome.ERROR}, said


@pytest.mark.parametrize("service", SERVICES)
def test_every_rule_of_a_service_has_one_case(service: str) -> None:
    rules = SERVICES[service]
    assert sorted(case.rule for case in CASES if case.rule in rules) == rules


def test_every_case_is_of_a_rule_that_exists() -> None:
    there = {rule for rules in SERVICES.values() for rule in rules}
    assert [case.rule for case in CASES if case.rule not in there] == []
