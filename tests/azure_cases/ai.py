"""Accounts of Azure AI services."""

from typing import Any

from azure_cases import Case, Make, resource
from azure_cases.network import sent

KIND = "Microsoft.CognitiveServices/accounts"


def _account(**properties: Any) -> Make:
    return resource(KIND, kind="OpenAI", properties=properties)


CASES = (
    Case("azure-ai-local-auth", _account(disableLocalAuth=True), _account()),
    Case("azure-ai-network", _account(networkAcls={"defaultAction": "Deny"}), _account()),
    Case(
        "azure-ai-logs",
        resource(KIND, below=sent("Audit")),
        resource(KIND, below=sent("Trace")),
    ),
)
