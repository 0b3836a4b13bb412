"""The collector never takes unseen for absent, whatever goes wrong on the way."""

import pytest
from aws_endpoint import Endpoint
from aws_kit import calls_of, look, make_buckets, make_tables, make_users
from prometheus_client import CollectorRegistry

from agent.metrics import Vitals
from checks.limits import Limits
from checks.model import Cause


def test_a_denied_facet_is_a_gap_with_what_to_grant_and_nothing_else_is_lost(endpoint, checks):
    make_buckets(endpoint, 3)
    with endpoint.broken("s3:GetBucketEncryption", mentions="bucket-1"):
        seen = look(endpoint, checks, {"aws.s3.bucket": {"Encryption", "Versioning"}})
    (gap,) = seen.facet_gaps()
    assert (gap.cause, gap.facet, gap.resource) == (
        Cause.DENIED,
        "Encryption",
        "arn:aws:s3:::bucket-1",
    )
    assert gap.needs == ("s3:GetEncryptionConfiguration",)
    assert gap.request_id
    assert set(seen.named("aws.s3.bucket")) == {"bucket-0", "bucket-1", "bucket-2"}
    assert "Versioning" in seen.named("aws.s3.bucket")["bucket-1"]
    assert "Encryption" not in seen.named("aws.s3.bucket")["bucket-1"]


def test_a_denied_listing_in_one_region_is_a_gap_of_that_region_alone(endpoint, checks):
    with endpoint.broken("ec2:DescribeVpcs", code="UnauthorizedOperation", region="eu-west-1"):
        seen = look(endpoint, checks, {"aws.ec2.vpc": set()})
    (gap,) = seen.listing_gaps()
    assert (gap.cause, gap.region, gap.resource) == (Cause.DENIED, "eu-west-1", "")
    assert [r.region for r in seen.resources("aws.ec2.vpc").values()] == ["us-east-1"]


def test_a_page_lost_midway_delivers_what_was_seen_and_a_gap(endpoint, checks):
    make_tables(endpoint, *["aaa", "bbb", "ccc", "ddd", "eee"])
    with endpoint.broken("dynamodb:ListTables", kind="drop", skip=1):
        seen = look(endpoint, checks, {"aws.dynamodb.table": {"Table"}}, regions=("us-east-1",))
    (gap,) = seen.listing_gaps()
    assert gap.cause is Cause.TRANSIENT
    assert sorted(seen.named("aws.dynamodb.table")) == ["aaa", "bbb"]
    assert endpoint.calls()["dynamodb:ListTables"] == 1 + 3


def test_throttling_is_waited_out(endpoint, checks):
    make_buckets(endpoint, 2)
    with endpoint.broken(
        "s3:GetBucketVersioning", status=503, code="SlowDown", times=2, headers={"Retry-After": "7"}
    ):
        seen = look(endpoint, checks, {"aws.s3.bucket": {"Versioning"}})
    assert not seen.facet_gaps()
    assert endpoint.calls()["s3:GetBucketVersioning"] == 4
    assert max(seen.naps.taken) >= 7


def test_throttling_is_counted_as_that_though_its_status_is_that_of_a_bad_request(endpoint, checks):
    with endpoint.broken("dynamodb:ListTables", status=400, code="ThrottlingException", times=2):
        seen = look(endpoint, checks, {"aws.dynamodb.table": set()}, regions=("us-east-1",))
    assert not seen.listing_gaps()
    listed = [each for each in seen.collection.calls if each.call == "dynamodb:ListTables"]
    assert [(each.status, each.count, each.throttled) for each in listed] == [
        (200, 1, 0),
        (400, 2, 2),
    ]
    registry = CollectorRegistry()
    Vitals(registry).count("aws", seen.collection)
    counted = {
        code: registry.get_sample_value(
            "assay_cloud_api_requests_total",
            {"provider": "aws", "cloud_service": "dynamodb", "code": code},
        )
        for code in ("200", "400", "throttled")
    }
    assert counted == {"200": 1.0, "400": None, "throttled": 2.0}


def test_throttling_without_end_is_a_gap(endpoint, checks):
    make_buckets(endpoint, 1)
    with endpoint.broken("s3:GetBucketVersioning", status=503, code="SlowDown"):
        seen = look(endpoint, checks, {"aws.s3.bucket": {"Versioning", "Encryption"}})
    (gap,) = seen.facet_gaps()
    assert (gap.cause, gap.facet) == (Cause.THROTTLED, "Versioning")
    assert endpoint.calls()["s3:GetBucketVersioning"] == 3


