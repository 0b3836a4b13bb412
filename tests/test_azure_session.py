"""What was not seen of Azure is an error with its cause: never nothing, never a pass."""

import json

import pytest
from azure.core.rest import HttpRequest
from azure_kit import ONE, THREE, TWO, access_to, make_world, put, serving, tenant_on
from cloud_kit import look

from agent.demo.azure.server import Fault
from checks.azure.rights import missing
from checks.azure.wire import Wire
from checks.limits import Limits
from checks.model import CallError, Cause

STORAGE = "azure.storage.account"
KIND = "Microsoft.Storage/storageAccounts"
LISTING = {STORAGE: set()}
GRAPH = "POST /providers/Microsoft.ResourceGraph"


def settings(**changed):
    return {"supportsHttpsTrafficOnly": True, "minimumTlsVersion": "TLS1_2", **changed}


@pytest.fixture
def world():
    world = make_world(ONE, TWO, THREE)
    for number in range(7):
        owner = (ONE, TWO)[number % 2]
        put(world, owner, KIND, f"store{number}", properties=settings())
    return world


@pytest.fixture
def server(world, tmp_path):
    with serving(world, tmp_path, page=3) as server:
        yield server


@pytest.fixture
def tenant(server, tmp_path):
    return tenant_on(server, tmp_path)


def test_each_subscription_gets_its_own_and_the_estate_is_read_once(server, tenant):
    seen = {each: look(tenant.session(each), LISTING) for each in (ONE, TWO, THREE)}
    names = {each: sorted(r.label for r in s.resources.values()) for each, s in seen.items()}
    assert names[ONE] == ["store0", "store2", "store4", "store6"]
    assert names[TWO] == ["store1", "store3", "store5"]
    assert names[THREE] == []
    assert all(not s.gaps for s in seen.values())
    asked = server.counts()
    assert (
        asked["POST /providers/Microsoft.ResourceGraph/resources"] == 3
    )  # seven rows, three a page
    assert asked["GET /subscriptions/S"] == 3
    assert asked["GET /subscriptions/S/providers/Microsoft.Authorization/permissions"] == 3
    assert [s.collection.requests for s in seen.values()] == [5, 2, 2]
    assert {s.collection.ids_digest for s in seen.values()} != {seen[ONE].collection.ids_digest}


def test_a_subscription_that_is_found_after_the_estate_was_read_is_not_empty(tenant):
    tenant.subscriptions = (ONE,)
    early = tenant.session(ONE)
    assert len(look(early, LISTING).labels) == 4
    tenant.subscriptions = (ONE, TWO)
    assert look(tenant.session(TWO), LISTING).labels == ["store1", "store3", "store5"]


def test_a_subscription_that_only_the_log_knows_is_looked_at(tenant):
    tenant.subscriptions = ()  # nobody could say which ones there are
    seen = {each: look(tenant.session(each), LISTING) for each in (ONE, TWO)}
    assert [len(one.labels) for one in seen.values()] == [4, 3]
    assert all(not one.gaps for one in seen.values())


def test_a_finding_is_of_the_time_at_which_its_page_was_read(tenant):
    seen = look(tenant.session(ONE), LISTING)
    assert all(one.observed_at.endswith("Z") for one in seen.resources.values())


def test_a_facet_is_asked_of_resource_manager_and_an_absent_one_is_an_answer(server, world, tenant):
    path = f"subscriptions/{ONE}/resourceGroups/main/providers/{KIND}/store0/blobServices/default"
    world.answer(path, {"properties": {"isVersioningEnabled": True}})
    server.faults.append(
        Fault(matching="store2/blobServices", status=400, code="FeatureNotSupportedForAccount")
    )
    seen = look(tenant.session(ONE), {STORAGE: {"Blob"}})
    blobs = {one.label: one.attributes.get("Blob") for one in seen.resources.values()}
    assert blobs["store0"] == {"properties": {"isVersioningEnabled": True}}
    assert blobs["store2"] is None
    lost = {gap.resource.rpartition("/")[2]: gap.cause for gap in seen.gaps}
    assert lost == {"store4": Cause.NOT_FOUND, "store6": Cause.NOT_FOUND}


