"""Clusters of Dataproc."""

from typing import Any

from gcp_cases import Case, Make, asset


def _cluster(key: str = "", **machines: Any) -> Make:
    encryption = {"encryptionConfig": {"gcePdKmsKeyName": key}} if key else {}
    config = {"gceClusterConfig": machines, **encryption}
    return asset("dataproc.googleapis.com/Cluster", {"clusterName": "it", "config": config})


CASES = (
    Case("gcp-dataproc-customer-key", _cluster("k"), _cluster()),
    Case("gcp-dataproc-no-public-address", _cluster(internalIpOnly=True), _cluster()),
)
