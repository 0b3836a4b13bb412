"""The schema of a check is what its resources are; a check that AWS cannot answer is found out."""
# ruff: noqa: E501  # a table of mistakes, one a line

import jsonschema
import pytest
from aws_kit import SOME_CHECKS, checks_of, client, look
from shipped import CHECKS as SHIPPED

from checks.aws.schema import schema_of
from checks.aws.shapes import answer_schema
from checks.aws.verify import problems
from checks.aws.walk import WalkError, schema_of_query
from checks.schema import ANY, BOOLEAN, INTEGER, STRING, array, mapping, record


@pytest.mark.parametrize("name", sorted(name for name in SHIPPED if name.startswith("aws.")))
def test_every_shipped_check_is_answered_by_aws(name):
    assert problems(SHIPPED[name], SHIPPED) == []
    jsonschema.Draft202012Validator.check_schema(schema_of(SHIPPED[name], SHIPPED))


def test_members_have_their_types_and_absence_is_declared(checks):
    schema = schema_of(checks["aws.s3.bucket"], checks)
    properties = schema["properties"]
    assert properties["CreationDate"] == {"type": "string", "format": "date-time"}
    assert properties["Policy"]["properties"]["public"] == {"type": "boolean"}
    assert properties["Versioning"]["properties"]["Status"]["x-known-values"] == [
        "Enabled",
        "Suspended",
    ]
    assert "Versioning" in schema["required"]
    assert "Encryption" not in schema["required"]
    assert "MFADelete" in properties["Versioning"]["required"]


def test_joins_are_lists_of_the_other_s_rows(checks):
    schema = schema_of(checks["aws.ec2.vpc"], checks)
    rows = schema["properties"]["FlowLogs"]
    assert rows["type"] == "array"
    assert rows["items"]["properties"]["TrafficType"]["type"] == "string"
    assert "FlowLogs" in schema["required"]


def test_kept_members_items_and_reports_are_known(checks):
    key = schema_of(checks["aws.iam.access_key"], checks)
    assert key["properties"]["UserArn"] == {"type": "string"}
    assert schema_of(checks["aws.sqs.queue"], checks)["properties"] == {
        "QueueUrl": {"type": "string"}
    }
    report = schema_of(checks["aws.iam.credential_report"], checks)
    assert report["properties"]["mfa_active"] == {"type": "boolean"}
    assert "Region" in schema_of(checks["aws.region"], checks)["properties"]


def test_a_redacted_member_is_text(checks):
    function = schema_of(checks["aws.lambda.function"], checks)
    variables = function["properties"]["Environment"]["properties"]["Variables"]
    assert variables["additionalProperties"] == {"type": "string"}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("operation: GetBucketVersioning", "operation: GetBucketVersions", "no operation"),
        ("service: sqs", "service: sqz", "knows no service 'sqz'"),
        ("select: LoginProfile", "select: LogInProfile", "did you mean 'LoginProfile'?"),
        ('params: {UserName: "{UserName}"}, select', 'params: {User: "{UserName}"}, select', "did you mean 'UserName'?"),
        ('GetBucketVersioning, params: {Bucket: "{Name}"}', "GetBucketVersioning", "Missing required parameter"),
        ("params: {MaxItems: 1000}", "params: {MaxItems: many}", "Invalid type for parameter MaxItems"),
        ("params: {MaxItems: 1000}", "params: {MaxItems: 0}", "Invalid value"),
        ('id: "{Arn}"', 'id: "{ARN}"', "did you mean 'Arn'?"),
        ("local: VpcId", "local: VpcID", "did you mean 'VpcId'?"),
        ("foreign: ResourceId", "foreign: ResourceID", "did you mean 'ResourceId'?"),
        ("until: {State: COMPLETE}", "until: {Status: COMPLETE}", "did you mean 'State'?"),
        ("observed_at: GeneratedTime", "observed_at: Time", "no member 'Time'"),
        ("region: BucketRegion", "region: Region", "no member 'Region'"),
        ("param: Names", "param: Name", "'Name' is not a list of keys"),
        ("key: Name", "key: Nome", "did you mean 'Name'?"),
        ("redact: [Environment.Variables]", "redact: [Environment.Vars]", "no member 'Vars'"),
        ("where: HomeRegion", "where: HomeRegio", "did you mean 'HomeRegion'?"),
        ("absent: [NoSuchEntity]", "absent: [NoSuchEntty]", "did you mean 'NoSuchEntity"),
        ('{UserName: "{parent.UserName}"}', '{UserName: "{parent.Username}"}', "did you mean 'UserName'?"),
        ('{UserName: "{parent.UserName}"}', '{UserName: "{parent.Tags}"}', "is a array, not a string"),
        ("items: Vpcs", "items: NextToken", "a list is asked of a string"),
    ],
)  # fmt: skip
def test_what_aws_does_not_have_is_found(tmp_path, old, new, told):
    text = SOME_CHECKS.read_text()
    assert old in text
    checks = checks_of(tmp_path, text.replace(old, new))
    found = [line for check in checks.values() for line in problems(check, checks)]
    assert found
    assert any(told in line for line in found), found


