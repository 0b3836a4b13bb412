"""Athena workgroups."""

from typing import Any

from moto_cases import Case, ClientOf, Make


def _workgroup(configuration: dict[str, Any]) -> Make:
    def make(client: ClientOf) -> str:
        client("athena").create_work_group(Name="bi", Configuration=configuration)
        return "workgroup/bi"

    return make


_RESULTS = {"OutputLocation": "s3://results/"}
_ENCRYPTED = {**_RESULTS, "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"}}

CASES = (
    Case(
        "aws-athena-workgroup-encrypted",
        _workgroup({"EnforceWorkGroupConfiguration": True, "ResultConfiguration": _ENCRYPTED}),
        _workgroup({"EnforceWorkGroupConfiguration": True, "ResultConfiguration": _RESULTS}),
    ),
)
