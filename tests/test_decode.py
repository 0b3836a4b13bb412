"""Texts that providers send are decoded into one canonical form, or refused."""

import json
from base64 import b64encode
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial
from gzip import compress as gzip
from types import MappingProxyType

import pytest

from checks.canonical import canonical, digest, redacted
from checks.decode import DecodeError, decode
from checks.httpdate import from_http_date
from checks.paths import complete, head_of, rewrite
from checks.query import QueryError, search
from checks.secret import LONGEST
from checks.template import TemplateError, fill, fill_text, places

# With no time in it, or a case would have another name in each process of a test run.
compress = partial(gzip, mtime=0)


def policy(**statement):
    return decode({"Statement": statement}, {"@": "policy"})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"a": None, "b": 1.0, "c": 1.5}, {"b": 1, "c": 1.5}),
        (datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2))), "2026-01-31T10:00:00Z"),
        (datetime(2026, 1, 31, 10, tzinfo=UTC), "2026-01-31T10:00:00Z"),
        (date(2026, 1, 31), "2026-01-31T00:00:00Z"),
        (b"\x00\xff", "AP8="),
        (Decimal("2.0"), 2),
        ((1, (2,)), [1, [2]]),
        ([None, 1], [None, 1]),
        (True, True),
        (MappingProxyType({"b": 1, "a": {"c": None}}), {"a": {}, "b": 1}),
    ],
    ids=str,
)
def test_there_is_one_value_for_the_same_fact(given, expected):
    assert canonical(given) == expected
    assert type(canonical(given)) is type(expected)


@pytest.mark.parametrize(
    "given", [float("nan"), float("inf"), "\ud800", {1: "x"}, 2**53, 1e300, {1, 2}], ids=repr
)
def test_what_json_cannot_carry_is_refused(given):
    with pytest.raises(ValueError, match=r"JSON|surrogate|not text"):
        canonical({"inside": [given]})


def test_the_digest_knows_no_order_and_no_volatile_member():
    one = {"a": 1, "b": {"seen": "now", "c": 2}}
    other = {"b": {"c": 2, "seen": "then"}, "a": 1}
    assert digest(one, ["b.seen"]) == digest(other, ["b.seen"])
    assert digest(one) != digest(other)


def test_a_secret_keeps_its_kind_and_nothing_else():
    value = {"Variables": {"KEY": "hunter2", "N": 5}, "List": ["a", True]}
    assert redacted(value) == {
        "Variables": {"KEY": "(redacted text)", "N": "(redacted number)"},
        "List": ["(redacted text)", "(redacted boolean)"],
    }


@pytest.mark.parametrize(
    ("codec", "given", "expected"),
    [
        ("bool", "true", True),
        ("bool", "False", False),
        ("bool", True, True),
        ("int", "300", 300),
        ("int", 300, 300),
        ("base64", "aGk=", "hi"),
        ("json", '{"a": 1.0}', {"a": 1}),
        ("json", "%7B%22a%22%3A1%7D", {"a": 1}),
        ("json", {"a": 1}, {"a": 1}),
        ("kv", [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}], {"a": "1", "b": ""}),
        ("kv", [{"name": "a", "value": "1"}], {"a": "1"}),
        ("kv", {"a": "1"}, {"a": "1"}),
        ("policy", "", None),
        ("user_data", "IyEvYmluL3No", "#!/bin/sh"),
        ("user_data", b64encode(compress(b"#!/bin/sh")), "#!/bin/sh"),
        ("user_data", b64encode(compress(b" " * 5_000_000)), " " * LONGEST),
        ("user_data", b64encode(b"a\xff"), "a\ufffd"),
        ("time_within", "User initiated (2026-01-31 10:00:00 GMT)", "2026-01-31T10:00:00Z"),
        ("time_within", "Server.ScheduledStop", None),
        ("time_within", "", None),
    ],
)
def test_a_codec_gives_the_value_that_the_text_means(codec, given, expected):
    assert decode(given, {"@": codec}) == expected


