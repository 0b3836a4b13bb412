"""Where moto answers differently from AWS in a way that would change a verdict, and why.

Each amendment is one function of the table; what AWS answers instead is in its docstring.
"""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

from msgspec import Struct

from agent.demo.naming import Request

_TIME = "%Y-%m-%dT%H:%M:%S+00:00"


class Root(Struct, frozen=True, kw_only=True):
    """The root user, of whom moto knows nothing."""

    mfa: bool = True
    keys: bool = False
    created: str = "2019-03-04T09:12:00+00:00"
    last_used: str = "2025-01-06T08:30:00+00:00"


class Moment(Struct, frozen=True, kw_only=True):
    """What an amendment may know: nothing of it is in moto's answer."""

    now: str
    """RFC 3339 UTC."""
    account: str
    root: Root
    request: Request
    public_snapshots: Callable[[], frozenset[str]]
    """Ids of those in the request's region."""


def normalise(name: str, body: bytes, moment: Moment) -> bytes:
    """The body of a successful answer to the call `name` (`iam:GetCredentialReport`), amended."""
    amend = _AMENDMENTS.get(name)
    return amend(body, moment) if amend else body


def answer_missing(name: str) -> bytes | None:
    """What AWS answers to a call that moto lacks, in an account that never had what it lists."""
    return _NOTHING.get(name)


def _credential_report(body: bytes, moment: Moment) -> bytes:
    """AWS: the report has a `<root_account>` row and the time at which it was made.

    moto: no row for root, and the time is in 2015, which every reader takes for stale.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
    """
    found = re.search(rb"<Content>([^<]*)</Content>", body)
    if found is None:
        return body
    reader = csv.DictReader(io.StringIO(base64.b64decode(found.group(1)).decode()))
    rows = list(reader)
    columns = list(reader.fieldnames or ())
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows([_root_row(columns, moment), *rows])
    content = base64.b64encode(text.getvalue().encode())
    body = body.replace(found.group(0), b"<Content>" + content + b"</Content>")
    return re.sub(
        rb"<GeneratedTime>[^<]*</GeneratedTime>",
        f"<GeneratedTime>{moment.now}</GeneratedTime>".encode(),
        body,
    )


def _root_row(columns: list[str], moment: Moment) -> dict[str, str]:
    root = moment.root
    known = {
        "user": "<root_account>",
        "arn": f"arn:aws:iam::{moment.account}:root",
        "user_creation_time": root.created,
        "password_enabled": "not_supported",
        "password_last_used": root.last_used,
        "password_last_changed": "not_supported",
        "password_next_rotation": "not_supported",
        "mfa_active": str(root.mfa).lower(),
        "access_key_1_active": str(root.keys).lower(),
        "access_key_1_last_rotated": root.created if root.keys else "N/A",
        "access_key_2_active": "false",
        "cert_1_active": "false",
        "cert_2_active": "false",
    }
    return {column: known.get(column, "N/A") for column in columns}


def _account_summary(body: bytes, moment: Moment) -> bytes:
    """AWS: counts the MFA devices and access keys of root. moto: always 0.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
    """
    for key, value in (
        ("AccountMFAEnabled", moment.root.mfa),
        ("AccountAccessKeysPresent", moment.root.keys),
    ):
        body = re.sub(
            rf"(<key>{key}</key>\s*<value>)\d+".encode(), rb"\g<1>" + str(int(value)).encode(), body
        )
    return body


def _snapshots(body: bytes, moment: Moment) -> bytes:
    """AWS: `RestorableByUserIds=all` gives the public ones only. moto: ignores it.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html
    """
    if "all" not in parse_qs(moment.request.body.decode()).get("RestorableBy.1", []):
        return body
    tree = ET.fromstring(body)  # noqa: S314 - moto's own answer
    space = tree.tag.partition("}")[0] + "}" if tree.tag.startswith("{") else ""
    public = moment.public_snapshots()
    for found in tree.iter(f"{space}snapshotSet"):
        for item in list(found):
            if item.findtext(f"{space}snapshotId") not in public:
                found.remove(item)
    amended: bytes = ET.tostring(tree, encoding="utf-8", xml_declaration=True)
    return amended


_NOTHING: Mapping[str, bytes] = {
    # https://docs.aws.amazon.com/aws-backup/latest/devguide/API_ListRestoreJobs.html
    "backup:ListRestoreJobs": b'{"RestoreJobs": []}',
}

_AMENDMENTS: Mapping[str, Callable[[bytes, Moment], bytes]] = {
    "iam:GetCredentialReport": _credential_report,
    "iam:GetAccountSummary": _account_summary,
    "ec2:DescribeSnapshots": _snapshots,
}
