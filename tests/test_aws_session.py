"""A session can only read, says truly what went wrong, and enters accounts as it was told to."""

import ssl
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import botocore
import botocore.session
import pytest
from aws_kit import ENVIRONMENT, client, look, session_on
from botocore.config import Config
from botocore.exceptions import ClientError, NoCredentialsError

from checks.aws.clients import AMAZON_ROOTS, Access, Clients, parse_time
from checks.aws.errors import cause_of, from_client_error
from checks.aws.guard import allowed, put_guard
from checks.aws.pages import Pages, next_of
from checks.aws.session import AwsSession
from checks.model import Call, CallError, Cause

ROLE = "arn:aws:iam::222233334444:role/assay"


def sdk_client(endpoint, checks, service):
    access = Access(endpoint_url=endpoint.url, region="us-east-1")
    return Clients(checks.values()).client(access, service, "")


def guarded_client(endpoint, checks, service):
    """A client of the SDK with all that its models hold, and the guard in front."""
    session = botocore.session.Session()
    put_guard(session, allowed(checks.values()))
    return session.create_client(
        service,
        region_name="us-east-1",
        endpoint_url=endpoint.url,
        config=Config(s3={"addressing_style": "path"}),
    )


def client_of(clients, access, service, region):
    with clients.client(access, service, region) as made:
        return made


def test_a_write_through_the_session_s_own_client_never_leaves(endpoint, checks):
    client(endpoint, "s3").create_bucket(Bucket="precious")
    endpoint.forget()
    s3 = guarded_client(endpoint, checks, "s3")
    with pytest.raises(CallError) as caught:
        s3.delete_bucket(Bucket="precious")
    assert caught.value.cause is Cause.BLOCKED_WRITE
    with pytest.raises(CallError):
        s3.generate_presigned_url("put_object", Params={"Bucket": "precious", "Key": "k"})
    assert endpoint.calls() == {}
    assert [b["Name"] for b in s3.list_buckets()["Buckets"]] == ["precious"]


@pytest.mark.parametrize(
    ("service", "call"),
    [
        ("iam", lambda c: c.create_access_key(UserName="root")),
        ("ec2", lambda c: c.terminate_instances(InstanceIds=["i-1"])),
        ("kms", lambda c: c.schedule_key_deletion(KeyId="k")),
        ("sts", lambda c: c.get_session_token()),
        ("lambda", lambda c: c.invoke(FunctionName="f")),
        ("s3", lambda c: c.get_object(Bucket="b", Key="k")),
        ("secretsmanager", lambda c: c.get_secret_value(SecretId="s")),
    ],
)
def test_only_what_a_check_names_can_be_called(endpoint, checks, service, call):
    with pytest.raises(CallError, match="not among the reads"):
        call(guarded_client(endpoint, checks, service))
    # and the session's own clients do not even know of it
    with sdk_client(endpoint, checks, service) as client, pytest.raises(AttributeError):
        call(client)
    assert endpoint.calls() == {}


def test_a_check_that_names_a_call_outside_the_list_is_blocked(endpoint, checks):
    session = session_on(endpoint, checks)
    with pytest.raises(CallError) as caught:
        session.request(
            Call(service="s3", operation="DeleteBucket"), {"Bucket": "precious"}, "us-east-1"
        )
    assert caught.value.cause is Cause.BLOCKED_WRITE
    assert endpoint.calls() == {}


def test_the_list_is_what_the_checks_name_and_what_it_takes_to_be_someone(checks):
    names = allowed(checks.values())
    assert "s3:GetBucketEncryption" in names
    assert "iam:GenerateCredentialReport" in names
    assert "sts:AssumeRole" in names
    assert not [name for name in names if name.split(":")[1].startswith(("Put", "Delete"))]