def test_a_list_of_children_is_read_to_its_last_page(world, tenant):
    path = f"subscriptions/{ONE}/resourceGroups/main/providers/{KIND}/store0"
    below = "blobServices/default/providers/Microsoft.Insights/diagnosticSettings"
    world.answer(f"{path}/{below}", [{"name": f"to{n}", "properties": {}} for n in range(8)])
    for other in ("store2", "store4", "store6"):
        world.answer(path.replace("store0", other) + "/" + below, [])
    seen = look(tenant.session(ONE), {STORAGE: {"BlobDiagnostics"}})
    counts = {one.label: len(one.attributes["BlobDiagnostics"]) for one in seen.resources.values()}
    assert counts == {"store0": 8, "store2": 0, "store4": 0, "store6": 0}
    assert not seen.gaps


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"status": 403, "code": "AuthorizationFailed"}, ("denied", "AuthorizationFailed")),
        (
            {"status": 401, "code": "ExpiredAuthenticationToken"},
            ("auth", "ExpiredAuthenticationToken"),
        ),
        (
            {"status": 409, "code": "MissingSubscriptionRegistration"},
            ("not_enabled", "MissingSubscriptionRegistration"),
        ),
        (
            {"status": 429, "code": "RateLimiting", "headers": {"Retry-After": "3600"}},
            ("throttled", "RateLimiting"),
        ),
        ({"status": 503, "code": "ServerUnavailable"}, ("transient", "ServerUnavailable")),
        ({"status": 400, "code": "InvalidQuery"}, ("invalid", "InvalidQuery")),
        ({"body": b'{"data": ['}, ("invalid", "MalformedAnswer")),
        ({"body": b"[]"}, ("invalid", "MalformedAnswer")),
        ({"body": b'{"value": []}'}, ("invalid", "MalformedAnswer")),
        ({"body": b'{"data": [{"id": "x"}]}'}, ("invalid", "MalformedAnswer")),
        ({"body": b'{"data": [], "resultTruncated": "true"}'}, ("transient", "Truncated")),
        ({"body": b'{"data": [], "totalRecords": 7}'}, ("transient", "Truncated")),
        (
            {"body": b'{"data": []}', "headers": {"x-ms-tenant-subscription-limit-hit": "true"}},
            ("transient", "Truncated"),
        ),
        ({"status": 404, "body": b"<html>not here</html>"}, ("not_found", "404")),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("before", [0, 1], ids=["first", "second"])
def test_a_listing_that_fails_on_any_page_gives_no_resource(server, tenant, fault, told, before):
    if before:
        server.faults.append(Fault(matching=GRAPH, times=before, seconds=0.001))
    server.faults.append(Fault(matching=GRAPH, **fault))
    seen = look(tenant.session(ONE), LISTING)
    assert seen.resources == {}
    assert seen.causes == [told]
    assert not [one for one in server.asked if one.path.endswith("/register")]


def test_a_page_that_is_lost_once_is_read_again_and_nothing_is_missing(server, tenant):
    server.faults += [
        Fault(matching=GRAPH, times=1, seconds=0.001),
        Fault(matching=GRAPH, times=1, status=503, code="ServerUnavailable"),
    ]
    seen = look(tenant.session(ONE), LISTING)
    assert len(seen.resources) == 4
    assert seen.gaps == []


def test_a_subscription_that_is_not_visible_is_an_error_and_the_others_are_not(world, tenant):
    world.subscriptions[TWO].permissions = ()
    seen = {each: look(tenant.session(each), LISTING) for each in (ONE, TWO)}
    assert len(seen[ONE].resources) == 4
    assert not seen[ONE].gaps
    assert seen[TWO].resources == {}
    assert seen[TWO].causes == [("denied", "AuthorizationFailed")]


