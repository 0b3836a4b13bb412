"""Databases of Firestore."""

from typing import Any

from gcp_cases import Case, Make, asset


def _database(**data: Any) -> Make:
    name = "projects/shop/databases/it"
    made = {"name": name, "type": "FIRESTORE_NATIVE", **data}
    return asset("firestore.googleapis.com/Database", made, name=name)


CASES = (
    Case(
        "gcp-firestore-pitr",
        _database(pointInTimeRecoveryEnablement="POINT_IN_TIME_RECOVERY_ENABLED"),
        _database(),
    ),
    Case(
        "gcp-firestore-deletion-protection",
        _database(deleteProtectionState="DELETE_PROTECTION_ENABLED"),
        _database(),
    ),
    Case(
        "gcp-firestore-customer-key",
        _database(cmekConfig={"kmsKeyName": "k"}),
        _database(),
    ),
)