def test_a_role_in_another_account_is_assumed_once_for_all_calls(endpoint, checks):
    seen = look(
        endpoint,
        checks,
        {"aws.s3.bucket": set(), "aws.ec2.vpc": set()},
        role_arn=ROLE,
        external_id="assay-1",
    )
    assert endpoint.calls()["sts:AssumeRole"] == 1
    assert endpoint.calls()["sts:GetCallerIdentity"] == 1
    assert not seen.listing_gaps()
    assert all(":222233334444:" in name for name in seen.resources("aws.ec2.vpc"))
    (assumed,) = [sent for sent in endpoint.sent if sent.operation == "AssumeRole"]
    assert "ExternalId=assay-1" in assumed.body


def test_credentials_about_to_expire_are_renewed(endpoint, checks, monkeypatch):
    clients = Clients(checks.values())
    session = AwsSession(
        clients,
        Access(endpoint_url=endpoint.url, region="us-east-1", role_arn=ROLE),
    )
    soon = datetime.now(UTC) + timedelta(seconds=30)
    true = clients.assume
    monkeypatch.setattr(
        clients, "assume", lambda access: true(access) | {"expiry_time": soon.isoformat()}
    )
    for _ in range(3):
        session.request(checks["aws.s3.bucket"].list, {}, "")
    assert endpoint.calls()["sts:AssumeRole"] >= 3


def test_a_role_that_may_not_be_assumed_leaves_the_target_unseen(endpoint, checks):
    with endpoint.broken("sts:AssumeRole"):
        seen = look(endpoint, checks, {"aws.s3.bucket": set()}, role_arn=ROLE)
    (gap,) = seen.listing_gaps()
    assert gap.cause is Cause.AUTH
    assert ROLE in gap.message
    assert endpoint.calls() == {"sts:AssumeRole": 1}


def test_credentials_of_another_account_than_was_meant_are_refused(endpoint, checks):
    seen = look(endpoint, checks, {"aws.s3.bucket": set()}, account="999988887777")
    (gap,) = seen.listing_gaps()
    assert (gap.cause, gap.code) == (Cause.AUTH, "WrongAccount")
    assert "s3:ListBuckets" not in endpoint.calls()


