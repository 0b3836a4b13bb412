"""What was not seen of Google Cloud is an error with its cause, over gRPC and REST alike."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import rfc8785
from cloud_kit import look
from gcp_kit import ACCOUNT, access_to, add_project, asset, make_world, organization_on, serving
from google.auth import credentials as base
from google.cloud import asset_v1

from agent.demo.gcp.server import Fault
from checks.gcp.access import Transport
from checks.gcp.credentials import Renewed, credentials_of
from checks.gcp.directory import Directory
from checks.gcp.transport import client_of
from checks.model import Call, CallError, Cause

BUCKET = "gcp.storage.bucket"
KIND = "storage.googleapis.com/Bucket"
LISTING = {BUCKET: set()}
BOTH = {BUCKET: {"Policy"}}


def data(name, **more):
    return {
        "name": name,
        "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": True}},
        **more,
    }


@pytest.fixture
def world():
    world = make_world("shop", "labs", "idle")
    for number in range(7):
        project = ("shop", "labs")[number % 2]
        policy = {"bindings": [{"role": "roles/storage.admin", "members": [f"user:u{number}@x"]}]}
        world.put(asset(project, KIND, f"b{number}", data(f"b{number}"), iamPolicy=policy))
    return world


@pytest.fixture
def server(world, tmp_path):
    with serving(world, tmp_path, page=3) as server:
        yield server


@pytest.fixture(params=list(Transport), ids=str)
def transport(request):
    return request.param


@pytest.fixture
def organization(server, tmp_path, transport):
    return organization_on(server, tmp_path, transport=transport)


def test_each_project_gets_its_own_and_the_estate_is_read_once(server, organization):
    projects = ("shop", "labs", "idle")
    seen = {each: look(organization.session(each), BOTH) for each in projects}
    assert seen["shop"].labels == ["b0", "b2", "b4", "b6"]
    assert seen["labs"].labels == ["b1", "b3", "b5"]
    assert seen["idle"].labels == []
    assert all(not one.gaps for one in seen.values())
    listings = [content for content, _ in server.asked if content != "token"]
    assert len(listings) == 1 + 3 + 3  # projects, and seven buckets twice, three a page
    assert [one.collection.requests for one in seen.values()] == [7, 0, 0]
    policies = {r.label: r.attributes["Policy"] for r in seen["shop"].resources.values()}
    assert policies["b0"]["iamPolicy"]["bindings"][0]["members"] == ["user:u0@x"]
    assert server.read_times == {organization.estate.join("new").at} or len(server.read_times) == 1


def test_the_evidence_is_the_same_to_the_byte_over_both_transports(server, tmp_path):
    found = []
    for transport in Transport:
        organization = organization_on(server, tmp_path, transport=transport)
        seen = look(organization.session("shop"), BOTH)
        found.append([rfc8785.dumps(one.attributes) for one in seen.resources.values()])
    assert found[0] == found[1]
    assert len(found[0]) == 4


def test_numbers_are_what_they_were_and_not_doubles(world, organization):
    world.put(
        asset("shop", KIND, "n", data("n", retentionPolicy={"retentionPeriod": "86400"}, x=3))
    )
    seen = look(organization.session("shop"), LISTING)
    found = next(one for one in seen.resources.values() if one.label == "n")
    number = found.attributes["resource"]["data"]["x"]
    assert (number, type(number)) == (3, int)


def test_an_old_spelling_is_read_under_the_one_name(world, organization):
    old = {"name": "old", "iamConfiguration": {"bucketPolicyOnly": {"enabled": True}}}
    world.put(asset("shop", KIND, "old", old))
    seen = look(organization.session("shop"), LISTING)
    found = next(one for one in seen.resources.values() if one.label == "old")
    configuration = found.attributes["resource"]["data"]["iamConfiguration"]
    assert configuration["uniformBucketLevelAccess"] == {"enabled": True}
    assert configuration["publicAccessPrevention"] == "inherited"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"code": "PERMISSION_DENIED", "reason": "IAM_PERMISSION_DENIED"}, "denied"),
        ({"code": "PERMISSION_DENIED", "reason": "SERVICE_DISABLED"}, "not_enabled"),
        ({"code": "PERMISSION_DENIED", "reason": "BILLING_DISABLED"}, "not_enabled"),
        ({"code": "PERMISSION_DENIED", "reason": "SECURITY_POLICY_VIOLATED"}, "denied"),
        ({"code": "PERMISSION_DENIED", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}, "denied"),
        ({"code": "RESOURCE_EXHAUSTED", "reason": "RATE_LIMIT_EXCEEDED"}, "throttled"),
        ({"code": "UNAUTHENTICATED", "reason": "ACCESS_TOKEN_EXPIRED"}, "auth"),
        ({"code": "UNAVAILABLE"}, "transient"),
        ({"code": "DEADLINE_EXCEEDED"}, "transient"),
        ({"code": "INTERNAL"}, "transient"),
        ({"code": "INVALID_ARGUMENT"}, "invalid"),
        ({"code": "NOT_FOUND"}, "not_found"),
    ],
    ids=lambda value: value.get("reason") or value["code"] if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("page", ["3", "6"], ids=["second", "third"])
def test_a_listing_that_fails_on_any_page_gives_no_resource(
    server, organization, fault, told, page
):
    server.faults.append(Fault(content="RESOURCE", page=page, **fault))
    seen = look(organization.session("shop"), LISTING)
    assert seen.resources == {}
    assert [cause for cause, _ in seen.causes] == [told]


def test_one_content_type_that_is_denied_leaves_the_other_as_it_is(server, organization):
    server.faults.append(Fault(content="IAM_POLICY", code="PERMISSION_DENIED"))
    seen = look(organization.session("shop"), BOTH)
    assert len(seen.resources) == 4
    assert {gap.facet for gap in seen.gaps} == {"Policy"}
    assert {gap.needs for gap in seen.gaps} == {("cloudasset.assets.listIamPolicy",)}


@pytest.mark.parametrize("code", ["UNAVAILABLE", "RESOURCE_EXHAUSTED"])
def test_a_page_that_is_lost_once_is_read_again(server, organization, code):
    server.faults.append(Fault(content="RESOURCE", page="3", code=code, times=1))
    seen = look(organization.session("shop"), LISTING)
    assert len(seen.resources) == 4
    assert seen.gaps == []


def test_a_project_that_is_not_shown_is_an_error_and_the_others_are_not(organization):
    assert look(organization.session("nowhere"), LISTING).causes == [
        ("denied", "ProjectNotVisible")
    ]
    assert len(look(organization.session("shop"), LISTING).resources) == 4


def test_a_project_that_is_being_deleted_is_not_an_empty_one(world, organization):
    add_project(world, "idle", "DELETE_REQUESTED")
    assert look(organization.session("idle"), LISTING).causes == [("auth", "ProjectNotActive")]


def test_one_type_that_the_inventory_does_not_know_costs_no_other(server, organization):
    server.unknown.add("compute.googleapis.com/Firewall")
    wanted = {BUCKET: set(), "gcp.network.firewall": set()}
    for project in ("shop", "labs"):
        seen = look(organization.session(project), wanted)
        assert len(seen.resources) > 2
        assert seen.causes == [("invalid", "UnknownAssetType")]
        assert "compute.googleapis.com/Firewall" in seen.gaps[0].message


def test_a_request_that_is_invalid_whatever_is_asked_for_refuses_no_type(server, organization):
    server.faults.append(Fault(content="RESOURCE", code="INVALID_ARGUMENT", times=1_000_000))
    session = organization.session("shop")
    wanted = {BUCKET: set(), "gcp.network.firewall": set()}
    assert {cause for cause, _ in look(session, wanted, tries=1).causes} == {"invalid"}
    assert organization.assets.refused("RESOURCE") == frozenset()
    server.faults.clear()
    assert len(look(organization.session("shop"), wanted).resources) == 4


def test_malformed_answers_are_errors(server, tmp_path):
    server.faults.append(Fault(body=b'{"assets": [', content="RESOURCE"))
    organization = organization_on(server, tmp_path, transport=Transport.REST)
    seen = look(organization.session("shop"), LISTING)
    assert seen.resources == {}
    assert [cause for cause, _ in seen.causes] == ["invalid"]


def test_the_token_is_asked_for_and_refused_once_for_the_whole_target(server, organization):
    server.faults.append(Fault(content="token", code="PERMISSION_DENIED"))
    seen = look(organization.session("shop"), LISTING)
    assert [cause for cause, _ in seen.causes] == ["auth"]


def test_a_token_that_is_taken_back_during_the_run_is_renewed_once(server, organization):
    session = organization.session("shop")
    assert session.target.id == "shop"
    server.tokens.clear()
    seen = look(session, LISTING)
    assert len(seen.resources) == 4
    assert seen.gaps == []
    assert [what for what, _ in server.asked].count("token") == 2


def test_an_answer_that_does_not_come_in_time_is_an_error(server, organization, monkeypatch):
    monkeypatch.setattr("checks.gcp.assets.TIMEOUT", 0.3)
    server.faults.append(Fault(content="RESOURCE", seconds=0.8))
    seen = look(organization.session("shop"), LISTING, tries=1)
    assert seen.resources == {}
    assert [cause for cause, _ in seen.causes] == ["transient"]


def test_who_asks_is_the_service_account(organization):
    assert organization.session("shop").identity == ACCOUNT


def test_an_unknown_authority_is_not_trusted(server, tmp_path, transport):
    organization = organization_on(server, tmp_path, transport=transport, ca_bundle="")
    seen = look(organization.session("shop"), LISTING)
    assert seen.resources == {}
    assert seen.gaps


def test_a_write_does_not_leave_the_process(server, tmp_path, transport):
    access = access_to(server, tmp_path, transport=transport)
    client = client_of(access, credentials_of(access))
    with pytest.raises(CallError, match="BlockedByGuard") as raised:
        client.delete_feed(name="projects/101/feeds/x", retry=None)
    assert raised.value.cause is Cause.BLOCKED_WRITE
    assert [what for what, _ in server.asked if what != "token"] == []


def test_the_past_is_read_as_it_was(world, server, organization):
    now = datetime.now(UTC)
    world.put(asset("shop", KIND, "b0", data("b0", versioning={"enabled": True})), now)
    client = organization.assets.client
    content = asset_v1.ContentType.RESOURCE
    versions = []
    for at in (now - timedelta(days=3), now + timedelta(seconds=1)):
        request = asset_v1.ListAssetsRequest(
            parent="organizations/9000", content_type=content, asset_types=[KIND], read_time=at
        )
        found = [one for one in client.list_assets(request=request) if one.name.endswith("/b0")]
        versions.append("versioning" in found[0].resource.data)
    assert versions == [False, True]
    assert server.read_times


@pytest.fixture
def directory(server, world, tmp_path):
    world.users += [
        {"primaryEmail": f"u{n}@example.com", "isEnrolledIn2Sv": n != 1} for n in range(7)
    ]
    return Directory(access_to(server, tmp_path))


USERS = Call(service="admin", operation="admin/directory/v1/users")
QUERY = {"customer": "my_customer", "maxResults": 500}


def test_people_are_read_to_the_last_page(directory):
    people, after = [], None
    while True:
        answer = directory.get(USERS.operation, QUERY, after)
        people += answer.data.get("users", [])
        after = answer.next
        if after is None:
            break
    assert [one["primaryEmail"] for one in people] == [f"u{n}@example.com" for n in range(7)]


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ({"code": "PERMISSION_DENIED"}, Cause.DENIED),
        ({"code": "RESOURCE_EXHAUSTED"}, Cause.THROTTLED),
        ({"code": "UNAVAILABLE"}, Cause.TRANSIENT),
        ({"body": b"<html>"}, Cause.INVALID),
        ({"body": b"[]"}, Cause.INVALID),
    ],
    ids=str,
)
def test_a_page_of_people_that_fails_is_an_error(server, directory, fault, cause):
    server.faults.append(Fault(content="users", page="3", **fault))
    first = directory.get(USERS.operation, QUERY)
    with pytest.raises(CallError) as raised:
        directory.get(USERS.operation, QUERY, first.next)
    assert raised.value.cause is cause


def test_a_key_file_that_is_not_there_is_said_with_its_name(server, tmp_path):
    access = access_to(server, tmp_path, credentials_file=str(tmp_path / "nothing"))
    with pytest.raises(CallError, match="nothing: No such file"):
        credentials_of(access)


def test_a_credential_says_whom_it_is_for(server, tmp_path):
    made = credentials_of(access_to(server, tmp_path, quota_project="audit"))
    assert isinstance(made, base.Credentials)
    assert isinstance(made, Renewed)
    headers = {}
    made.before_request(None, "GET", "https://x", headers)
    assert headers["x-goog-user-project"] == "audit"
    assert headers["authorization"].startswith("Bearer ya29.")


def test_pages_follow_each_other_without_repeating(server, organization):
    look(organization.session("shop"), LISTING)
    tokens = [token for content, token in server.asked if content == "RESOURCE"][1:]
    assert all(before != after for before, after in pairwise(tokens))
    assert json.dumps(tokens) == '["", "3", "6"]'
