"""Memorystore: Redis, Redis Cluster and Valkey."""

from typing import Any

from gcp_cases import Case, Make, asset

_TLS = "SERVER_AUTHENTICATION"


def _instance(**data: Any) -> Make:
    made = {"name": "projects/shop/locations/l/instances/it", "tier": "BASIC", **data}
    return asset("redis.googleapis.com/Instance", made)


def _cluster(**data: Any) -> Make:
    made = {"name": "projects/shop/locations/l/clusters/it", **data}
    return asset("redis.googleapis.com/Cluster", made)


def _valkey(**data: Any) -> Make:
    made = {"name": "projects/shop/locations/l/instances/it", **data}
    return asset("memorystore.googleapis.com/Instance", made)


CASES = (
    Case("gcp-redis-auth", _instance(authEnabled=True), _instance()),
    Case("gcp-redis-tls", _instance(transitEncryptionMode=_TLS), _instance()),
    Case("gcp-redis-customer-key", _instance(customerManagedKey="k"), _instance()),
    Case("gcp-redis-multi-zone", _instance(tier="STANDARD_HA"), _instance()),
    Case(
        "gcp-redis-cluster-protected",
        _cluster(
            authorizationMode="AUTH_MODE_IAM_AUTH",
            transitEncryptionMode=f"TRANSIT_ENCRYPTION_MODE_{_TLS}",
        ),
        _cluster(transitEncryptionMode=f"TRANSIT_ENCRYPTION_MODE_{_TLS}"),
    ),
    Case(
        "gcp-valkey-protected",
        _valkey(authorizationMode="IAM_AUTH", transitEncryptionMode=_TLS),
        _valkey(authorizationMode="IAM_AUTH"),
    ),
)
