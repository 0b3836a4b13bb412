"""Automation accounts, Batch accounts."""

from typing import Any

from azure_cases import Case, Make, resource

AUTOMATION = "Microsoft.Automation/automationAccounts"


def _holding(*, encrypted: bool) -> Make:
    variable = {"name": "token", "properties": {"isEncrypted": encrypted, "value": '"secret"'}}
    return resource(AUTOMATION, below={"variables": [variable]})


def _batch(**properties: Any) -> Make:
    return resource("Microsoft.Batch/batchAccounts", properties=properties)


CASES = (
    Case(
        "azure-automation-variables-encrypted",
        _holding(encrypted=True),
        _holding(encrypted=False),
    ),
    Case(
        "azure-automation-local-auth",
        resource(AUTOMATION, properties={"disableLocalAuth": True}),
        resource(AUTOMATION),
    ),
    Case("azure-batch-network", _batch(publicNetworkAccess="Disabled"), _batch()),
)
