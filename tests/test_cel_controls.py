"""Twelve real controls on documents that pass, fail, or lack something: none passes in silence."""

from __future__ import annotations

import copy
import datetime as dt

import pytest

from agent.cel import DYN, TIMESTAMP, EvalError, compile_expression

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
GONE = object()


def statement(effect="Deny", principals=("*",), key="aws:SecureTransport", value="false"):
    return {
        "Effect": effect,
        "Action": ["s3:*"],
        "principals": list(principals),
        "Condition": {"Bool": {key: [value]}},
    }


def permission(low, high, v4=(), v6=(), protocol="tcp"):
    return {
        "IpProtocol": protocol,
        "FromPort": low,
        "ToPort": high,
        "IpRanges": [{"CidrIp": cidr} for cidr in v4],
        "Ipv6Ranges": [{"CidrIpv6": cidr} for cidr in v6],
    }


# name: (condition, params, passing, failing, broken: (path, value) put into the first passing
# document, or with "fail:" into the first failing one, where the value alone decides)
CONTROLS = {
    "iam_mfa": (
        "!resource.PasswordEnabled || size(resource.MFADevices) > 0",
        {},
        [{"PasswordEnabled": True, "MFADevices": [{"SerialNumber": "x"}]}],
        [{"PasswordEnabled": True, "MFADevices": []}],
        [("MFADevices", GONE), ("MFADevices", None), ("MFADevices", 1)],
    ),
    "s3_tls": (
        "policy_denies(resource.Policy, 'aws:SecureTransport', 'false')",
        {},
        [
            {"Policy": {"Statement": [statement()]}},
            {"Policy": {"Statement": [statement(key="aws:SourceArn", value="x"), statement()]}},
        ],
        [
            {"Policy": {"Statement": []}},
            {"Policy": {"Statement": [statement(key="aws:SourceArn", value="x")]}},
            {"Policy": {"Statement": [statement(principals=["arn:aws:iam::1:root"])]}},
            {"Policy": {"Statement": [statement(value="true")]}},
        ],
        [
            ("Policy", GONE),
            ("Policy", None),
            ("Policy", "text"),
            ("Policy.Statement", GONE),
            ("Policy.Statement", None),
            ("Policy.Statement", {}),
            ("Policy.Statement", ["text"]),
        ],
    ),
    "sg_ssh": (
        """!resource.IpPermissions.exists(p,
             (p.IpRanges.exists(r, r.CidrIp == '0.0.0.0/0')
              || p.Ipv6Ranges.exists(r, r.CidrIpv6 == '::/0'))
             && (p.IpProtocol == '-1' || port_in(p.FromPort, p.ToPort, params.port)))""",
        {"port": 22},
        [
            {"IpPermissions": [permission(22, 22, ["10.0.0.0/8"], ["fd00::/8"])]},
            {"IpPermissions": [permission(80, 443, ["0.0.0.0/0"])]},
        ],
        [
            {"IpPermissions": [permission(20, 30, ["10.0.0.0/8"], ["::/0"])]},
            {"IpPermissions": [permission(0, 0, ["0.0.0.0/0"], protocol="-1")]},
            {"IpPermissions": [permission(1, 2), permission(22, 22, ["0.0.0.0/0"])]},
        ],
        [
            ("IpPermissions", GONE),
            ("IpPermissions", None),
            ("IpPermissions.0.IpRanges", GONE),
            ("IpPermissions.0.Ipv6Ranges", "::/0"),
        ],
    ),
    "key_age": (
        (
            "resource.AccessKeys.all(k, k.Status != 'Active'"
            " || age_days(k.CreateDate) <= params.max_age_days)"
        ),
        {"max_age_days": 90},
        [{"AccessKeys": [{"Status": "Active", "CreateDate": "2026-05-01T00:00:00Z"}]}],
        [{"AccessKeys": [{"Status": "Active", "CreateDate": "2026-01-01T00:00:00Z"}]}],
        [
            ("AccessKeys", GONE),
            ("fail:AccessKeys.0.Status", GONE),
            ("AccessKeys.0.CreateDate", GONE),
            ("AccessKeys.0.CreateDate", None),
            ("AccessKeys.0.CreateDate", "yesterday"),
        ],
    ),
    "trail": (
        (
            "resource.IsMultiRegionTrail && resource.LogFileValidationEnabled"
            " && resource.Status.IsLogging"
        ),
        {},
        [
            {
                "IsMultiRegionTrail": True,
                "LogFileValidationEnabled": True,
                "Status": {"IsLogging": True},
            }
        ],
        [
            {
                "IsMultiRegionTrail": True,
                "LogFileValidationEnabled": False,
                "Status": {"IsLogging": True},
            }
        ],
        [
            ("Status", GONE),
            ("Status.IsLogging", GONE),
            ("Status.IsLogging", None),
            ("Status.IsLogging", "true"),
            ("IsMultiRegionTrail", 1),
        ],
    ),
    "rds_public": (
        "!resource.PubliclyAccessible",
        {},
        [{"PubliclyAccessible": False}],
        [{"PubliclyAccessible": True}],
        [
            ("PubliclyAccessible", GONE),
            ("PubliclyAccessible", None),
            ("PubliclyAccessible", "false"),
            ("PubliclyAccessible", 0),
        ],
    ),
    "az_https": (
        (
            "resource.properties.supportsHttpsTrafficOnly"
            " && resource.properties.minimumTlsVersion in params.tls"
        ),
        {"tls": ["TLS1_2", "TLS1_3"]},
        [{"properties": {"supportsHttpsTrafficOnly": True, "minimumTlsVersion": "TLS1_2"}}],
        [
            {"properties": {"supportsHttpsTrafficOnly": True, "minimumTlsVersion": "TLS1_0"}},
            {"properties": {"supportsHttpsTrafficOnly": False, "minimumTlsVersion": "TLS1_2"}},
        ],
        [
            ("properties", GONE),
            ("properties.supportsHttpsTrafficOnly", GONE),
            ("properties.supportsHttpsTrafficOnly", "true"),
            ("properties.minimumTlsVersion", GONE),
            ("properties.minimumTlsVersion", None),
        ],
    ),
    "gcp_fw": (
        (
            "resource.disabled || resource.direction != 'INGRESS'"
            " || !('0.0.0.0/0' in resource.sourceRanges)"
            " || !resource.allowed.exists(a, a.IPProtocol in ['tcp', 'all']"
            " && (!has(a.ports) || a.ports.exists(p, port_in(p, params.port))))"
        ),
        {"port": 22},
        [
            {
                "disabled": False,
                "direction": "INGRESS",
                "sourceRanges": ["0.0.0.0/0"],
                "allowed": [{"IPProtocol": "tcp", "ports": ["80", "443-500"]}],
            }
        ],
        [
            {
                "disabled": False,
                "direction": "INGRESS",
                "sourceRanges": ["0.0.0.0/0"],
                "allowed": [{"IPProtocol": "udp"}, {"IPProtocol": "tcp", "ports": ["20-30"]}],
            },
            {
                "disabled": False,
                "direction": "INGRESS",
                "sourceRanges": ["0.0.0.0/0"],
                "allowed": [{"IPProtocol": "all"}],
            },
        ],
        [
            ("fail:disabled", GONE),
            ("fail:direction", GONE),
            ("fail:sourceRanges", GONE),
            ("fail:sourceRanges", "0.0.0.0/0"),
            ("fail:allowed", GONE),
            ("fail:allowed.1.IPProtocol", GONE),
            ("fail:allowed.1.ports", None),
            ("allowed.0.ports", ["ssh"]),
        ],
    ),
    "tags": (
        "params.required.all(k, resource.Tags.exists(t, t.Key == k && t.Value != ''))",
        {"required": ["owner"]},
        [{"Tags": [{"Key": "owner", "Value": "me"}]}],
        [{"Tags": []}, {"Tags": [{"Key": "owner", "Value": ""}]}],
        [
            ("Tags", GONE),
            ("Tags", None),
            ("Tags.0.Key", GONE),
            ("Tags.0.Value", GONE),
            ("Tags.0", "owner"),
        ],
    ),
    "region": (
        "resource.Region in params.allowed",
        {"allowed": ["eu-west-1"]},
        [{"Region": "eu-west-1"}],
        [{"Region": "us-east-1"}],
        [("Region", GONE), ("Region", None), ("Region", ["eu-west-1"])],
    ),
    "cert": (
        "timestamp(resource.NotAfter) > now + duration('720h')",
        {},
        [{"NotAfter": "2027-01-01T00:00:00Z"}],
        [{"NotAfter": "2026-06-15T00:00:00Z"}],
        [("NotAfter", GONE), ("NotAfter", None), ("NotAfter", "2027"), ("NotAfter", True)],
    ),
    "prefix_re": (
        (
            "resource.S3BucketName.startsWith(params.prefix)"
            " && resource.KmsKeyId.matches('^arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/')"
        ),
        {"prefix": "logs-"},
        [{"S3BucketName": "logs-1", "KmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/1"}],
        [
            {"S3BucketName": "x", "KmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/1"},
            {"S3BucketName": "logs-1", "KmsKeyId": "alias/x"},
        ],
        [("S3BucketName", GONE), ("KmsKeyId", GONE), ("KmsKeyId", None), ("KmsKeyId", 1)],
    ),
}