@pytest.mark.parametrize(
    ("kind", "call", "check", "cause"),
    [
        ("cut", "sqs:ListQueues", "aws.sqs.queue", Cause.TRANSIENT),
        ("cut", "ec2:DescribeVpcs", "aws.ec2.vpc", Cause.TRANSIENT),
        ("garbage", "sqs:ListQueues", "aws.sqs.queue", Cause.INVALID),
        ("garbage", "ec2:DescribeVpcs", "aws.ec2.vpc", Cause.INVALID),
        ("garbage", "lambda:ListFunctions", "aws.lambda.function", Cause.INVALID),
        ("garbage", "s3:ListBuckets", "aws.s3.bucket", Cause.INVALID),
        ("garbage", "iam:ListUsers", "aws.iam.user", Cause.INVALID),
        ("empty", "sqs:ListQueues", "aws.sqs.queue", Cause.INVALID),
        ("empty", "lambda:ListFunctions", "aws.lambda.function", Cause.INVALID),
        ("empty", "ec2:DescribeVpcs", "aws.ec2.vpc", Cause.INVALID),
        ("drop", "lambda:ListFunctions", "aws.lambda.function", Cause.TRANSIENT),
    ],
)
def test_an_answer_that_is_not_whole_is_never_an_empty_account(  # noqa: PLR0917 - a table of faults
    endpoint, checks, kind, call, check, cause
):
    with endpoint.broken(call, kind=kind):
        seen = look(endpoint, checks, {check: set()}, regions=("us-east-1",))
    (gap,) = seen.listing_gaps()
    assert gap.cause is cause
    assert gap.call == call


def test_a_server_that_hangs_is_a_gap(endpoint, checks):
    with endpoint.broken("sqs:ListQueues", kind="delay", seconds=1.5):
        seen = look(
            endpoint,
            checks,
            {"aws.sqs.queue": set()},
            limits=Limits(tries=1),
            regions=("us-east-1",),
            read_timeout=0.5,
        )
    (gap,) = seen.listing_gaps()
    assert (gap.cause, gap.code) == (Cause.TRANSIENT, "ReadTimeoutError")


def test_expired_credentials_close_the_target_at_once(endpoint, checks):
    make_buckets(endpoint, 40)
    wanted = {"aws.s3.bucket": {"Versioning"}, "aws.ec2.vpc": set(), "aws.iam.user": set()}
    with endpoint.broken("s3:*", status=400, code="ExpiredToken", skip=6):
        seen = look(endpoint, checks, wanted)
    gaps = [gap for gap in seen.listing_gaps() if gap.cause is Cause.AUTH]
    assert "aws.s3.bucket" in {gap.check for gap in gaps}
    assert len(gaps) == len({gap.check for gap in gaps})
    assert all(gap.region == "" for gap in gaps)
    assert sum(calls_of(endpoint, "s3").values()) < 20
    assert not seen.facet_gaps()


def test_wrong_credentials_are_one_gap_a_check_and_one_call(endpoint, checks):
    with endpoint.broken("sts:GetCallerIdentity", code="InvalidClientTokenId"):
        seen = look(endpoint, checks, {"aws.s3.bucket": set(), "aws.ec2.vpc": set()})
    assert [(gap.check, gap.cause) for gap in seen.listing_gaps()] == [
        ("aws.ec2.vpc", Cause.AUTH),
        ("aws.s3.bucket", Cause.AUTH),
    ]
    assert endpoint.calls() == {"sts:GetCallerIdentity": 1}
    assert seen.collection.requests == 1


@pytest.mark.usefixtures("endpoint")
def test_an_endpoint_that_nobody_answers_is_a_gap(checks):
    with Endpoint() as gone:
        url = gone.url
    endpoint_url_only = type("Gone", (), {"url": url, "forget": lambda _: None})()
    seen = look(endpoint_url_only, checks, {"aws.s3.bucket": set()})
    (gap,) = seen.listing_gaps()
    assert gap.cause is Cause.TRANSIENT
    assert gap.code == "EndpointConnectionError"


def test_regions_that_cannot_be_told_are_a_gap_of_regional_checks_only(endpoint, checks):
    make_buckets(endpoint, 1)
    with endpoint.broken("ec2:DescribeRegions", code="UnauthorizedOperation"):
        seen = look(endpoint, checks, {"aws.s3.bucket": set(), "aws.ec2.vpc": set()})
    (gap,) = seen.listing_gaps()
    assert (gap.check, gap.cause, gap.region) == ("aws.ec2.vpc", Cause.DENIED, "")
    assert gap.needs == ("ec2:DescribeRegions",)
    assert gap.call == "ec2:DescribeRegions"
    assert len(seen.resources("aws.s3.bucket")) == 1


def test_a_region_that_is_not_enabled_is_no_gap(endpoint, checks):
    seen = look(endpoint, checks, {"aws.ec2.vpc": set()}, regions=("us-east-1", "ap-east-1"))
    assert not seen.listing_gaps()
    assert seen.collection.not_enabled == ("ap-east-1",)
    assert endpoint.calls_in("ap-east-1") == {}


