"""Clusters and tables of Bigtable."""

from typing import Any

from gcp_cases import Case, Make, asset


def _cluster(**data: Any) -> Make:
    name = "projects/shop/instances/i/clusters/it"
    return asset("bigtableadmin.googleapis.com/Cluster", {"name": name, **data}, name=name)


def _table(**data: Any) -> Make:
    name = "projects/shop/instances/i/tables/it"
    return asset("bigtableadmin.googleapis.com/Table", {"name": name, **data}, name=name)


CASES = (
    Case(
        "gcp-bigtable-cluster-customer-key",
        _cluster(encryptionConfig={"kmsKeyName": "k"}),
        _cluster(),
    ),
    Case("gcp-bigtable-table-deletion-protection", _table(deletionProtection=True), _table()),
)