def test_what_the_roles_on_a_subscription_do_not_give_is_denied_though_the_answer_is_good(
    world, tenant
):
    world.subscriptions[ONE].permissions = ({"actions": ["Microsoft.KeyVault/*/read"]},)
    seen = look(tenant.session(ONE), LISTING)
    assert seen.causes == [("denied", "NoRoleAssignment")]
    assert seen.gaps[0].needs == ("Microsoft.Storage/storageAccounts/read",)
    assert seen.resources == {}


def test_a_subscription_that_was_closed_is_not_an_empty_one(world, tenant):
    world.subscriptions[ONE].state = "Disabled"
    assert look(tenant.session(ONE), LISTING).causes == [("auth", "SubscriptionNotEnabled")]


def test_a_wrong_secret_is_said_once_for_the_whole_target(server, tmp_path):
    seen = look(tenant_on(server, tmp_path, secret="bad").session(ONE), LISTING)
    assert [cause for cause, _ in seen.causes] == ["auth"]
    assert "AADSTS7000215" in seen.gaps[0].message


def test_credentials_of_another_tenant_are_refused(server, tmp_path):
    tenant = tenant_on(server, tmp_path, tenant="0dd00000-0000-4000-8000-000000000009")
    assert tenant.wire
    tenant.access = access_to(server, tmp_path)
    assert look(tenant.session(ONE), LISTING).causes == [("auth", "WrongTenant")]


def test_a_token_that_expires_during_the_run_closes_the_target(server, tenant):
    session = tenant.session(ONE)
    assert session.target.id == ONE
    server.tokens.clear()
    seen = look(session, LISTING)
    assert seen.causes == [("auth", "ExpiredAuthenticationToken")]


def test_an_unknown_authority_is_not_trusted(server, tmp_path):
    tenant = tenant_on(server, tmp_path, ca_bundle="")
    seen = look(tenant.session(ONE), LISTING)
    assert seen.resources == {}
    assert "CERTIFICATE_VERIFY_FAILED" in seen.gaps[0].message


def test_an_endpoint_that_does_not_answer_is_an_error(server, tmp_path):
    tenant = tenant_on(server, tmp_path)
    server.faults.append(Fault(matching="subscriptions", status=503, code="ServerBusy"))
    assert look(tenant.session(ONE), LISTING).causes == [("transient", "ServerBusy")]


@pytest.mark.parametrize("late", ["oauth2", "permissions", GRAPH])
def test_an_answer_that_does_not_come_in_time_is_an_error(server, tenant, monkeypatch, late):
    """Of the token too, which is not refused for it."""
    monkeypatch.setattr("checks.azure.credentials.READ", 0.2)
    monkeypatch.setattr("checks.azure.wire.READ", 0.2)
    server.faults.append(Fault(matching=late, seconds=0.6))
    seen = look(tenant.session(ONE), LISTING, tries=1)
    assert seen.resources == {}
    assert seen.causes == [("transient", "ServiceResponseTimeoutError")]


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ({"status": 503, "body": b"<html>busy</html>"}, "transient"),
        ({"status": 429, "body": b"<html>busy</html>"}, "throttled"),
        ({"body": b'{"access_tok'}, "invalid"),
        ({"status": 400, "body": b'{"error": "invalid_grant"}'}, "auth"),
    ],
    ids=["busy", "throttled", "malformed", "refused"],
)
def test_a_token_that_nobody_gives_is_an_error_with_its_cause(server, tenant, fault, cause):
    server.faults.append(Fault(matching="oauth2", **fault))
    seen = look(tenant.session(ONE), LISTING)
    assert seen.resources == {}
    assert [one for one, _ in seen.causes] == [cause]


def test_a_token_that_is_not_given_once_is_asked_for_again(server, tenant):
    server.faults.append(Fault(matching="oauth2", status=503, body=b"<html>busy</html>", times=1))
    seen = look(tenant.session(ONE), LISTING)
    assert len(seen.resources) == 4
    assert seen.gaps == []


