"""Networks: firewall rules, subnets, routers and tunnels."""

from typing import Any

from gcp_cases import Case, Json, Make, asset, together

_NETWORK = "https://www.googleapis.com/compute/v1/projects/shop/global/networks/it"
_TCP: Json = {"IPProtocol": "tcp"}
_WEB: Json = {"IPProtocol": "tcp", "ports": ["443"]}


def _firewall(allowed: Json, *sources: str, **data: Any) -> Make:
    made = {"name": "it", "network": _NETWORK, **data}
    ranges = {"sourceRanges": [*sources]} if sources else {}
    return asset("compute.googleapis.com/Firewall", {**made, "allowed": [allowed], **ranges})


def _network(**data: Any) -> Make:
    name = data.get("name", "it")
    return asset(
        "compute.googleapis.com/Network",
        {"name": name, "selfLink": _NETWORK, **data},
        name=f"projects/shop/global/networks/{name}",
    )


def _asked(**data: Any) -> Make:
    used = [{"networkUrl": "https://www.googleapis.com/other"}, {"networkUrl": _NETWORK}]
    policy = asset("dns.googleapis.com/Policy", {"name": "logs", "networks": used, **data})
    return together(_network(), policy)


def _subnetwork(**data: Any) -> Make:
    made = {"name": "it", "network": _NETWORK, "ipCidrRange": "10.0.0.0/20", **data}
    return asset("compute.googleapis.com/Subnetwork", made)


def _router(**nat: Any) -> Make:
    made = {"name": "it", "nat": [{"name": "nat", **nat}]}
    return asset("compute.googleapis.com/Router", made)


def _tunnel(**data: Any) -> Make:
    made = {"name": "it", "status": "ESTABLISHED", "ikeVersion": 2, "sharedSecret": "*", **data}
    return asset("compute.googleapis.com/VpnTunnel", made)


CASES = (
    Case(
        "gcp-firewall-ssh",
        # As older exports spell it.
        _firewall({"ipProtocol": "tcp", "port": ["443"]}, sourceRange=["0.0.0.0/0"]),
        _firewall({"IPProtocol": "tcp", "ports": ["20-30"]}, "0.0.0.0/0"),
    ),
    Case(
        "gcp-firewall-rdp",
        _firewall(_WEB, "0.0.0.0/0"),
        _firewall({"IPProtocol": "udp", "ports": ["3389"]}, "10.0.0.0/8", "0.0.0.0/0"),
    ),
    Case(
        "gcp-firewall-data-ports",
        _firewall(_TCP, sourceTags=["bastion"]),
        _firewall({"IPProtocol": "tcp", "ports": ["443", "5432"]}, "::/0"),
    ),
    Case(
        "gcp-firewall-all-traffic",
        _firewall(_TCP, sourceRange=["10.0.0.0/8"]),
        _firewall({"IPProtocol": "all"}),
    ),
    Case(
        "gcp-firewall-logging",
        _firewall(_TCP, logConfig={"enable": True}),
        _firewall(_TCP, logConfig={}),
    ),
    Case("gcp-network-not-default", _network(), _network(name="default")),
    Case("gcp-network-not-legacy", _network(), _network(IPv4Range="10.240.0.0/16")),
    Case("gcp-network-dns-logging", _asked(enableLogging=True), _asked()),
    Case(
        "gcp-subnetwork-flow-logs",
        _subnetwork(logConfig={"enable": True}),
        _subnetwork(logConfig={"enable": False}),
    ),
    Case(
        "gcp-subnetwork-private-google-access",
        _subnetwork(privateIpGoogleAccess=True),
        _subnetwork(),
    ),
    Case("gcp-router-nat-logging", _router(logConfig={"enable": True}), _router()),
    Case("gcp-vpn-tunnel-ikev2", _tunnel(), _tunnel(ikeVersion=1)),
    Case("gcp-vpn-tunnels-up", _tunnel(), _tunnel(status="NO_INCOMING_PACKETS")),
)
