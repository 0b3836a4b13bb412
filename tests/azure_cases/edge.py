"""What the world arrives at: Application Gateways, Front Doors, their firewalls."""

from functools import partial
from typing import Any

from azure_kit import resource_id

from azure_cases import SUBSCRIPTION, Case, Make, resource
from azure_cases.network import sent

GATEWAY = "Microsoft.Network/applicationGateways"
DOOR = resource_id(SUBSCRIPTION, "Microsoft.Cdn/profiles", "it")


def _gateway(protocol: str = "Https", **properties: Any) -> Make:
    listener = {"id": "/listeners/web", "name": "web", "properties": {"protocol": protocol}}
    sku = {"name": "WAF_v2", "tier": "WAF_v2"}
    return resource(GATEWAY, properties={"sku": sku, "httpListeners": [listener], **properties})


_door = partial(
    resource, "Microsoft.Cdn/profiles", kind="frontdoor", sku={"name": "Premium_AzureFrontDoor"}
)


def _routed(**more: Any) -> Make:
    route = {"httpListener": {"id": "/listeners/web"}, **more}
    return _gateway("Http", requestRoutingRules=[{"name": "one", "properties": route}])


def _guarded(domain: str) -> Make:
    parameters = {
        "type": "WebApplicationFirewall",
        "associations": [{"domains": [{"id": domain}], "patternsToMatch": ["/*"]}],
    }
    endpoint = {
        "id": f"{DOOR}/afdEndpoints/shop",
        "name": "shop",
        "properties": {"enabledState": "Enabled"},
    }
    policy = {"name": "waf", "properties": {"parameters": parameters}}
    return _door(below={"afdEndpoints": [endpoint], "securityPolicies": [policy]})


def _domain(version: str) -> Make:
    settings = {"tlsSettings": {"minimumTlsVersion": version}}
    return _door(below={"customDomains": [{"id": "/www", "name": "www", "properties": settings}]})


def _gateway_policy(mode: str) -> Make:
    settings = {"policySettings": {"state": "Enabled", "mode": mode}}
    kind = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies"
    return resource(kind, properties={**settings, "applicationGateways": [{"id": "/gateway"}]})


def _door_policy(mode: str) -> Make:
    settings = {"policySettings": {"enabledState": "Enabled", "mode": mode}}
    kind = "Microsoft.Network/frontdoorWebApplicationFirewallPolicies"
    return resource(kind, properties={**settings, "securityPolicyLinks": [{"id": "/policy"}]})


CASES = (
    Case(
        "azure-application-gateway-waf",
        _gateway(firewallPolicy={"id": "/policy"}),
        _gateway(),
    ),
    Case(
        "azure-application-gateway-tls",
        _gateway(sslPolicy={"policyType": "CustomV2", "minProtocolVersion": "TLSv1_2"}),
        _gateway(defaultPredefinedSslPolicy="AppGwSslPolicy20150501"),
    ),
    Case(
        "azure-application-gateway-https",
        _routed(redirectConfiguration={"id": "/redirect"}),
        _routed(backendAddressPool={"id": "/pool"}),
    ),
    Case(
        "azure-application-gateway-logs",
        resource(GATEWAY, below=sent("ApplicationGatewayAccessLog")),
        resource(GATEWAY, below=sent("ApplicationGatewayFirewallLog")),
    ),
    Case(
        "azure-application-gateway-waf-blocks",
        _gateway_policy("Prevention"),
        _gateway_policy("Detection"),
    ),
    Case("azure-front-door-waf-blocks", _door_policy("Prevention"), _door_policy("Detection")),
    Case(
        "azure-front-door-waf",
        _guarded(f"{DOOR}/afdendpoints/shop"),
        _guarded(f"{DOOR}/customdomains/www"),
    ),
    Case("azure-front-door-tls", _domain("TLS12"), _domain("TLS10")),
    Case(
        "azure-front-door-logs",
        _door(below=sent("FrontDoorAccessLog")),
        _door(below=sent("FrontDoorWebApplicationFirewallLog")),
    ),
)