@pytest.mark.parametrize(
    ("codec", "given"),
    [
        ("bool", "maybe"),
        ("int", "3.5"),
        ("int", "9" * 30),
        ("kv", [{"value": "1"}]),
        ("base64", "*"),
        ("json", "{"),
        ("json", '{"a": NaN}'),
        ("json", "[" * 100_000),
        ("policy", "[]"),
        ("policy", '{"Statement": [{"Effect": "Maybe"}]}'),
        ("policy", '{"Statement": ["x"]}'),
        ("policy", '{"Statement": {"Effect": "Allow", "Principal": 5}}'),
        ("policy", '{"Statement": {"Effect": "Allow", "Condition": "x"}}'),
        ("policy", '{"Statement": {"Effect": "Allow", "Condition": {"Bool": "x"}}}'),
        ("policy", '{"Statement": {"Effect": "Allow", "Action": {}}}'),
        ("csv", ""),
        ("csv", b"a,b\n1"),
        ("csv", b"\xff"),
        ("csv", "a,a\n1,2"),
        ("csv", "a,b,c\n1,2,2026-13-31T10:00:00Z"),
        ("json", 5),
        ("user_data", "*"),
        ("user_data", b64encode(b"\x1f\x8b\x01" + bytes(9))),
        ("user_data", b64encode(compress(b"#!/bin/sh")[:-9])),
        ("time_within", "User initiated (2026-13-31 10:00:00 GMT)"),
    ],
)
def test_text_that_is_something_else_is_refused(codec, given):
    with pytest.raises(DecodeError):
        decode(given, {"@": codec})


def test_members_are_decoded_where_they_are_and_absent_ones_stay_absent():
    rows = [{"Doc": {"Text": '{"a": 1}'}}, {"Other": 1}]
    assert decode(rows, {"Doc.Text": "json"}) == [{"Doc": {"Text": {"a": 1}}}, {"Other": 1}]


def test_the_credential_report_is_rows_of_plain_values():
    text = (
        "user,arn,user_creation_time,mfa_active,password_last_used,key\n"
        "true,arn:aws:iam::1:user/true,2026-01-31T10:00:00+00:00,false,no_information,N/A\n"
        "<root_account>,arn:aws:iam::1:root,2020-01-01T00:00:00Z,true,not_supported,eu-west-1\n"
    )
    assert decode(text.encode(), {"@": "csv"}) == [
        {
            "user": "true",
            "arn": "arn:aws:iam::1:user/true",
            "user_creation_time": "2026-01-31T10:00:00Z",
            "mfa_active": False,
        },
        {
            "user": "<root_account>",
            "arn": "arn:aws:iam::1:root",
            "user_creation_time": "2020-01-01T00:00:00Z",
            "mfa_active": True,
            "key": "eu-west-1",
        },
    ]


def test_a_policy_has_one_form_however_it_is_written():
    long = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "a",
                "Effect": "Allow",
                "Principal": {"AWS": ["arn:aws:iam::111122223333:root"]},
                "Action": ["S3:GetObject"],
                "Resource": ["*"],
                "Condition": {"Bool": {"aws:SecureTransport": [True]}},
            }
        ],
    }
    short = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Sid": "a",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": "s3:getobject",
                "Resource": "*",
                "Condition": {"Bool": {"aws:SecureTransport": "true"}},
            },
        }
    )
    first = decode(long, {"@": "policy"})
    assert first == decode(short, {"@": "policy"})
    (statement,) = first["Statement"]
    assert statement["Action"] == ["s3:getobject"]
    assert statement["accounts"] == ["111122223333"]
    assert statement["condition_keys"] == ["aws:securetransport"]
    assert not first["public"]


OPEN = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}