def test_no_credentials_at_all_are_said_in_one_line(endpoint, checks, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    seen = look(endpoint, checks, {"aws.s3.bucket": set()})
    (gap,) = seen.listing_gaps()
    assert (gap.cause, gap.code) == (Cause.AUTH, "NoCredentialsError")


def test_an_unknown_profile_is_said_in_one_line(endpoint, checks):
    seen = look(endpoint, checks, {"aws.s3.bucket": set()}, profile="nobody")
    (gap,) = seen.listing_gaps()
    assert (gap.cause, gap.code) == (Cause.AUTH, "ProfileNotFound")


def test_who_and_where_are_asked_once_and_known_as_target(endpoint, checks):
    session = session_on(endpoint, checks)
    assert session.target.label == "aws:123456789012"
    assert session.identity.startswith("arn:aws:")
    assert session.regions("s3") == session.regions("ec2") == ("eu-west-1", "us-east-1")
    assert endpoint.calls() == {"sts:GetCallerIdentity": 1, "ec2:DescribeRegions": 1}
    assert sorted(made.call for made in session.made()) == [
        "ec2:DescribeRegions",
        "sts:GetCallerIdentity",
    ]


def test_a_region_that_aws_does_not_know_is_refused(endpoint, checks):
    session = session_on(endpoint, checks, regions=("us-east-1", "mars-north-1"))
    with pytest.raises(CallError, match="mars-north-1"):
        session.regions("ec2")


def test_clients_are_made_once_and_shared_between_sessions(endpoint, checks):
    clients = Clients(checks.values())
    access = Access(endpoint_url=endpoint.url, region="us-east-1")
    here = client_of(clients, access, "s3", "")
    assert here is client_of(clients, access, "s3", "us-east-1")
    assert here is not client_of(clients, access, "s3", "eu-west-1")


def test_the_clients_kept_are_bounded(endpoint, checks):
    clients = Clients(checks.values(), most=2)
    access = Access(endpoint_url=endpoint.url, region="us-east-1")
    first = client_of(clients, access, "s3", "us-east-1")
    for region in ("eu-west-1", "eu-west-2"):
        client_of(clients, access, "s3", region)
    assert client_of(clients, access, "s3", "us-east-1") is not first


def test_accounts_share_clients_and_each_signs_with_its_own_role(endpoint, checks):
    clients = Clients(checks.values())
    roles = [f"arn:aws:iam::{n:012}:role/assay" for n in range(1, 31)]
    sessions = [
        AwsSession(clients, Access(endpoint_url=endpoint.url, region="us-east-1", role_arn=role))
        for role in roles
    ]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            found = list(pool.map(lambda session: session.target.id, sessions))
            list(pool.map(lambda s: s.request(checks["aws.s3.bucket"].list, {}, ""), sessions))
    assert found == [role.split(":")[4] for role in roles]
    assert endpoint.calls()["sts:AssumeRole"] == 30
    by_key = defaultdict(set)
    for sent in endpoint.sent:
        by_key[sent.account_key].add(sent.operation)
    assert len(by_key) == 31
    assert by_key["test"] == {"AssumeRole"}
    assert len(clients) == 2


def test_a_client_signs_nothing_when_nobody_acts(endpoint, checks):
    clients = Clients(checks.values())
    access = Access(endpoint_url=endpoint.url, region="us-east-1")
    s3 = client_of(clients, access, "s3", "")
    with pytest.raises(NoCredentialsError):
        s3.list_buckets()
    assert endpoint.calls() == {}


def test_another_partition_than_was_meant_is_refused(endpoint, checks):
    seen = look(endpoint, checks, {"aws.s3.bucket": set()}, partition="aws-us-gov")
    (gap,) = seen.listing_gaps()
    assert (gap.cause, gap.code) == (Cause.AUTH, "WrongPartition")
    assert "s3:ListBuckets" not in endpoint.calls()


@pytest.mark.parametrize(
    ("partition", "configured", "host"),
    [
        ("", "", "us-east-1.amazonaws.com"),
        ("", "eu-west-1", "eu-west-1.amazonaws.com"),
        ("aws-us-gov", "", "us-gov-west-1.amazonaws.com"),
        ("aws-us-gov", "us-gov-east-1", "us-gov-east-1.amazonaws.com"),
        ("aws-cn", "eu-west-1", "cn-northwest-1.amazonaws.com.cn"),
    ],
)
def test_roles_are_assumed_in_the_partition_s_own_region(
    checks, monkeypatch, partition, configured, host
):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy")
    monkeypatch.setenv("AWS_DEFAULT_REGION", configured)
    clients, access = Clients(checks.values()), Access(partition=partition)
    assert client_of(clients, access, "sts", "").meta.endpoint_url == f"https://sts.{host}"


def test_amazon_s_roots_are_the_sdk_s_own_and_seven():
    bundle = (Path(botocore.__file__).parent / "cacert.pem").read_text()
    context = ssl.create_default_context(cafile=str(AMAZON_ROOTS))
    assert context.cert_store_stats()["x509_ca"] == 7
    blocks = AMAZON_ROOTS.read_text().split("-----BEGIN CERTIFICATE-----")[1:]
    assert all(block.split("-----END")[0] in bundle for block in blocks)


@pytest.mark.parametrize(
    ("region", "environment", "small"),
    [
        ("us-east-1", {}, True),
        ("cn-north-1", {}, False),
        ("us-gov-west-1", {}, False),
        ("us-east-1", {"AWS_CA_BUNDLE": "/etc/ssl/mine.pem"}, False),
    ],
)
def test_the_small_bundle_is_for_amazon_s_own_partition(
    checks, monkeypatch, region, environment, small
):
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    for name, value in {**ENVIRONMENT, **environment}.items():
        monkeypatch.setenv(name, value)
    made = client_of(Clients(checks.values()), Access(region=region), "sqs", "")
    verify = made._endpoint.http_session._verify
    assert (verify == str(AMAZON_ROOTS)) is small


@pytest.mark.parametrize(
    ("code", "status", "cause"),
    [
        ("AccessDenied", 403, Cause.DENIED),
        ("UnauthorizedOperation", 403, Cause.DENIED),
        ("ExpiredToken", 403, Cause.AUTH),
        ("RequestTimeTooSkewed", 403, Cause.AUTH),
        ("ThrottlingException", 400, Cause.THROTTLED),
        ("RequestLimitExceeded", 503, Cause.THROTTLED),
        ("InternalFailure", 500, Cause.TRANSIENT),
        ("Whatever", 502, Cause.TRANSIENT),
        ("NotImplemented", 501, Cause.INVALID),
        ("Whatever", 403, Cause.DENIED),
        ("Whatever", 400, Cause.INVALID),
        ("OptInRequired", 403, Cause.NOT_ENABLED),
        ("NoSuchBucketPolicy", 404, Cause.NOT_ENABLED),
        ("OwnershipControlsNotFoundError", 404, Cause.NOT_ENABLED),
        ("NoSuchBucket", 404, Cause.NOT_FOUND),
        ("NoSuchEntity", 404, Cause.NOT_FOUND),
        ("InvalidInstanceID.NotFound", 400, Cause.NOT_FOUND),
        ("DBInstanceNotFound", 404, Cause.NOT_FOUND),
        ("ResourceNotFoundException", 400, Cause.NOT_FOUND),
    ],
)
def test_every_error_has_one_cause(code, status, cause):
    assert cause_of(code, status) is cause


def test_retry_after_is_read_and_long_words_are_cut():
    error = from_client_error(
        ClientError(
            {
                "Error": {"Code": "SlowDown", "Message": "slow\n" * 500},
                "ResponseMetadata": {
                    "HTTPStatusCode": 503,
                    "RequestId": "r1",
                    "HTTPHeaders": {"retry-after": "7"},
                },
            },
            "ListBuckets",
        )
    )
    assert (error.retry_after, error.request_id, error.status) == (7.0, "r1", 503)
    assert len(error.message) == 500
    assert "\n" not in error.message


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-01-31T10:00:00.000Z", "2026-01-31T10:00:00Z"),
        ("2026-01-31T10:00:00.250Z", "2026-01-31T10:00:00.25Z"),
        ("2026-01-31T12:00:00+02:00", "2026-01-31T10:00:00Z"),
        ("Sat, 31 Jan 2026 10:00:00 GMT", "2026-01-31T10:00:00Z"),
        (1769853600, "2026-01-31T10:00:00Z"),
        ("1769853600", "2026-01-31T10:00:00Z"),
        (1769853600.5, "2026-01-31T10:00:00.5Z"),
    ],
)
def test_times_are_read_in_every_form_that_aws_writes(given, expected):
    assert parse_time(given) == expected


