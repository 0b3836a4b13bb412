"""Clusters and instances of AlloyDB."""

from typing import Any

from gcp_cases import Case, Make, asset

_NAME = "projects/shop/locations/l/clusters/it"
_ON = {"enabled": True}


def _cluster(**data: Any) -> Make:
    return asset("alloydb.googleapis.com/Cluster", {"name": _NAME, **data}, name=_NAME)


def _instance(**data: Any) -> Make:
    name = f"{_NAME}/instances/one"
    return asset("alloydb.googleapis.com/Instance", {"name": name, **data}, name=name)


def _speaking(mode: str) -> Make:
    return _instance(clientConnectionConfig={"sslConfig": {"sslMode": mode}})


CASES = (
    Case(
        "gcp-alloydb-backups",
        _cluster(automatedBackupPolicy=_ON, continuousBackupConfig=_ON),
        _cluster(automatedBackupPolicy={}, continuousBackupConfig=_ON),
    ),
    Case(
        "gcp-alloydb-customer-key",
        _cluster(encryptionConfig={"kmsKeyName": "k"}),
        _cluster(encryptionConfig={}),
    ),
    Case(
        "gcp-alloydb-tls",
        _speaking("ENCRYPTED_ONLY"),
        _speaking("ALLOW_UNENCRYPTED_AND_ENCRYPTED"),
    ),
    Case(
        "gcp-alloydb-no-public-address",
        _instance(networkConfig={}),
        _instance(networkConfig={"enablePublicIp": True}),
    ),
)