@pytest.mark.parametrize(
    ("change", "public"),
    [
        ({}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": ["111122223333", "*"]}}, True),
        ({"Effect": "Deny"}, False),
        ({"Principal": {"AWS": "111122223333"}}, False),
        ({"Principal": {"Service": "sns.amazonaws.com"}}, False),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}}, False),
        ({"Condition": {"StringEquals": {"AWS:SourceAccount": "111122223333"}}}, False),
        ({"Condition": {"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}}, True),
        ({"Condition": {"ForAllValues:StringEquals": {"aws:SourceVpce": "vpce-1"}}}, True),
        ({"Condition": {"ForAnyValue:StringEquals": {"aws:SourceVpce": "vpce-1"}}}, False),
        ({"Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}}, True),
        ({"Condition": {"StringLike": {"aws:PrincipalArn": "*"}}}, True),
        ({"Condition": {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}}, True),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:*"}}}, False),
        ({"Condition": {"StringLike": {"aws:userid": "AROAEXAMPLEEXAMPLE12:*"}}}, False),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}, False),
        ({"Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "0.0.0.0/0"]}}}, True),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}}, True),
        ({"Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}, True),
        ({"Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}, True),
        ({"Condition": {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}}, False),
    ],
    ids=str,
)
def test_public_is_what_everybody_may_and_no_known_party_confines(change, public):
    assert policy(**{**OPEN, **change})["public"] is public


def test_allowing_all_but_some_is_public():
    statement = {k: v for k, v in OPEN.items() if k != "Principal"}
    assert policy(**statement, NotPrincipal={"AWS": "111122223333"})["public"]


PLAIN = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


@pytest.mark.parametrize(
    ("change", "tls_only"),
    [
        ({}, True),
        ({"Action": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Condition": {"Bool": {"AWS:securetransport": False}}}, True),
        ({"Effect": "Allow"}, False),
        ({"Action": "s3:GetObject"}, False),
        ({"Principal": {"AWS": "111122223333"}}, False),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, False),
        (
            {
                "Condition": {
                    "Bool": {"aws:SecureTransport": "false"},
                    "StringEquals": {"aws:SourceVpc": "vpc-1"},
                }
            },
            False,
        ),
    ],
    ids=str,
)
def test_tls_only_is_a_deny_of_everything_for_everybody(change, tls_only):
    assert policy(**{**PLAIN, **change})["tls_only"] is tls_only


def test_what_a_statement_leaves_out_is_kept_as_it_was_left_out():
    document = policy(Effect="Deny", Principal={"AWS": None}, NotAction="S3:Get*", NotResource="*")
    (statement,) = document["Statement"]
    assert (statement["NotAction"], statement["NotResource"]) == (["s3:get*"], ["*"])
    assert (statement["Action"], statement["principals"]) == ([], [])


@pytest.mark.parametrize(("source", "public"), [("10.0.0.0/16", False), ("everywhere", True)])
def test_a_network_that_is_none_confines_nobody(source, public):
    condition = {"IpAddress": {"aws:SourceIp": source}}
    assert policy(**OPEN, Condition=condition)["public"] is public


@pytest.mark.parametrize(("kind", "public"), [("AWS_IAM", False), ("NONE", True)])
def test_a_function_s_address_is_confined_to_who_signs(kind, public):
    condition = {"StringEquals": {"lambda:FunctionUrlAuthType": kind}}
    assert policy(**OPEN, Condition=condition)["public"] is public


def test_a_query_that_does_not_fit_is_an_error_and_no_answer():
    assert search("", {"a": 1}) == {"a": 1}
    assert search("a.b", {"a": {}}) is None
    with pytest.raises(QueryError, match="invalid type"):
        search("length(a)", {"a": 1})
    with pytest.raises(QueryError):
        search("a[", {})


def test_a_date_of_http_is_a_time_and_anything_else_is_none():
    assert from_http_date("Tue, 24 Nov 2026 12:00:00 GMT") == "2026-11-24T12:00:00Z"
    assert from_http_date("yesterday") == ""


def test_paths_go_through_lists_and_leave_what_is_not_there():
    value = {"a": [{"b": 1}, {"c": 2}]}
    assert rewrite(value, "a[].b", lambda n: n + 1) == {"a": [{"b": 2}, {"c": 2}]}
    assert complete(value, "a.b", 0) == {"a": [{"b": 1}, {"c": 2, "b": 0}]}
    assert complete({}, "a.b", 0) == {}
    assert complete({"a": "text"}, "a.b", 0) == {"a": "text"}
    assert rewrite(value, "a[].b", lambda _: None) == {"a": [{}, {"c": 2}]}
    assert head_of("a[].b") == "a"
    assert value == {"a": [{"b": 1}, {"c": 2}]}


def test_templates_keep_the_type_of_a_lone_member():
    values = {"Port": 443, "Tags": ["a"], "Name": "x", "parent": {"Arn": "arn"}}
    assert fill({"p": "{Port}", "t": "{Tags}", "l": ["{Name}", "n-{Port}"]}, values) == {
        "p": 443,
        "t": ["a"],
        "l": ["x", "n-443"],
    }
    assert fill_text("{parent.Arn}/{{{Name}}}", values) == "arn/{x}"
    assert fill({"n": 5, "t": "as it is"}, values) == {"n": 5, "t": "as it is"}
    assert fill_text("{Port}", values) == "443"
    assert list(places(["{a.b}", {"k": "{c}", "n": 5}])) == ["a.b", "c"]


@pytest.mark.parametrize("text", ["{", "}", "{}", "{a b}", "{a.}", "{{}"])
def test_a_malformed_template_is_refused(text):
    with pytest.raises(TemplateError):
        list(places(text))


@pytest.mark.parametrize("text", ["{Missing}", "{Name.deeper}", "{Tags}-x", "{Empty}"])
def test_an_id_is_never_made_of_what_is_not_there(text):
    with pytest.raises(TemplateError):
        fill_text(text, {"Name": "x", "Tags": [], "Empty": ""})
