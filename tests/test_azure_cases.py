"""Every Azure rule on resources that exist: both outcomes, from an answer to the finding."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import azure_cases
import pytest
from azure_cases import Case
from azure_kit import make_world, serving, tenant_on
from case_kit import cases_of, exported, outcomes, services_of, verify_told_apart
from shipped import CHECKS, rules_of

from agent.demo.azure.server import Fault, Server
from agent.model import Outcome
from agent.plan import calls_of, make_plan
from agent.rules.params import with_params
from agent.rules.rule import Rule
from checks.azure.session import LISTING, Tenant
from checks.files.session import WithFiles
from checks.model import Session

SERVICES = services_of("azure")
CASES: list[Case] = cases_of(azure_cases)
CHILDREN = r"GET /(subscriptions/[^/?]+/.*|v1\.0/.*|beta/.*)(?<!Authorization/permissions)\?"
"""All that is read but the listings of Resource Graph and what the session asks of itself."""

READING = ("/oauth2/v2.0/token", "/providers/Microsoft.ResourceGraph/resources")
"""What is posted to and yet changes nothing."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(make_world(), tmp_path_factory.mktemp("azure")) as server:
        yield server
    written = {one.path for one in server.asked if one.method not in {"GET", "HEAD"}}
    assert {each for each in written if not each.endswith(READING)} == set()


@pytest.fixture(scope="module")
def tenant(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Tenant:
    return tenant_on(server, tmp_path_factory.mktemp("tenant"))


@cache
def rules() -> dict[str, Rule]:
    return rules_of("azure")


def session_for(case: Case, tenant: Tenant, folder: Path) -> Session:
    """On the tenant for rules about the tenant, on its subscription for all others."""
    above = CHECKS[rules()[case.rule].check].level == "tenant"
    session = tenant.above() if above else tenant.session(azure_cases.SUBSCRIPTION)
    return WithFiles(session, exported(folder, case.files))


def judged(
    case: Case, state: str, server: Server, tenant: Tenant, folder: Path
) -> tuple[set[Outcome], str]:
    server.world = make_world()
    named = getattr(case, state)(server.world)
    rule = with_params(rules()[case.rule], case.params)
    return outcomes(rule, session_for(case, tenant, folder), CHECKS, named)


@pytest.mark.parametrize("state", ["good", "bad"])
@pytest.mark.parametrize("case", CASES, ids=[case.rule for case in CASES])
def test_a_rule_tells_a_compliant_resource_from_another(
    case: Case, state: str, server: Server, tenant: Tenant, tmp_path: Path
) -> None:
    server.faults.clear()
    found, said = judged(case, state, server, tenant, tmp_path)
    verify_told_apart(state, found, said)


@pytest.mark.parametrize("case", CASES, ids=[case.rule for case in CASES])
def test_a_good_resource_whose_parts_may_not_be_read_is_an_error(
    case: Case, server: Server, tenant: Tenant, tmp_path: Path
) -> None:
    plan = make_plan({case.rule: rules()[case.rule]}, CHECKS)
    if {call.service for call in calls_of(plan.facets, CHECKS)} <= {LISTING}:
        return  # it reads Resource Graph alone, whose failures tests/test_azure_session.py tries
    denied = Fault(matching=CHILDREN, status=403, code="AuthorizationFailed")
    server.faults[:] = [denied]
    found, said = judged(case, "good", server, tenant, tmp_path)
    assert found == {Outcome.ERROR}, said


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("azure-entra-admin-mfa-registered", "userRegistrationDetails"),
        ("azure-entra-user-mfa-registered", "userRegistrationDetails"),
        ("azure-entra-user-unused", "v1.0/users"),
        ("azure-entra-mfa-enforced", "conditionalAccess/policies"),
    ],
)
def test_what_the_licence_does_not_include_is_an_error_and_not_a_user_without_a_second_factor(
    rule: str, path: str, server: Server, tenant: Tenant, tmp_path: Path
) -> None:
    code = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"
    server.faults[:] = [Fault(matching=path, status=403, code=code)]
    case = next(case for case in CASES if case.rule == rule)
    for state in ("good", "bad"):
        found, said = judged(case, state, server, tenant, tmp_path)
        assert found == {Outcome.ERROR}, said
        assert "not_licensed" in said or "licence" in said


@pytest.mark.parametrize("service", SERVICES)
def test_every_rule_of_a_service_has_one_case(service: str) -> None:
    rules = SERVICES[service]
    assert sorted(case.rule for case in CASES if case.rule in rules) == rules


def test_every_case_is_of_a_rule_that_exists() -> None:
    there = {rule for rules in SERVICES.values() for rule in rules}
    assert [case.rule for case in CASES if case.rule not in there] == []
