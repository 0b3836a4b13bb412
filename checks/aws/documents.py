"""The schemas of what codecs make of text: policies, and the columns of the credential report."""

from __future__ import annotations

from collections.abc import Mapping

from checks.schema import (
    ANY,
    BOOLEAN,
    INTEGER,
    STRING,
    TIME,
    Schema,
    array,
    mapping,
    record,
)

TEXTS = array(STRING)

STATEMENT = record(
    {
        "Sid": STRING,
        "Effect": {"type": "string", "x-known-values": ["Allow", "Deny"]},
        "Action": TEXTS,
        "NotAction": TEXTS,
        "Resource": TEXTS,
        "NotResource": TEXTS,
        "Principal": mapping(TEXTS),
        "NotPrincipal": mapping(TEXTS),
        "principals": TEXTS,
        "accounts": TEXTS,
        "Condition": mapping(mapping(TEXTS)),
        "condition_keys": TEXTS,
        "public": BOOLEAN,
    },
    optional=("Sid", "NotAction", "NotResource", "NotPrincipal"),
)
"""A statement as `checks.policy.normalise` leaves it."""

POLICY = record(
    {
        "Version": STRING,
        "Id": STRING,
        "Statement": array(STATEMENT),
        "public": BOOLEAN,
        "tls_only": BOOLEAN,
    },
    optional=("Version", "Id"),
)

CREDENTIAL_REPORT = record(
    {
        "user": STRING,
        "arn": STRING,
        "user_creation_time": TIME,
        "password_enabled": BOOLEAN,
        "password_last_used": TIME,
        "password_last_changed": TIME,
        "password_next_rotation": TIME,
        "mfa_active": BOOLEAN,
        "access_key_1_active": BOOLEAN,
        "access_key_1_last_rotated": TIME,
        "access_key_1_last_used_date": TIME,
        "access_key_1_last_used_region": STRING,
        "access_key_1_last_used_service": STRING,
        "access_key_2_active": BOOLEAN,
        "access_key_2_last_rotated": TIME,
        "access_key_2_last_used_date": TIME,
        "access_key_2_last_used_region": STRING,
        "access_key_2_last_used_service": STRING,
        "cert_1_active": BOOLEAN,
        "cert_1_last_rotated": TIME,
        "cert_2_active": BOOLEAN,
        "cert_2_last_rotated": TIME,
        "additional_credentials_info": STRING,
    },
    optional=("additional_credentials_info",),  # a column of users with more than two keys
)
"""docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html"""

DECODED: Mapping[str, Schema] = {
    "policy": POLICY,
    "json": ANY,
    "csv": array(CREDENTIAL_REPORT),
    "base64": STRING,
    "user_data": STRING,
    "time_within": TIME,
    "bool": BOOLEAN,
    "int": INTEGER,
    "kv": mapping(STRING),
}
"""Codec name -> the schema of what it gives."""
