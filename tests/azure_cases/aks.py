"""Kubernetes clusters."""

from typing import Any

from azure_cases import Case, Json, Make, arm, resource, together
from azure_cases.network import sent

KIND = "Microsoft.ContainerService/managedClusters"
VERSIONS = "providers/Microsoft.ContainerService/locations/westeurope/kubernetesVersions"


def _cluster(**properties: Any) -> Make:
    return resource(KIND, properties=properties)


def _at(version: str) -> Make:
    known: list[Json] = [
        {"version": "1.34", "capabilities": {"supportPlan": ["KubernetesOfficial"]}},
        {"version": "1.35", "isPreview": True},
    ]
    return together(_cluster(kubernetesVersion=version), arm({VERSIONS: {"values": known}}))


CASES = (
    Case(
        "azure-aks-rbac",
        _cluster(enableRBAC=True, aadProfile={"managed": True, "enableAzureRBAC": True}),
        _cluster(enableRBAC=True),
    ),
    Case("azure-aks-local-accounts", _cluster(disableLocalAccounts=True), _cluster()),
    Case(
        "azure-aks-endpoint-not-public",
        _cluster(apiServerAccessProfile={"authorizedIPRanges": ["203.0.113.0/24"]}),
        _cluster(),
    ),
    Case(
        "azure-aks-policy",
        _cluster(addonProfiles={"azurePolicy": {"enabled": True}}),
        _cluster(addonProfiles={"azurepolicy": {"enabled": False}}),
    ),
    Case("azure-aks-version-supported", _at("1.34.1"), _at("1.35.0")),
    Case(
        "azure-aks-upgrades",
        _cluster(autoUpgradeProfile={"upgradeChannel": "stable"}),
        _cluster(autoUpgradeProfile={"nodeOSUpgradeChannel": "NodeImage"}),
    ),
    Case(
        "azure-aks-network-policy",
        _cluster(networkProfile={"networkPlugin": "azure", "networkPolicy": "azure"}),
        _cluster(networkProfile={"networkPlugin": "kubenet"}),
    ),
    Case(
        "azure-aks-defender",
        _cluster(securityProfile={"defender": {"securityMonitoring": {"enabled": True}}}),
        _cluster(securityProfile={}),
    ),
    Case(
        "azure-aks-audit-logs",
        resource(KIND, below=sent("kube-audit-admin")),
        resource(KIND, below=sent("kube-scheduler")),
    ),
)
