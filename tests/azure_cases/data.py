"""Databricks, Machine Learning, AI Search."""

from functools import partial
from typing import Any

from azure_cases import Case, Make, resource


def _of(kind: str, **properties: Any) -> Make:
    return resource(kind, properties=properties)


_lake = partial(_of, "Microsoft.Databricks/workspaces")
_models = partial(_of, "Microsoft.MachineLearningServices/workspaces")
_search = partial(_of, "Microsoft.Search/searchServices")
HIDDEN = {"enableNoPublicIp": {"type": "Bool", "value": True}}
SHOWN = {"enableNoPublicIp": {"type": "Bool", "value": False}}

CASES = (
    Case(
        "azure-databricks-no-public-address",
        _lake(parameters=HIDDEN),
        _lake(parameters=SHOWN),
    ),
    Case("azure-databricks-network", _lake(publicNetworkAccess="Disabled"), _lake()),
    Case("azure-machine-learning-network", _models(publicNetworkAccess="Disabled"), _models()),
    Case(
        "azure-search-network",
        _search(networkRuleSet={"ipRules": [{"value": "203.0.113.7"}]}),
        _search(networkRuleSet={"ipRules": []}),
    ),
    Case("azure-search-local-auth", _search(disableLocalAuth=True), _search()),
)
