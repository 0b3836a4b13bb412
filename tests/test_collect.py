"""The collector sees what is there with the fewest calls, and never takes unseen for absent."""
# ruff: noqa: E501, PLR0917  # one call of a check is one line; a table of faults has six columns

import pytest
from aws_endpoint import Endpoint
from aws_kit import ENVIRONMENT, Naps, checks_of, client, look, session_on

from checks.collect import collect
from checks.limits import Limits
from checks.model import Cause

CHECKS = """
aws.s3.bucket:
  doc: A bucket.
  scope: account
  list: {service: s3, operation: ListBuckets, items: Buckets, params: {MaxBuckets: 1000}, needs: "s3:ListAllMyBuckets"}
  id: "arn:{partition}:s3:::{Name}"
  label: "{Name}"
  region: BucketRegion
  facets:
    Encryption: {operation: GetBucketEncryption, params: {Bucket: "{Name}"}, select: ServerSideEncryptionConfiguration, absent: [ServerSideEncryptionConfigurationNotFoundError], needs: "s3:GetEncryptionConfiguration"}
    Versioning: {operation: GetBucketVersioning, params: {Bucket: "{Name}"}, needs: "s3:GetBucketVersioning"}
    Policy: {operation: GetBucketPolicy, params: {Bucket: "{Name}"}, select: Policy, decode: policy, absent: [NoSuchBucketPolicy], needs: "s3:GetBucketPolicy"}
    Tags: {operation: GetBucketTagging, params: {Bucket: "{Name}"}, select: TagSet, needs: "s3:GetBucketTagging"}
  defaults: {Versioning.MFADelete: Disabled}
aws.ec2.vpc:
  doc: A VPC.
  scope: region
  list: {service: ec2, operation: DescribeVpcs, items: Vpcs, params: {MaxResults: 1000}, needs: "ec2:DescribeVpcs"}
  id: "arn:{partition}:ec2:{region}:{account}:vpc/{VpcId}"
  label: "{VpcId}"
  joins:
    FlowLogs: {check: aws.ec2.flow_log, local: VpcId, foreign: ResourceId}
    Subnets: {check: aws.ec2.subnet, local: VpcId, foreign: VpcId}
aws.ec2.subnet:
  doc: A subnet.
  scope: region
  list: {service: ec2, operation: DescribeSubnets, items: Subnets, params: {MaxResults: 1000}, needs: "ec2:DescribeSubnets"}
  id: "{SubnetArn}"
  label: "{SubnetId}"
aws.ec2.flow_log:
  doc: A flow log.
  scope: region
  list: {service: ec2, operation: DescribeFlowLogs, items: FlowLogs, needs: "ec2:DescribeFlowLogs"}
  id: "{FlowLogId}"
aws.iam.user:
  doc: A user.
  scope: account
  list: {service: iam, operation: ListUsers, items: Users, params: {MaxItems: 1000}, needs: "iam:ListUsers"}
  id: "{Arn}"
  label: "{UserName}"
  facets:
    LoginProfile: {operation: GetLoginProfile, params: {UserName: "{UserName}"}, select: LoginProfile, absent: [NoSuchEntity], needs: "iam:GetLoginProfile"}
aws.iam.access_key:
  doc: An access key.
  scope: account
  parent: aws.iam.user
  list: {service: iam, operation: ListAccessKeys, items: AccessKeyMetadata, params: {UserName: "{parent.UserName}"}, needs: "iam:ListAccessKeys"}
  keep: {UserArn: "{parent.Arn}"}
  id: "{UserArn}/{AccessKeyId}"
  label: "{AccessKeyId}"
aws.iam.credential_report:
  doc: A row of the credential report.
  scope: account
  before: {service: iam, operation: GenerateCredentialReport, until: {State: COMPLETE}, needs: "iam:GenerateCredentialReport"}
  list: {service: iam, operation: GetCredentialReport, items: Content, decode: csv, needs: "iam:GetCredentialReport"}
  observed_at: GeneratedTime
  id: "{arn}"
  label: "{user}"
aws.sqs.queue:
  doc: A queue.
  scope: region
  list: {service: sqs, operation: ListQueues, items: QueueUrls, params: {MaxResults: 1000}, needs: "sqs:ListQueues"}
  item: QueueUrl
  id: "{QueueUrl}"
aws.lambda.function:
  doc: A function.
  scope: region
  list: {service: lambda, operation: ListFunctions, items: Functions, needs: "lambda:ListFunctions"}
  id: "{FunctionArn}"
  label: "{FunctionName}"
  redact: [Environment.Variables]
aws.cloudtrail.trail:
  doc: A trail.
  scope: region
  list: {service: cloudtrail, operation: DescribeTrails, items: trailList, needs: "cloudtrail:DescribeTrails"}
  where: HomeRegion == _region
  id: "{TrailARN}"
  label: "{Name}"
aws.ssm.parameter:
  doc: A parameter, described in two steps.
  scope: region
  list: {service: ssm, operation: DescribeParameters, items: Parameters, params: {MaxResults: 50}, needs: "ssm:DescribeParameters"}
  batch: {operation: GetParameters, param: Names, size: 2, key: Name, items: Parameters, needs: "ssm:GetParameters"}
  id: "arn:{partition}:ssm:{region}:{account}:parameter/{Name}"
  label: "{Name}"
aws.dynamodb.table:
  doc: A table.
  scope: region
  list: {service: dynamodb, operation: ListTables, items: TableNames, params: {Limit: 2}, needs: "dynamodb:ListTables"}
  item: TableName
  id: "arn:{partition}:dynamodb:{region}:{account}:table/{TableName}"
  label: "{TableName}"
  facets:
    Table: {operation: DescribeTable, params: {TableName: "{TableName}"}, select: Table, needs: "dynamodb:DescribeTable"}
aws.region:
  doc: A region.
  scope: region
  singleton: true
  id: "aws:{account}/{region}"
  label: "{region}"
  facets:
    Ebs: {service: ec2, operation: GetEbsEncryptionByDefault, select: EbsEncryptionByDefault, needs: "ec2:GetEbsEncryptionByDefault"}
"""


