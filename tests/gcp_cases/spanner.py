"""Databases of Spanner and their backups."""

from typing import Any

from gcp_cases import Case, Make, ago, asset, together

_NAME = "projects/shop/instances/i/databases/it"


def _database(**data: Any) -> Make:
    made = {"name": _NAME, "state": "READY", **data}
    return asset("spanner.googleapis.com/Database", made, name=_NAME)


def _backed_up(state: str, days: float) -> Make:
    backup = {"database": _NAME, "state": state, "createTime": ago(days)}
    name = "projects/shop/instances/i/backups/b"
    return together(_database(), asset("spanner.googleapis.com/Backup", backup, name=name))


CASES = (
    Case(
        "gcp-spanner-database-drop-protection",
        _database(enableDropProtection=True),
        _database(),
    ),
    Case(
        "gcp-spanner-database-customer-key",
        _database(encryptionConfig={"kmsKeyName": "k"}),
        _database(),
    ),
    Case("gcp-spanner-database-backed-up", _backed_up("READY", 1), _backed_up("READY", 9)),
)
