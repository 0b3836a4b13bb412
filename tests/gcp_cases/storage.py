"""Buckets of Cloud Storage."""

from typing import Any

from gcp_cases import Bindings, Case, Make, asset


def _bucket(iam: Bindings | None = None, /, **data: Any) -> Make:
    return asset(
        "storage.googleapis.com/Bucket",
        {"name": "it", "iamConfiguration": {}, **data},
        name="it",
        iam={"roles/storage.admin": ["group:ops@example.com"]} if iam is None else iam,
    )


def _configured(**configuration: Any) -> Make:
    return _bucket(iamConfiguration=configuration)


CASES = (
    Case(
        "gcp-storage-bucket-uniform-access",
        _configured(uniformBucketLevelAccess={"enabled": True}),
        _configured(uniformBucketLevelAccess={"enabled": False}),
    ),
)