def test_the_deadline_ends_the_looking_with_gaps(endpoint, checks):
    make_buckets(endpoint, 3)
    seen = look(endpoint, checks, {"aws.s3.bucket": {"Versioning"}}, deadline=0)
    (gap,) = seen.listing_gaps()
    assert gap.cause is Cause.DEADLINE
    assert calls_of(endpoint, "s3") == {}


def test_a_gap_in_a_joined_listing_is_unseen_not_empty(endpoint, checks):
    with endpoint.broken("ec2:DescribeFlowLogs", code="UnauthorizedOperation", region="eu-west-1"):
        seen = look(endpoint, checks, {"aws.ec2.vpc": {"FlowLogs"}})
    (gap,) = seen.facet_gaps()
    assert (gap.check, gap.facet, gap.region) == ("aws.ec2.vpc", "FlowLogs", "eu-west-1")
    assert gap.needs == ("ec2:DescribeFlowLogs",)
    (blind,) = [r for r in seen.resources("aws.ec2.vpc").values() if r.region == "eu-west-1"]
    assert "FlowLogs" not in blind.attributes
    assert not seen.listing_gaps()


def test_a_child_listing_that_is_denied_is_a_gap_that_names_the_parent(endpoint, checks):
    iam = make_users(endpoint, "ann", "bob")
    iam.create_access_key(UserName="ann")
    with endpoint.broken("iam:ListAccessKeys", mentions="UserName=bob"):
        seen = look(endpoint, checks, {"aws.iam.access_key": set()})
    (gap,) = seen.listing_gaps()
    assert "user/bob" in gap.message
    assert len(seen.resources("aws.iam.access_key")) == 1


def test_parents_that_cannot_be_listed_are_a_gap_of_the_children(endpoint, checks):
    with endpoint.broken("iam:ListUsers"):
        seen = look(endpoint, checks, {"aws.iam.access_key": set()})
    (gap,) = seen.listing_gaps()
    assert (gap.check, gap.call, gap.cause) == (
        "aws.iam.access_key",
        "iam:ListUsers",
        Cause.DENIED,
    )


def test_a_report_that_is_never_ready_is_a_gap(endpoint, checks):
    limits = Limits(polls=0)
    seen = look(endpoint, checks, {"aws.iam.credential_report": set()}, limits=limits)
    (gap,) = seen.listing_gaps()
    assert (gap.cause, gap.code) == (Cause.TRANSIENT, "NotReady")
    assert gap.call == "iam:GenerateCredentialReport"


def test_what_is_deleted_while_we_look_is_gone_and_not_wrong(endpoint, checks):
    make_buckets(endpoint, 2)
    with endpoint.broken("s3:GetBucketVersioning", kind="delete", mentions="bucket-1", times=1):
        seen = look(endpoint, checks, {"aws.s3.bucket": {"Versioning"}})
    assert seen.vanished() == ["arn:aws:s3:::bucket-1"]
    assert set(seen.named("aws.s3.bucket")) == {"bucket-0"}
    assert not seen.facet_gaps()


def test_not_found_of_what_is_still_listed_is_a_gap(endpoint, checks):
    make_buckets(endpoint, 2)
    with endpoint.broken(
        "s3:GetBucketVersioning", status=404, code="NoSuchBucket", mentions="bucket-1"
    ):
        seen = look(endpoint, checks, {"aws.s3.bucket": {"Versioning"}})
    assert not seen.vanished()
    (gap,) = seen.facet_gaps()
    assert (gap.cause, gap.resource) == (Cause.NOT_FOUND, "arn:aws:s3:::bucket-1")
    assert len(seen.named("aws.s3.bucket")) == 2


def test_an_undeclared_absence_is_a_gap_and_not_a_deletion(endpoint, checks):
    make_buckets(endpoint, 1)
    seen = look(endpoint, checks, {"aws.s3.bucket": {"Tags"}})
    (gap,) = seen.facet_gaps()
    assert (gap.cause, gap.code) == (Cause.NOT_ENABLED, "NoSuchTagSet")
    assert not seen.vanished()


def test_a_policy_that_is_no_policy_spoils_its_resource_only(endpoint, checks):
    s3 = make_buckets(endpoint, 2)
    s3.put_bucket_policy(Bucket="bucket-0", Policy='{"Statement": [{"Effect": "Maybe"}]}')
    seen = look(endpoint, checks, {"aws.s3.bucket": {"Policy", "Versioning"}})
    (gap,) = seen.facet_gaps()
    assert (gap.cause, gap.resource, gap.facet) == (
        Cause.INVALID,
        "arn:aws:s3:::bucket-0",
        "Policy",
    )
    assert set(seen.named("aws.s3.bucket")) == {"bucket-0", "bucket-1"}
