"""What a check declares of its resources' members is what the rules are held to."""

import pytest

from agent.cel import CelError, compile_expression, from_json_schema
from checks.fields import FieldError, read_field
from checks.load import load_checks
from checks.model import CheckError
from checks.paths import rename
from checks.schema import schema_of

DOCUMENT = """
azure.storage.account:
  doc: A storage account.
  scope: account
  list: {service: graph, operation: resources, items: data, needs: "Microsoft.Storage/read"}
  id: "{id}"
  fields:
    id: string
    tags: map?
    properties.minimumTlsVersion: "string? TLS1_0 TLS1_2"
    properties.encryption: object?
    properties.encryption.keySource: string
    properties.rules[].port: int
    properties.ips: "[string]"
    properties.createdAt: time
    Blob.days: int
  defaults: {properties.minimumTlsVersion: TLS1_0}
  facets:
    Blob: {service: arm, operation: blob, absent: [NotFound], needs: "Microsoft.Storage/blob/read"}
"""


JOINED = """
azure.storage.share:
  doc: A share.
  scope: account
  list: {service: graph, operation: resources, items: data, needs: "Microsoft.Storage/read"}
  id: "{id}"
  fields: {id: string, "names[]": string, Usage.bytes: int}
  defaults: {names: [], lost: 1, properties.quota: 5}
  facets:
    Usage: {service: arm, operation: usage, needs: "Microsoft.Storage/usage/read"}
  joins:
    Account: {check: azure.storage.share, local: id, foreign: id, many: false}
    Others: {check: azure.storage.share, local: id, foreign: id}
    Buckets: {check: aws.s3.bucket, local: id, foreign: Name}
"""


def test_a_joined_row_has_the_members_of_its_listing_and_no_facet(tmp_path):
    path = tmp_path / "storage.yaml"
    path.write_text(JOINED, encoding="utf-8")
    checks = load_checks([path])
    schema = schema_of(checks["azure.storage.share"], checks)
    assert schema["properties"]["names"] == {"type": "array", "items": {"type": "string"}}
    assert "Usage" in schema["properties"]
    row = schema["properties"]["Others"]["items"]
    assert set(row["properties"]) == {"id", "names", "properties"}
    assert schema["properties"]["Account"] == row
    assert "Account" not in schema["required"]
    assert {"Others", "Usage", "names"} <= set(schema["required"])
    assert "Name" in schema["properties"]["Buckets"]["items"]["properties"]


@pytest.fixture
def variables(tmp_path):
    path = tmp_path / "storage.yaml"
    path.write_text(DOCUMENT, encoding="utf-8")
    checks = load_checks([path], shipped=False)
    schema = schema_of(checks["azure.storage.account"], checks)
    return {"resource": from_json_schema(schema)}


@pytest.mark.parametrize(
    "expression",
    [
        "resource.properties.minimumTlsVersion == 'TLS1_2'",
        "has(resource.properties.encryption) && resource.properties.encryption.keySource != ''",
        "resource.properties.rules.all(r, r.port > 22)",
        "resource.properties.ips.exists(ip, ip == '0.0.0.0')",
        "has(resource.tags) && 'owner' in resource.tags",
        "has(resource.Blob) && resource.Blob.days > 7",
        "timestamp(resource.properties.createdAt) < timestamp('2026-01-01T00:00:00Z')",
    ],
)
def test_declared_members_can_be_read(expression, variables):
    assert compile_expression(expression, variables).reads


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("resource.properties.minimumTls == 'x'", "did you mean"),
        ("resource.properties.minimumTlsVersion == 'TLS9'", "TLS9"),
        ("resource.properties.encryption.keySource == 'x'", "has("),
        ("resource.properties.rules.all(r, r.port == 'x')", "int"),
        ("resource.Blob.days > 7", "has("),
    ],
)
def test_what_is_not_declared_or_may_be_absent_is_refused(expression, message, variables):
    with pytest.raises(CelError, match=message.replace("(", r"\(")):
        compile_expression(expression, variables)


@pytest.mark.parametrize("declared", ["text", "string??", "[string", "bool yes no", "string?x"])
def test_a_declaration_that_is_not_understood_is_refused(declared):
    with pytest.raises(FieldError, match="string"):
        read_field(declared)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("    id: txt", r"storage.yaml:8:9: 'txt' is not one of"),
        ("    a..b: string", r"storage.yaml:8:5: 'a..b' is not a path of members"),
    ],
)
def test_a_wrong_line_is_told_with_its_place(line, message, tmp_path):
    path = tmp_path / "storage.yaml"
    path.write_text(DOCUMENT.replace("    id: string", line), encoding="utf-8")
    with pytest.raises(CheckError, match=message):
        load_checks([path], shipped=False)


@pytest.mark.parametrize(
    ("value", "path", "renamed"),
    [
        ({"disk": [1]}, "disk", {"disks": [1]}),
        ({"disk": [1], "disks": [2]}, "disk", {"disk": [1], "disks": [2]}),
        ({"data": {"rules": [{"disk": 1}, {}]}}, "data.rules[].disk", {"disks": 1}),
        ({"data": "text"}, "data.disk", "text"),
        ({}, "data.disk", None),
    ],
)
def test_another_spelling_of_a_member_is_read_as_its_one_name(value, path, renamed):
    found = rename(value, path, "disks")
    if "data" in path:
        found = found.get("data")
        found = found["rules"][0] if isinstance(found, dict) else found
    assert found == renamed