@pytest.fixture(scope="module")
def server():
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def endpoint(server, monkeypatch):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    server.reset()
    return server


@pytest.fixture(scope="module")
def checks(tmp_path_factory):
    return checks_of(tmp_path_factory.mktemp("checks"), CHECKS)


def make_buckets(endpoint, count):
    s3 = client(endpoint, "s3")
    for number in range(count):
        s3.create_bucket(Bucket=f"bucket-{number}")
    return s3


def calls_of(endpoint, *services):
    return {k: n for k, n in endpoint.calls().items() if k.split(":")[0] in services}


def make_users(endpoint, *names):
    iam = client(endpoint, "iam")
    for name in names:
        iam.create_user(UserName=name)
    return iam


def make_tables(endpoint, *names):
    dynamodb = client(endpoint, "dynamodb")
    for name in names:
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        )


def test_each_page_and_each_wanted_facet_is_asked_for_once(endpoint, checks):
    make_buckets(endpoint, 5)
    make_tables(endpoint, *["aaa", "bbb", "ccc", "ddd", "eee"])
    seen = look(
        endpoint,
        checks,
        {"aws.s3.bucket": {"Encryption", "Versioning"}, "aws.dynamodb.table": {"Table"}},
    )
    assert endpoint.calls() == {
        "sts:GetCallerIdentity": 1,
        "ec2:DescribeRegions": 1,
        "s3:ListBuckets": 1,
        "s3:GetBucketEncryption": 5,
        "s3:GetBucketVersioning": 5,
        "dynamodb:ListTables": 3 + 1,
        "dynamodb:DescribeTable": 5,
    }
    assert sorted(seen.named("aws.dynamodb.table")) == ["aaa", "bbb", "ccc", "ddd", "eee"]
    assert sorted(seen.named("aws.s3.bucket")) == [f"bucket-{n}" for n in range(5)]
    assert not seen.listing_gaps()
    assert not seen.facet_gaps()