@pytest.mark.parametrize(
    ("query", "type_"),
    [
        ("Reservations[].Instances[]", "array"),
        ("Reservations[].Instances[].InstanceId | [0]", "string"),
        ("Reservations[0].Instances[?State.Name == 'running']", "array"),
        ("{ids: Reservations[].ReservationId}", "object"),
        ("[NextToken]", "array"),
        ("length(Reservations)", "integer"),
        ("NextToken || 'none'", "string"),
        ("Reservations[:2]", "array"),
        ("!NextToken", "boolean"),
    ],
)
def test_queries_are_walked_over_the_models(query, type_):
    assert schema_of_query(query, answer_schema("ec2", "DescribeInstances"))["type"] == type_


FREE = record({"tags": mapping(STRING), "any": dict(ANY), "names": array(dict(STRING))})


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tags.owner", STRING),
        ("tags.*", array(STRING)),
        ("any.of.it", ANY),
        ("any[].of", array(ANY)),
        ("any.*", array(ANY)),
        ("`true`", BOOLEAN),
        ("`5`", INTEGER),
        ("`null`", ANY),
        ("sort_by(names, &length(@))", ANY),
    ],
)
def test_what_a_schema_leaves_open_stays_open(query, found):
    assert schema_of_query(query, FREE) == found


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("names.owner", "'owner' is asked of a array"),
        ("sort_by(names, &@) | [0].x.y | &x", "'expref' is not understood here"),
    ],
)
def test_a_query_that_cannot_be_followed_is_refused(query, message):
    with pytest.raises(WalkError, match=message):
        schema_of_query(query, FREE)


def test_a_query_into_nothing_is_refused():
    with pytest.raises(WalkError, match="did you mean 'Instances'"):
        schema_of_query("Reservations[].Instance[]", answer_schema("ec2", "DescribeInstances"))


def test_what_is_observed_fits_its_schema(endpoint, checks):
    """Structure and types; presence is the provider's (moto leaves members out)."""
    wanted = {
        name: {*(f.name for f in check.facets), *(j.name for j in check.joins)}
        for name, check in checks.items()
    }
    client(endpoint, "s3").create_bucket(Bucket="bucket")
    client(endpoint, "iam").create_user(UserName="ann")
    seen = look(endpoint, checks, wanted, regions=("us-east-1",))
    resources = [r for part in seen.parts for r in part.resources]
    assert len({r.check for r in resources}) >= 6
    for resource in resources:
        schema = without_required(schema_of(checks[resource.check], checks))
        jsonschema.validate(resource.attributes, schema)


def without_required(schema):
    if isinstance(schema, dict):
        return {k: without_required(v) for k, v in schema.items() if k != "required"}
    if isinstance(schema, list):
        return [without_required(one) for one in schema]
    return schema
