"""Buckets of Cloud Storage."""

from typing import Any

from gcp_cases import Bindings, Case, Json, Make, asset, together

_KIND = "storage.googleapis.com/Bucket"
_OPS = {"roles/storage.admin": ["group:ops@example.com"]}
_YEAR = {"retentionPeriod": str(365 * 86400)}


def _bucket(iam: Bindings | None = None, /, **data: Any) -> Make:
    unset: Json = {"versioning": {}, "retentionPolicy": {}, "logging": {}, "encryption": {}}
    data = {"name": "it", "iamConfiguration": {}, **unset, **data}
    return asset(_KIND, data, name="it", iam=_OPS if iam is None else iam)


def _configured(**configuration: Any) -> Make:
    return _bucket(iamConfiguration=configuration)


def _logged(**data: Any) -> Make:
    sink = {"name": "all", "destination": "storage.googleapis.com/it"}
    return together(_bucket(**data), asset("logging.googleapis.com/LogSink", sink))


CASES = (
    Case(
        "gcp-storage-bucket-uniform-access",
        _configured(uniformBucketLevelAccess={"enabled": True}),
        _configured(uniformBucketLevelAccess={"enabled": False}),
    ),
    Case(
        "gcp-storage-bucket-policy-not-public",
        _bucket(),
        _bucket({**_OPS, "roles/storage.objectViewer": ["allUsers"]}),
    ),
    Case(
        "gcp-storage-bucket-public-access-prevention",
        _configured(publicAccessPrevention="enforced"),
        _configured(),
    ),
    Case(
        "gcp-storage-bucket-kms",
        _bucket(encryption={"defaultKmsKeyName": "projects/p/locations/l/keyRings/r/cryptoKeys/k"}),
        _bucket(),
    ),
    Case("gcp-storage-bucket-versioning", _bucket(versioning={"enabled": True}), _bucket()),
    Case("gcp-storage-bucket-logging", _bucket(logging={"logBucket": "logs"}), _bucket()),
    Case(
        "gcp-storage-bucket-log-retention-locked",
        _logged(retentionPolicy={**_YEAR, "isLocked": True}),
        _logged(retentionPolicy=_YEAR),
    ),
    Case(
        "gcp-storage-bucket-classified",
        _bucket(labels={"data-classification": "internal"}),
        _bucket(labels={"team": "shop"}),
    ),
)
