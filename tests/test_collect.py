"""The collector sees what is there, whole, with the fewest calls."""

import re

import pytest
from aws_endpoint import Fault
from aws_kit import Naps, calls_of, client, look, make_buckets, make_tables, make_users, session_on

from checks.collect import collect
from checks.load import load_checks


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


TWICE = """
aws.iam.account:
  doc: An account.
  scope: account
  singleton: true
  id: "{account}"
  facets:
    Devices:
      service: iam
      operation: ListVirtualMFADevices
      params: {AssignmentStatus: Assigned, MaxItems: 1000}
      select: VirtualMFADevices
      needs: "iam:ListVirtualMFADevices"
aws.iam.device:
  doc: A device.
  scope: account
  list:
    service: iam
    operation: ListVirtualMFADevices
    params: {MaxItems: 1000, AssignmentStatus: Assigned}
    items: VirtualMFADevices
    needs: "iam:ListVirtualMFADevices"
  id: "{SerialNumber}"
"""


def test_that_there_is_none_is_an_answer_to_both_too(endpoint, tmp_path):
    text = re.sub(r"( +)service: iam\n", r"\1service: iam\n\1absent: [NoSuchEntity]\n", TWICE)
    (tmp_path / "twice.yaml").write_text(text, encoding="utf-8")
    checks = load_checks([tmp_path], shipped=False)
    fault = Fault(call="iam:ListVirtualMFADevices", code="NoSuchEntity", status=404)
    endpoint.faults.append(fault)
    seen = look(endpoint, checks, {"aws.iam.account": {"Devices"}, "aws.iam.device": set()})
    assert endpoint.calls()["iam:ListVirtualMFADevices"] == 1
    assert not seen.listing_gaps()
    assert not seen.facet_gaps()


@pytest.mark.parametrize("refused", [False, True])
def test_a_call_that_two_checks_make_alike_is_made_once_and_told_to_both(
    endpoint, tmp_path, refused
):
    (tmp_path / "twice.yaml").write_text(TWICE, encoding="utf-8")
    checks = load_checks([tmp_path], shipped=False)
    if refused:
        fault = Fault(call="iam:ListVirtualMFADevices", code="AccessDenied", status=403)
        endpoint.faults.append(fault)
    seen = look(endpoint, checks, {"aws.iam.account": {"Devices"}, "aws.iam.device": set()})
    assert endpoint.calls()["iam:ListVirtualMFADevices"] == 1 + refused
    assert len(seen.listing_gaps()) == len(seen.facet_gaps()) == refused


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
