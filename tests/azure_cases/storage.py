"""Storage accounts."""

from typing import Any

from azure_cases import Case, Make, resource


def _account(**properties: Any) -> Make:
    return resource("Microsoft.Storage/storageAccounts", properties=properties)


CASES = (
    Case(
        "azure-storage-account-tls",
        _account(supportsHttpsTrafficOnly=True, minimumTlsVersion="TLS1_2"),
        _account(supportsHttpsTrafficOnly=True),
    ),
)
