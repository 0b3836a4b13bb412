"""Where logs go, and the buckets in which they lie."""

from typing import Any

from gcp_kit import ORGANIZATION

from gcp_cases import Case, Make, asset, of_target

_DATA_ACCESS = 'log_id("cloudaudit.googleapis.com/data_access")'


def _sink(*, above: str = "", **data: Any) -> Make:
    known = {"name": "all", "destination": "storage.googleapis.com/logs"}
    name = f"{above or 'projects/shop'}/sinks/all"
    kind = "logging.googleapis.com/LogSink"
    return asset(kind, {**known, **data}, name=name, above=[above] if above else ())


def _bucket(**data: Any) -> Make:
    name = "projects/shop/locations/global/buckets/it"
    known = {"name": name, "retentionDays": 400, "lifecycleState": "ACTIVE"}
    return asset("logging.googleapis.com/LogBucket", {**known, **data}, name=name)


CASES = (
    Case(
        "gcp-logging-organization-sink",
        of_target(_sink(above=ORGANIZATION, includeChildren=True)),
        of_target(_sink(above=ORGANIZATION, includeChildren=True, filter="severity>=ERROR")),
    ),
    Case(
        "gcp-logging-sink-enabled",
        _sink(),
        _sink(exclusions=[{"name": "quiet", "filter": _DATA_ACCESS}]),
    ),
    Case("gcp-logging-bucket-retention", _bucket(), _bucket(retentionDays=30)),
    Case("gcp-logging-bucket-kms", _bucket(cmekSettings={"kmsKeyName": "k"}), _bucket()),
    Case("gcp-logging-bucket-locked", _bucket(locked=True), _bucket()),
)