@pytest.mark.parametrize(
    ("service", "operation", "answer", "expected"),
    [
        ("ec2", "DescribeVpcs", {"NextToken": "t"}, {"NextToken": "t"}),
        ("ec2", "DescribeVpcs", {}, None),
        ("iam", "ListUsers", {"IsTruncated": True, "Marker": "m"}, {"Marker": "m"}),
        ("iam", "ListUsers", {"IsTruncated": False, "Marker": "m"}, None),
        ("kms", "ListKeys", {"Truncated": True, "NextMarker": "m"}, {"Marker": "m"}),
        ("wafv2", "ListWebACLs", {"NextMarker": "m"}, {"NextMarker": "m"}),
        (
            "firehose",
            "ListDeliveryStreams",
            {"DeliveryStreamNames": ["a", "b"], "HasMoreDeliveryStreams": True},
            {"ExclusiveStartDeliveryStreamName": "b"},
        ),
        (
            "firehose",
            "ListDeliveryStreams",
            {"DeliveryStreamNames": ["a"], "HasMoreDeliveryStreams": False},
            None,
        ),
        ("s3", "GetBucketPolicy", {"Policy": "{}"}, None),
    ],
)
def test_the_next_page_is_asked_for_as_the_operation_wants(service, operation, answer, expected):
    loader = botocore.session.Session().get_component("data_loader")
    assert next_of(Pages(loader).of(service, operation), answer) == expected
