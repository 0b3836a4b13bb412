"""Instances of Filestore and what they share."""

from typing import Any

from gcp_cases import Case, Json, Make, asset


def _instance(**data: Any) -> Make:
    name = "projects/shop/locations/l/instances/it"
    made: Json = {"name": name, "tier": "ZONAL", "fileShares": [{"name": "share"}], **data}
    return asset("file.googleapis.com/Instance", made)


def _shared(**options: Any) -> Make:
    exported = {"ipRanges": ["10.0.0.0/29"], **options}
    return _instance(fileShares=[{"name": "share", "nfsExportOptions": [exported]}])


CASES = (
    Case("gcp-filestore-customer-key", _instance(kmsKeyName="k"), _instance()),
    Case(
        "gcp-filestore-deletion-protection",
        _instance(deletionProtectionEnabled=True),
        _instance(),
    ),
    Case(
        "gcp-filestore-exports-restricted",
        _shared(squashMode="ROOT_SQUASH"),
        _shared(squashMode="ROOT_SQUASH", ipRanges=[]),
    ),
)
