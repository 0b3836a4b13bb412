"""Instances of Cloud SQL, their settings, flags and backups."""

from typing import Any

from gcp_cases import Case, Json, Make, ago, asset, together


def _instance(version: str = "POSTGRES_16", /, more: Json | None = None, **settings: Any) -> Make:
    data: Json = {
        "name": "it",
        "databaseVersion": version,
        "settings": {"tier": "db-f1-micro", "ipConfiguration": {}, **settings},
        "rootPassword": "secret",
    }
    return asset(
        "sqladmin.googleapis.com/Instance",
        {**data, **(more or {})},
        name="projects/shop/instances/it",
    )


def _reached(**configuration: Any) -> Make:
    return _instance(ipConfiguration=configuration)


def _kept(version: str = "POSTGRES_16", /, **configuration: Any) -> Make:
    return _instance(version, backupConfiguration=configuration)


def _flagged(version: str, /, **flags: str) -> Make:
    """Flags by their names, or by short ones where Python cannot write them."""
    written = [{"name": _SPELT.get(name, name), "value": flags[name]} for name in flags]
    return _instance(version, databaseFlags=written)


_SPELT = {
    "iam": "cloudsql.iam_authentication",
    "pgaudit": "cloudsql.enable_pgaudit",
    "remote_access": "remote access",
    "scripts": "external scripts enabled",
    "trace": "3625",
    "connections": "user connections",
}


def _backed_up(status: str, days: float) -> Make:
    run = {"instance": "it", "status": status, "endTime": ago(days)}
    name = "projects/shop/instances/it/backupRuns/1"
    return together(_instance(), asset("sqladmin.googleapis.com/BackupRun", run, name=name))


CASES = (
    Case(
        "gcp-sql-instance-tls",
        _reached(sslMode="ENCRYPTED_ONLY"),
        _reached(),
    ),
    Case("gcp-sql-instance-no-public-address", _reached(), _reached(ipv4Enabled=True)),
    Case(
        "gcp-sql-instance-authorized-networks",
        _reached(),
        _reached(authorizedNetworks=[{"name": "all", "value": "0.0.0.0/0"}]),
    ),
    Case("gcp-sql-instance-backups", _kept(enabled=True), _instance()),
    Case(
        "gcp-sql-instance-pitr",
        _kept("MYSQL_8_0", enabled=True, binaryLogEnabled=True),
        _kept(enabled=True, binaryLogEnabled=True),
    ),
    Case("gcp-sql-backup-fresh", _backed_up("SUCCESSFUL", 1), _backed_up("FAILED", 1)),
    Case(
        "gcp-sql-instance-deletion-protection",
        _instance(deletionProtectionEnabled=True),
        _instance(),
    ),
    Case("gcp-sql-instance-multi-zone", _instance(availabilityType="REGIONAL"), _instance()),
    Case(
        "gcp-sql-instance-customer-key",
        _instance(more={"diskEncryptionConfiguration": {"kmsKeyName": "k"}}),
        _instance(),
    ),
    Case(
        "gcp-sql-instance-password-policy",
        _instance(passwordValidationPolicy={"enablePasswordPolicy": True, "minLength": 14}),
        _instance(passwordValidationPolicy={"enablePasswordPolicy": True}),
    ),
    Case("gcp-sql-instance-iam-auth", _flagged("POSTGRES_16", iam="on"), _instance()),
    Case(
        "gcp-sql-mysql-flags",
        _flagged("MYSQL_8_0", local_infile="off", skip_show_database="on"),
        _flagged("MYSQL_8_0", local_infile="off"),
    ),
    Case(
        "gcp-sql-postgres-logging",
        _flagged("POSTGRES_16", log_connections="on", log_disconnections="on", log_statement="ddl"),
        _flagged("POSTGRES_16", log_connections="on", log_disconnections="on"),
    ),
    Case(
        "gcp-sql-postgres-log-levels",
        _instance(),
        _flagged("POSTGRES_16", log_min_messages="panic"),
    ),
    Case("gcp-sql-postgres-audit", _flagged("POSTGRES_16", pgaudit="on"), _instance()),
    Case(
        "gcp-sql-sqlserver-flags",
        _flagged("SQLSERVER_2022_STANDARD", remote_access="off"),
        _flagged("SQLSERVER_2022_STANDARD", remote_access="off", scripts="on"),
    ),
    Case(
        "gcp-sql-sqlserver-limits",
        _flagged("SQLSERVER_2022_STANDARD", trace="on"),
        _flagged("SQLSERVER_2022_STANDARD", trace="on", connections="10"),
    ),
)
