"""Servers and databases of Azure SQL."""

from typing import Any

from azure_cases import Case, Json, Make, resource

_ENTRA_ONLY = "azureADOnlyAuthentications/Default"


def _server(below: Json | None = None, **properties: Any) -> Make:
    return resource("Microsoft.Sql/servers", below=below, properties=properties)


def _database(below: Json) -> Make:
    return resource("Microsoft.Sql/servers/databases", name="orders", below=below)


def _with(path: str, **properties: Any) -> Json:
    return {path: {"properties": properties}}


def _firewall(first: str, last: str) -> Make:
    rule = {"name": "r", "properties": {"startIpAddress": first, "endIpAddress": last}}
    return _server({"firewallRules": [rule]})


def _audited(**properties: Any) -> Make:
    return _server(_with("auditingSettings/default", **properties))


def _kept(days: int) -> Make:
    return _audited(state="Enabled", storageEndpoint="https://logs", retentionDays=days)


CASES = (
    Case("azure-sql-server-tls", _server(minimalTlsVersion="1.2"), _server()),
    Case("azure-sql-server-public-access", _server(publicNetworkAccess="Disabled"), _server()),
    Case(
        "azure-sql-server-firewall",
        _firewall("203.0.113.4", "203.0.113.7"),
        _firewall("0.0.0.0", "0.0.0.0"),  # Azure's way to say all of Azure
    ),
    Case(
        "azure-sql-server-entra-admin",
        _server({"administrators": [{"properties": {"login": "dba"}}]}),
        _server({"administrators": []}),
    ),
    Case(
        "azure-sql-server-entra-only",
        _server(_with(_ENTRA_ONLY, azureADOnlyAuthentication=True)),
        _server(_with(_ENTRA_ONLY, azureADOnlyAuthentication=False)),
    ),
    Case("azure-sql-server-auditing", _audited(state="Enabled"), _audited(state="Disabled")),
    Case("azure-sql-server-audit-retention", _kept(120), _kept(30)),
    Case(
        "azure-sql-server-customer-key",
        _server(_with("encryptionProtector/current", serverKeyType="AzureKeyVault")),
        _server(_with("encryptionProtector/current", serverKeyType="ServiceManaged")),
    ),
    Case(
        "azure-sql-server-threat-detection",
        _server(_with("securityAlertPolicies/Default", state="Enabled")),
        _server(_with("securityAlertPolicies/Default", state="Disabled")),
    ),
    Case(
        "azure-sql-database-encrypted",
        _database(_with("transparentDataEncryption/current", state="Enabled")),
        _database(_with("transparentDataEncryption/current", state="Disabled")),
    ),
    Case(
        "azure-sql-database-backups",
        _database(_with("backupShortTermRetentionPolicies/default", retentionDays=14)),
        _database(_with("backupShortTermRetentionPolicies/default", retentionDays=1)),
    ),
)
