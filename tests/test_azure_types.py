"""Every Azure check says where it is read, with what right, and where its facts are from."""

import re
from collections.abc import Iterator

import pytest
from cloud_kit import checks_of

from checks.azure.session import LISTING
from checks.model import Call, Check

CHECKS = {check.name: check for check in checks_of("azure")}

TABLES = {"recoveryservicesresources", "resources", "securityresources"}
"""learn.microsoft.com/azure/governance/resource-graph/reference/supported-tables-resources; of
those, the ones whose rows all name their subscription."""


def calls(check: Check) -> Iterator[Call]:
    if check.list:
        yield check.list
    yield from (facet.call for facet in check.facets)


CALLS = {
    f"{name}-{call.operation}": call for name, check in CHECKS.items() for call in calls(check)
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_says_what_it_is_and_where_its_facts_are_from(name: str) -> None:
    check = CHECKS[name]
    assert check.doc.endswith(".")
    assert re.match(r"https://learn\.microsoft\.com/(?!en-us)\S+$", check.source)
    names = [*(facet.name for facet in check.facets), *(join.name for join in check.joins)]
    assert [name for name in names if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name)] == []


@pytest.mark.parametrize("name", CALLS)
def test_a_call_needs_a_right_to_read_and_names_its_version(name: str) -> None:
    call = CALLS[name]
    assert call.needs
    if call.service == "msgraph":
        assert call.params["of"] == "v1.0"
        right = r"[A-Z][A-Za-z]+(\.[A-Z][A-Za-z]+)?\.Read(\.[A-Z][A-Za-z]+)?"
    else:
        right = r"[Mm]icrosoft\.[A-Za-z]+(/[A-Za-z0-9]+)+/[Rr]ead"
    assert [one for one in call.needs if not re.fullmatch(right, one)] == []
    if call.service == "arm":
        assert re.fullmatch(r"20\d\d-\d\d-\d\d(-preview)?", call.params["api-version"])


@pytest.mark.parametrize("name", CHECKS)
def test_a_listing_is_of_a_table_that_names_the_subscription_and_tells_its_time(name: str) -> None:
    check = CHECKS[name]
    if check.list and check.list.service == LISTING:
        assert check.list.operation in TABLES
        assert re.fullmatch(r"microsoft\.[a-z]+(/[a-z]+)+", check.list.params["type"])
        assert check.observed_at == "observed_at"
        assert check.list.select == "rows"


@pytest.mark.parametrize("name", CHECKS)
def test_only_the_tenant_is_asked_of_microsoft_graph(name: str) -> None:
    check = CHECKS[name]
    services = {call.service for call in calls(check)}
    assert ("msgraph" in services) is (check.level == "tenant")
    assert len(services) == 1 or "msgraph" not in services


def test_no_type_of_resource_graph_is_two_checks() -> None:
    listed = [
        (check.list.operation, check.list.params["type"])
        for check in CHECKS.values()
        if check.list and check.list.service == LISTING
    ]
    assert sorted(set(listed)) == sorted(listed)