def evaluate(name, resource):
    condition, params = CONTROLS[name][:2]
    variables = {"resource": DYN, "params": DYN, "now": TIMESTAMP}
    return compile_expression(condition, variables)(resource, params, NOW)


def broken(resource, path, value):
    made = copy.deepcopy(resource)
    here = made
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in way:
        here = here[step]
    if value is GONE:
        del here[last]
    else:
        here[last] = value
    return made


BROKEN = [(name, path, value) for name, (*_, ways) in CONTROLS.items() for path, value in ways]


@pytest.mark.parametrize("name", CONTROLS)
def test_a_document_that_complies_passes_and_one_that_does_not_fails(name):
    _, _, passing, failing, _ = CONTROLS[name]
    assert [evaluate(name, each) for each in passing] == [True] * len(passing)
    assert [evaluate(name, each) for each in failing] == [False] * len(failing)


@pytest.mark.parametrize(
    ("name", "path", "value"),
    BROKEN,
    ids=[f"{name}-{path}-{'gone' if v is GONE else repr(v)}" for name, path, v in BROKEN],
)
def test_what_is_missing_or_of_a_wrong_type_never_passes(name, path, value):
    _, _, passing, failing, _ = CONTROLS[name]
    whole = failing if path.startswith("fail:") else passing
    resource = broken(whole[0], path.removeprefix("fail:"), value)
    try:
        found = evaluate(name, resource)
    except EvalError as error:
        found = error.code
    assert found is not True
    if value is GONE:
        assert found == "missing"


def test_there_are_enough_incomplete_documents():
    assert len(BROKEN) >= 49