@pytest.mark.parametrize(
    ("status", "code", "cause"),
    [
        (403, "AuthorizationFailed", "denied"),
        (403, "LinkedAuthorizationFailed", "denied"),
        (403, "Authorization_RequestDenied", "denied"),
        (403, "RequestDisallowedByPolicy", "denied"),
        (403, "", "denied"),  # of something on the way, which is not Azure
        (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "not_licensed"),
        (403, "Authentication_RequestFromUnsupportedUserRole", "not_licensed"),
        (409, "DisallowedProvider", "not_enabled"),
        (409, "NoRegisteredProviderFound", "not_enabled"),
        (401, "InvalidAuthenticationTokenTenant", "auth"),
        (429, "SubscriptionRequestsThrottled", "throttled"),
        (500, "InternalServerError", "transient"),
    ],
)
def test_a_part_that_is_refused_is_an_error_of_that_part_with_its_cause(
    server, tenant, status, code, cause
):
    body = b"" if code else b"<html>go away</html>"
    server.faults.append(
        Fault(matching="blobServices/default", status=status, code=code, body=body)
    )
    seen = look(tenant.session(ONE), {STORAGE: {"Blob"}})
    assert {gap.cause.value for gap in seen.gaps} == {cause}
    assert {gap.facet for gap in seen.gaps} <= {"Blob", ""}
    assert all("Blob" not in one.attributes for one in seen.resources.values())


def test_what_a_service_asks_to_wait_is_waited_only_up_to_the_cap(server, tenant):
    """An hour, as Azure says, would be longer than the whole run may take."""
    server.faults.append(
        Fault(matching=GRAPH, status=429, code="RateLimiting", headers={"Retry-After": "3600"})
    )
    waited = []
    seen = look(tenant.session(ONE), LISTING, sleep=waited.append)
    assert seen.causes == [("throttled", "RateLimiting")]
    assert max(waited) == Limits().longest_pause


def test_a_next_page_elsewhere_is_not_followed(server, tenant):
    body = json.dumps({"value": [], "nextLink": "https://example.org/steal"}).encode()
    server.faults.append(Fault(matching="store0.*diagnosticSettings", body=body))
    seen = look(tenant.session(ONE), {STORAGE: {"BlobDiagnostics"}})
    assert ("invalid", "ForeignLink") in seen.causes


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
def test_a_write_does_not_leave_the_process(server, tmp_path, method):
    wire = Wire(access_to(server, tmp_path))
    before = len(server.asked)
    with pytest.raises(CallError, match="BlockedByGuard") as raised:
        wire._ask("arm", HttpRequest(method, f"{server.url}/subscriptions/{ONE}/resourceGroups/x"))
    assert raised.value.cause is Cause.BLOCKED_WRITE
    assert [one for one in server.asked[before:] if ONE in one.path] == []


def test_a_foreign_host_is_refused_by_the_guard_too(server, tmp_path):
    with pytest.raises(CallError, match="BlockedByGuard"):
        Wire(access_to(server, tmp_path)).get("arm", "https://example.org/subscriptions", {})


def test_a_missing_secret_file_is_said_with_its_name(server, tmp_path):
    with pytest.raises(CallError, match="nothing"):
        Wire(access_to(server, tmp_path, secret_file=str(tmp_path / "nothing.txt")))


@pytest.mark.parametrize(
    ("rows", "lacking"),
    [
        ([{"actions": ["*/read"]}], ()),
        ([{"actions": ["*"], "notActions": ["X/storage*"]}], ("x/storageaccounts/read",)),
        ([{"actions": ["X/storageAccounts/read"]}], ()),
        ([{"actions": ["x/other/read"]}, {"actions": ["x/storage*/read"]}], ()),
        ([{"actions": None}], ("x/storageaccounts/read",)),
        ([], ("x/storageaccounts/read",)),
    ],
)
def test_rights_are_what_a_role_gives_without_what_the_same_role_takes(rows, lacking):
    assert missing(["x/storageaccounts/read"], rows) == lacking
