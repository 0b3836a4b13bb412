"""API Management, Data Factory."""

from azure_cases import Case, Make, resource
from azure_cases.network import sent

API = "Microsoft.ApiManagement/service"
SECURITY = "Microsoft.WindowsAzure.ApiManagement.Gateway.Security"


def _speaking(tls10: str) -> Make:
    """A service as the API writes it: each protocol of each side as text."""
    protocols = {
        f"{SECURITY}.{side}Protocols.{version}": "False"
        for side in ("", "Backend.")
        for version in ("Ssl30", "Tls10", "Tls11")
    }
    properties = {"customProperties": {**protocols, f"{SECURITY}.Protocols.Tls10": tls10}}
    return resource(API, sku={"name": "Premium"}, properties=properties)


def _factory(**properties: str) -> Make:
    return resource("Microsoft.DataFactory/factories", properties=properties)


CASES = (
    Case("azure-api-management-tls", _speaking("false"), _speaking("True")),
    Case(
        "azure-api-management-logs",
        resource(API, below=sent("GatewayLogs")),
        resource(API, below=sent("WebSocketConnectionLogs")),
    ),
    Case("azure-data-factory-network", _factory(publicNetworkAccess="Disabled"), _factory()),
)