def test_the_collection_counts_what_the_server_counted(endpoint, checks):
    make_buckets(endpoint, 3)
    seen = look(endpoint, checks, {"aws.s3.bucket": {"Encryption"}, "aws.ec2.vpc": set()})
    counted = {}
    for one in seen.collection.calls:
        counted[one.call] = counted.get(one.call, 0) + one.count
    assert counted == endpoint.calls()
    assert seen.collection.requests == sum(endpoint.calls().values())
    assert len(seen.collection.first_ids) == 8
    assert seen.collection.regions == ("", "eu-west-1", "us-east-1")
    assert abs(seen.collection.skew) < 5


def test_a_declared_absence_is_an_answer_and_a_default_fills_in(endpoint, checks):
    s3 = make_buckets(endpoint, 2)
    s3.put_bucket_versioning(Bucket="bucket-1", VersioningConfiguration={"Status": "Enabled"})
    seen = look(endpoint, checks, {"aws.s3.bucket": {"Policy", "Versioning"}})
    first, second = (seen.named("aws.s3.bucket")[f"bucket-{n}"] for n in (0, 1))
    assert "Policy" not in first
    assert first["Versioning"] == {"MFADelete": "Disabled"}
    assert second["Versioning"] == {"Status": "Enabled", "MFADelete": "Disabled"}
    assert not seen.facet_gaps()


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
def test_an_answer_that_is_not_whole_is_never_an_empty_account(
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


def test_rows_are_joined_and_each_listing_is_shared(endpoint, checks):
    ec2 = client(endpoint, "ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    client(endpoint, "s3").create_bucket(Bucket="flow-logs")
    ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="REJECT",
        LogDestinationType="s3",
        LogDestination="arn:aws:s3:::flow-logs",
    )
    wanted = {"aws.ec2.vpc": {"FlowLogs", "Subnets"}, "aws.ec2.subnet": set()}
    seen = look(endpoint, checks, wanted)
    assert calls_of(endpoint, "ec2") == {
        "ec2:DescribeRegions": 1,
        "ec2:DescribeVpcs": 2,
        "ec2:DescribeSubnets": 2,
        "ec2:DescribeFlowLogs": 2,
    }
    here = seen.named("aws.ec2.vpc")[vpc]
    assert [log["TrafficType"] for log in here["FlowLogs"]] == ["REJECT"]
    assert {subnet["VpcId"] for subnet in here["Subnets"]} == {vpc}
    (elsewhere,) = [v for k, v in seen.named("aws.ec2.vpc").items() if k != vpc]
    assert elsewhere["FlowLogs"] == []
    assert len(seen.resources("aws.ec2.subnet")) > 5
    assert "aws.ec2.flow_log" not in {part.check for part in seen.parts}


def test_a_gap_in_a_joined_listing_is_unseen_not_empty(endpoint, checks):
    with endpoint.broken("ec2:DescribeFlowLogs", code="UnauthorizedOperation", region="eu-west-1"):
        seen = look(endpoint, checks, {"aws.ec2.vpc": {"FlowLogs"}})
    (gap,) = seen.facet_gaps()
    assert (gap.check, gap.facet, gap.region) == ("aws.ec2.vpc", "FlowLogs", "eu-west-1")
    assert gap.needs == ("ec2:DescribeFlowLogs",)
    (blind,) = [r for r in seen.resources("aws.ec2.vpc").values() if r.region == "eu-west-1"]
    assert "FlowLogs" not in blind.attributes
    assert not seen.listing_gaps()


def test_children_are_listed_for_each_parent_and_the_parents_once(endpoint, checks):
    iam = make_users(endpoint, "ann", "bob", "cyd")
    iam.create_access_key(UserName="bob")
    iam.create_access_key(UserName="bob")
    wanted = {"aws.iam.user": {"LoginProfile"}, "aws.iam.access_key": set()}
    seen = look(endpoint, checks, wanted)
    assert calls_of(endpoint, "iam") == {
        "iam:ListUsers": 1,
        "iam:GetLoginProfile": 3,
        "iam:ListAccessKeys": 3,
    }
    keys = seen.resources("aws.iam.access_key")
    assert len(keys) == 2
    assert {key.attributes["UserArn"] for key in keys.values()} == {
        "arn:aws:iam::123456789012:user/bob"
    }


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


def test_the_credential_report_is_waited_for_and_carries_its_own_time(endpoint, checks):
    client(endpoint, "iam").create_user(UserName="true")
    seen = look(endpoint, checks, {"aws.iam.credential_report": set()})
    assert calls_of(endpoint, "iam")["iam:GetCredentialReport"] == 1
    rows = seen.resources("aws.iam.credential_report")
    row = rows["arn:aws:iam::123456789012:user/true"]
    assert row.attributes["user"] == "true"
    assert row.attributes["mfa_active"] is False
    assert "password_last_used" not in row.attributes
    assert row.observed_at.endswith("Z")


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


def test_secrets_do_not_leave(endpoint, checks):
    iam = client(endpoint, "iam")
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    client(endpoint, "lambda").create_function(
        FunctionName="f",
        Runtime="python3.12",
        Role=role,
        Handler="f.f",
        Code={"ZipFile": b"PK\x05\x06" + bytes(18)},
        Environment={"Variables": {"PASSWORD": "hunter2"}},
    )
    seen = look(endpoint, checks, {"aws.lambda.function": set()}, regions=("us-east-1",))
    (function,) = seen.resources("aws.lambda.function").values()
    assert function.attributes["Environment"]["Variables"] == {"PASSWORD": "(redacted text)"}
    assert "hunter2" not in repr(seen.parts)


def test_a_trail_is_seen_once_in_its_home_region(endpoint, checks):
    client(endpoint, "s3").create_bucket(Bucket="trails")
    client(endpoint, "cloudtrail").create_trail(
        Name="all", S3BucketName="trails", IsMultiRegionTrail=True
    )
    seen = look(endpoint, checks, {"aws.cloudtrail.trail": set()})
    assert [r.region for p in seen.parts for r in p.resources] == ["us-east-1"]


def test_a_listing_of_bare_strings_gives_resources(endpoint, checks):
    client(endpoint, "sqs").create_queue(QueueName="q")
    seen = look(endpoint, checks, {"aws.sqs.queue": set()}, regions=("us-east-1",))
    (queue,) = seen.resources("aws.sqs.queue").values()
    assert queue.attributes["QueueUrl"].endswith("/q")
    assert queue.id == queue.attributes["QueueUrl"]


def test_describe_calls_take_many_resources_each(endpoint, checks):
    ssm = client(endpoint, "ssm")
    for name in "abcde":
        ssm.put_parameter(Name=name, Type="String", Value=f"value of {name}")
    wanted = {"aws.ssm.parameter": set()}
    seen = look(endpoint, checks, wanted, regions=("us-east-1",))
    assert calls_of(endpoint, "ssm") == {"ssm:DescribeParameters": 1, "ssm:GetParameters": 3}
    assert seen.named("aws.ssm.parameter")["d"]["Value"] == "value of d"
    with endpoint.broken("ssm:GetParameters", skip=1, times=1, code="AccessDeniedException"):
        seen = look(endpoint, checks, wanted, regions=("us-east-1",))
    (gap,) = seen.listing_gaps()
    assert gap.needs == ("ssm:GetParameters",)
    assert len(seen.resources("aws.ssm.parameter")) == 3


def test_a_region_is_a_resource_of_its_own(endpoint, checks):
    seen = look(endpoint, checks, {"aws.region": {"Ebs"}})
    assert {k: v["Ebs"] for k, v in seen.named("aws.region").items()} == {
        "eu-west-1": False,
        "us-east-1": False,
    }
    assert endpoint.calls()["ec2:GetEbsEncryptionByDefault"] == 2


def test_a_collection_can_be_left_before_its_end(endpoint, checks):
    make_buckets(endpoint, 30)
    run = collect(
        session_on(endpoint, checks),
        checks,
        {"aws.s3.bucket": frozenset({"Versioning"})},
        clock=Naps().clock(),
        deadline=60,
        threads=4,
    )
    assert next(run).resources
    run.close()
    with pytest.raises(StopIteration):
        next(run)


def test_one_thread_is_enough(endpoint, checks):
    make_buckets(endpoint, 3)
    wanted = {"aws.s3.bucket": {"Versioning"}, "aws.ec2.vpc": {"Subnets"}}
    seen = look(endpoint, checks, wanted, threads=1)
    assert len(seen.resources("aws.s3.bucket")) == 3
    assert len(seen.resources("aws.ec2.vpc")) == 2
