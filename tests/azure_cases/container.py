"""Container registries, Container Apps."""

from typing import Any

from azure_cases import Case, Make, resource


def _registry(**properties: Any) -> Make:
    kind = "Microsoft.ContainerRegistry/registries"
    return resource(kind, sku={"name": "Premium"}, properties=properties)


def _app(**ingress: Any) -> Make:
    properties = {
        "configuration": {"ingress": {"external": True, **ingress}},
        "template": {"containers": [{"name": "web", "env": []}]},
    }
    return resource("Microsoft.App/containerApps", properties=properties)


def _app_with(*variables: dict[str, str]) -> Make:
    properties = {
        "configuration": {},
        "template": {"containers": [{"name": "web", "env": [*variables]}]},
    }
    return resource("Microsoft.App/containerApps", properties=properties)


CASES = (
    Case(
        "azure-container-registry-admin-user",
        _registry(adminUserEnabled=False),
        _registry(adminUserEnabled=True),
    ),
    Case(
        "azure-container-registry-anonymous",
        _registry(),
        _registry(anonymousPullEnabled=True),
    ),
    Case(
        "azure-container-registry-network",
        _registry(networkRuleSet={"defaultAction": "Deny", "ipRules": []}),
        _registry(),
    ),
    Case("azure-container-app-https", _app(), _app(allowInsecure=True)),
    Case(
        "azure-container-app-environment-no-secrets",
        _app_with({"name": "STAGE", "value": "prod"}, {"name": "API_KEY", "secretRef": "key"}),
        _app_with({"name": "API_KEY", "value": "hunter2-or-so"}),
    ),
)
