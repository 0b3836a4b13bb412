"""PostgreSQL and MySQL servers, Cosmos DB accounts and caches."""

from typing import Any

from azure_cases import Case, Json, Make, connected, resource

_ANY_AZURE = "0.0.0.0"  # Azure's way to say all of Azure


def _postgresql(below: Json | None = None, **properties: Any) -> Make:
    return resource("Microsoft.DBforPostgreSQL/flexibleServers", below=below, properties=properties)


def _mysql(below: Json | None = None, **properties: Any) -> Make:
    return resource("Microsoft.DBforMySQL/flexibleServers", below=below, properties=properties)


def _cosmos(**properties: Any) -> Make:
    kind = "GlobalDocumentDB"
    return resource("Microsoft.DocumentDB/databaseAccounts", kind=kind, properties=properties)


def _redis(**properties: Any) -> Make:
    return resource("Microsoft.Cache/redis", properties=properties)


def _set(values: Json) -> Json:
    """Parameters of a server, as Resource Manager shows each."""
    return {f"configurations/{name}": {"properties": {"value": v}} for name, v in values.items()}


def _open(first: str, last: str) -> Json:
    address = {"startIpAddress": first, "endIpAddress": last}
    return {"firewallRules": [{"name": "r", "properties": address}]}


def _logging(days: str) -> Json:
    return _set(
        {
            "log_checkpoints": "on",
            "connection_throttle.enable": "on",
            "logfiles.retention_days": days,
        }
    )


_PUBLIC: Json = {"network": {"publicNetworkAccess": "Enabled"}}
_PRIVATE: Json = {"network": {"publicNetworkAccess": "Disabled"}}
_OFFICE = _open("203.0.113.4", "203.0.113.7")

CASES = (
    Case(
        "azure-postgresql-tls-required",
        _postgresql(_set({"require_secure_transport": "on"})),
        _postgresql(_set({"require_secure_transport": "off"})),
    ),
    Case("azure-postgresql-public-access", _postgresql(**_PRIVATE), _postgresql(**_PUBLIC)),
    Case(
        "azure-postgresql-firewall",
        _postgresql(_OFFICE, **_PUBLIC),
        _postgresql(_open(_ANY_AZURE, "255.255.255.255"), **_PUBLIC),
    ),
    Case("azure-postgresql-logging", _postgresql(_logging("7")), _postgresql(_logging("2"))),
    Case(
        "azure-postgresql-entra-authentication",
        _postgresql(authConfig={"activeDirectoryAuth": "Enabled", "passwordAuth": "Disabled"}),
        _postgresql(authConfig={"activeDirectoryAuth": "Enabled"}),
    ),
    Case(
        "azure-postgresql-backups",
        _postgresql(backup={"backupRetentionDays": 14}),
        _postgresql(backup={"backupRetentionDays": 3}),
    ),
    Case(
        "azure-mysql-tls-required",
        _mysql(_set({"require_secure_transport": "ON", "tls_version": "TLSv1.2,TLSv1.3"})),
        _mysql(_set({"require_secure_transport": "ON", "tls_version": "TLSv1,TLSv1.2"})),
    ),
    Case("azure-mysql-public-access", _mysql(**_PRIVATE), _mysql(**_PUBLIC)),
    Case(
        "azure-mysql-firewall",
        _mysql(_OFFICE, **_PUBLIC),
        _mysql(_open(_ANY_AZURE, _ANY_AZURE), **_PUBLIC),
    ),
    Case(
        "azure-mysql-audit-log",
        _mysql(_set({"audit_log_enabled": "ON", "audit_log_events": "DDL,CONNECTION"})),
        _mysql(_set({"audit_log_enabled": "OFF", "audit_log_events": "DDL,CONNECTION"})),
    ),
    Case(
        "azure-mysql-backups",
        _mysql(backup={"backupRetentionDays": 14}),
        _mysql(backup={"backupRetentionDays": 3}),
    ),
    Case(
        "azure-cosmosdb-network",
        _cosmos(ipRules=[{"ipAddressOrRange": "203.0.113.4"}]),
        _cosmos(ipRules=[]),
    ),
    Case("azure-cosmosdb-entra-only", _cosmos(disableLocalAuth=True), _cosmos()),
    Case("azure-cosmosdb-tls", _cosmos(minimalTlsVersion="Tls12"), _cosmos()),
    Case(
        "azure-cosmosdb-backups",
        _cosmos(backupPolicy={"type": "Continuous"}),
        _cosmos(backupPolicy={"type": "Periodic"}),
    ),
    Case("azure-cosmosdb-customer-key", _cosmos(keyVaultKeyUri="https://v/keys/k"), _cosmos()),
    Case(
        "azure-cosmosdb-private-endpoint",
        _cosmos(**connected("Approved")),
        _cosmos(**connected("Rejected")),
    ),
    Case("azure-redis-entra-only", _redis(disableAccessKeyAuthentication=True), _redis()),
    Case(
        "azure-redis-tls",
        _redis(enableNonSslPort=False, minimumTlsVersion="1.2"),
        _redis(enableNonSslPort=False),
    ),
    Case("azure-redis-public-access", _redis(publicNetworkAccess="Disabled"), _redis()),
)
