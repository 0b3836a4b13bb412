"""Key vaults, and the keys and secrets in them."""

import time
from typing import Any

from azure_kit import ONE, resource_id

from agent.demo.azure.world import World
from azure_cases import Case, Json, Make, connected, resource

_VAULT = "Microsoft.KeyVault/vaults"
_DIAGNOSTICS = "providers/Microsoft.Insights/diagnosticSettings"
_NEXT_YEAR = int(time.time()) + 365 * 86400
_LAST_YEAR = int(time.time()) - 365 * 86400


def _vault(below: Json | None = None, **properties: Any) -> Make:
    return resource(_VAULT, below=below, properties=properties)


def _inside(kind: str, detail: Json | None = None, **attributes: Any) -> Make:
    """A vault with one key or secret in it, which is what is looked for."""
    identity = f"{resource_id(ONE, _VAULT, 'it')}/{kind}/one"
    found = {
        "id": identity,
        "name": "one",
        "location": "westeurope",
        "properties": {"attributes": {"enabled": True, "created": _LAST_YEAR, **attributes}},
    }
    vault = _vault({kind: [found], f"{kind}/one": {**found, "properties": detail or {}}})

    def make(world: World) -> str:
        vault(world)
        return identity

    return make


def _rotating(action: str) -> Make:
    return _inside("keys", {"rotationPolicy": {"lifetimeActions": [{"action": {"type": action}}]}})


def _logged(category: str) -> Make:
    logs = [{"category": category, "enabled": True}]
    return _vault({_DIAGNOSTICS: [{"name": "audit", "properties": {"logs": logs}}]})


CASES = (
    Case(
        "azure-keyvault-purge-protection",
        _vault(enableSoftDelete=True, enablePurgeProtection=True),
        _vault(enableSoftDelete=True),
    ),
    Case("azure-keyvault-rbac", _vault(enableRbacAuthorization=True), _vault()),
    Case(
        "azure-keyvault-network",
        _vault(networkAcls={"defaultAction": "Deny", "ipRules": [{"value": "203.0.113.0/24"}]}),
        _vault(networkAcls={"defaultAction": "Deny", "ipRules": [{"value": "128.0.0.0/1"}]}),
    ),
    Case(
        "azure-keyvault-private-endpoint",
        _vault(**connected("Approved")),
        _vault(**connected("Pending")),
    ),
    Case("azure-keyvault-logging", _logged("AuditEvent"), _logged("AzurePolicyEvaluationDetails")),
    Case("azure-keyvault-key-expiry", _inside("keys", exp=_NEXT_YEAR), _inside("keys")),
    Case(
        "azure-keyvault-secret-expiry",
        _inside("secrets", exp=_NEXT_YEAR),
        _inside("secrets", exp=_LAST_YEAR),
    ),
    Case("azure-keyvault-key-rotation", _rotating("rotate"), _rotating("notify")),
)
