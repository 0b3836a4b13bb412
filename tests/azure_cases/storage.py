"""Storage accounts."""

from typing import Any

from azure_cases import Case, Json, Make, ago, connected, resource

_DIAGNOSTICS = "default/providers/Microsoft.Insights/diagnosticSettings"
_ALL = ("StorageRead", "StorageWrite", "StorageDelete")
_KEPT: Json = {"enabled": True, "days": 14}


def _account(below: Json | None = None, **properties: Any) -> Make:
    return resource(
        "Microsoft.Storage/storageAccounts", kind="StorageV2", below=below, properties=properties
    )


def _blob(**properties: Any) -> Make:
    return _account({"blobServices/default": {"properties": properties}})


def _keys(first: float, second: float) -> Make:
    return _account(keyCreationTime={"key1": ago(first), "key2": ago(second)})


def _logged(service: str, *categories: str) -> Make:
    logs = [{"category": each, "enabled": True} for each in categories]
    setting = {"name": "audit", "properties": {"workspaceId": "w", "logs": logs}}
    return _account({f"{service}Services/{_DIAGNOSTICS}": [setting]})


def _ending(**actions: Any) -> Make:
    rule = {"name": "end", "definition": {"actions": actions}}
    return _account({"managementPolicies/default": {"properties": {"policy": {"rules": [rule]}}}})


CASES = (
    Case(
        "azure-storage-account-tls",
        _account(supportsHttpsTrafficOnly=True, minimumTlsVersion="TLS1_2"),
        _account(supportsHttpsTrafficOnly=True),
    ),
    Case(
        "azure-storage-account-public-access",
        _account(allowBlobPublicAccess=False),
        _account(),
    ),
    Case(
        "azure-storage-account-network",
        _account(networkAcls={"defaultAction": "Deny"}),
        _account(networkAcls={"bypass": "AzureServices"}),
    ),
    Case("azure-storage-account-shared-key", _account(allowSharedKeyAccess=False), _account()),
    Case("azure-storage-account-key-age", _keys(10, 80), _keys(10, 100)),
    Case(
        "azure-storage-account-customer-key",
        _account(encryption={"keySource": "Microsoft.Keyvault"}),
        _account(encryption={"keySource": "Microsoft.Storage"}),
    ),
    Case(
        "azure-storage-account-infrastructure-encryption",
        _account(encryption={"requireInfrastructureEncryption": True}),
        _account(encryption={"keySource": "Microsoft.Storage"}),
    ),
    Case(
        "azure-storage-account-tenant-replication",
        _account(allowCrossTenantReplication=False),
        _account(),
    ),
    Case(
        "azure-storage-account-private-endpoint",
        _account(**connected("Approved")),
        _account(privateEndpointConnections=[]),
    ),
    Case(
        "azure-storage-account-soft-delete",
        _blob(deleteRetentionPolicy=_KEPT, containerDeleteRetentionPolicy=_KEPT),
        _blob(deleteRetentionPolicy=_KEPT),
    ),
    Case("azure-storage-account-versioning", _blob(isVersioningEnabled=True), _blob()),
    Case(
        "azure-storage-account-lifecycle",
        _ending(baseBlob={"delete": {"daysAfterModificationGreaterThan": 400}}),
        _ending(baseBlob={"tierToCool": {"daysAfterModificationGreaterThan": 30}}),
    ),
    *(
        Case(
            f"azure-storage-account-{service}-logging",
            _logged(service, *_ALL),
            _logged(service, *_ALL[1:]),
        )
        for service in ("blob", "queue", "table")
    ),
)
