"""Networks and what guards them: security groups, flow logs, firewalls, Bastion, VPN."""

from functools import partial
from typing import Any

from azure_kit import resource_id

from azure_cases import SUBSCRIPTION, Case, Json, Make, resource, together

SPACE = "Microsoft.Network"
NETWORK = resource_id(SUBSCRIPTION, f"{SPACE}/virtualNetworks", "it")


def _of(kind: str, **properties: Any) -> Make:
    return resource(f"{SPACE}/{kind}", properties=properties)


_interface = partial(
    _of, "networkInterfaces", virtualMachine={"id": "/vm"}, enableIPForwarding=False
)
_firewall = partial(resource, f"{SPACE}/azureFirewalls")
_gateway = partial(_of, "virtualNetworkGateways", gatewayType="Vpn")
_connection = partial(_of, "connections", connectionType="IPsec")
_flow_log = partial(_of, "networkWatchers/flowLogs", targetResourceId=NETWORK)


def _opens(ports: str, *, source: str = "*", protocol: str = "Tcp") -> Make:
    """A group with one rule; what Azure adds to every group is not in `securityRules`."""
    rule = {
        "access": "Allow",
        "direction": "Inbound",
        "protocol": protocol,
        "priority": 100,
        "sourcePortRange": "*",
        "sourceAddressPrefix": source,
        "destinationAddressPrefix": "*",
        "destinationPortRange": ports,
    }
    return _of("networkSecurityGroups", securityRules=[{"name": "one", "properties": rule}])


def _network(*, guarded: bool = True) -> Make:
    group = {"networkSecurityGroup": {"id": "/group"}} if guarded else {}
    subnet = {"id": f"{NETWORK}/subnets/web", "name": "web", "properties": group}
    return _of("virtualNetworks", subnets=[subnet])


def _recorded(*, enabled: bool) -> Make:
    log = {"targetResourceId": NETWORK.upper(), "enabled": enabled}
    return together(_network(), resource(f"{SPACE}/networkWatchers/flowLogs", properties=log))


def _watched(location: str) -> Make:
    return together(_network(), resource(f"{SPACE}/networkWatchers", location=location))


def _address(**given: Any) -> Make:
    return _interface(ipConfigurations=[{"name": "one", "properties": given}])


def _policy_of(mode: str) -> Make:
    policy = resource_id(SUBSCRIPTION, f"{SPACE}/firewallPolicies", "rules")
    firewall = _firewall(properties={"firewallPolicy": {"id": policy.lower()}})
    kind = f"{SPACE}/firewallPolicies"
    return together(firewall, resource(kind, name="rules", properties={"threatIntelMode": mode}))


def sent(*categories: str) -> dict[str, list[Json]]:
    """What `below` says of a resource whose logs of these categories go to a workspace."""
    logs = [{"category": each, "enabled": True} for each in categories]
    setting = {"name": "to", "properties": {"workspaceId": "/workspace", "logs": logs}}
    return {"providers/Microsoft.Insights/diagnosticSettings": [setting]}


STRONG = {
    "ipsecEncryption": "GCMAES256",
    "ipsecIntegrity": "GCMAES256",
    "ikeEncryption": "AES256",
    "ikeIntegrity": "SHA256",
    "dhGroup": "DHGroup14",
    "pfsGroup": "PFS2048",
}
SAFE = _opens("443")

CASES = (
    Case("azure-network-security-group-ssh", SAFE, _opens("20-30")),
    Case("azure-network-security-group-rdp", _opens("3389", source="10.0.0.0/8"), _opens("3389")),
    Case("azure-network-security-group-data-ports", SAFE, _opens("5432", source="Internet")),
    Case("azure-network-security-group-udp", _opens("53"), _opens("53", protocol="Udp")),
    Case("azure-network-security-group-all-traffic", SAFE, _opens("*", protocol="*")),
    Case("azure-subnet-security-group", _network(), _network(guarded=False)),
    Case("azure-virtual-network-flow-logs", _recorded(enabled=True), _recorded(enabled=False)),
    Case("azure-network-watcher", _watched("westeurope"), _watched("eastus")),
    Case(
        "azure-flow-log-retention",
        _flow_log(enabled=True, retentionPolicy={"enabled": True, "days": 90}),
        _flow_log(enabled=True, retentionPolicy={"enabled": True, "days": 7}),
    ),
    Case(
        "azure-virtual-machine-no-public-address",
        _address(privateIPAddress="10.0.0.4"),
        _address(publicIPAddress={"id": "/address"}),
    ),
    Case(
        "azure-network-interface-ip-forwarding", _interface(), _interface(enableIPForwarding=True)
    ),
    Case(
        "azure-public-ip-standard",
        resource(f"{SPACE}/publicIPAddresses", sku={"name": "Standard"}),
        resource(f"{SPACE}/publicIPAddresses", sku={"name": "Basic"}),
    ),
    Case(
        "azure-public-ip-used",
        _of("publicIPAddresses", ipConfiguration={"id": "/interface"}),
        _of("publicIPAddresses"),
    ),
    Case(
        "azure-bastion-shareable-links",
        _of("bastionHosts"),
        _of("bastionHosts", enableShareableLink=True),
    ),
    Case("azure-firewall-threat-intelligence", _policy_of("Deny"), _policy_of("Alert")),
    Case(
        "azure-firewall-logs",
        _firewall(below=sent("AZFWNetworkRule", "AZFWApplicationRule")),
        _firewall(below=sent("AZFWNetworkRule")),
    ),
    Case("azure-vpn-gateway-active-active", _gateway(activeActive=True), _gateway()),
    Case(
        "azure-vpn-gateway-sign-in",
        _gateway(vpnClientConfiguration={"vpnAuthenticationTypes": ["AAD"]}),
        _gateway(vpnClientConfiguration={"vpnAuthenticationTypes": ["Certificate"]}),
    ),
    Case(
        "azure-vpn-connection-ikev2",
        _connection(connectionProtocol="IKEv2"),
        _connection(connectionProtocol="IKEv1"),
    ),
    Case(
        "azure-vpn-connection-ciphers",
        _connection(ipsecPolicies=[STRONG]),
        _connection(ipsecPolicies=[{**STRONG, "dhGroup": "DHGroup2"}]),
    ),
)
