"""Classic load balancers."""

from typing import Any

from moto_cases import REGION, Case, ClientOf, Make
from moto_cases.acm import imported


def _load_balancer(protocol: str = "HTTPS", *, cross_zone: bool = True) -> Make:
    def make(client: ClientOf) -> str:
        listener: dict[str, Any] = {
            "Protocol": protocol,
            "LoadBalancerPort": 443,
            "InstancePort": 80,
        }
        if protocol == "HTTPS":
            listener["SSLCertificateId"] = imported()(client)
        elb = client("elb")
        elb.create_load_balancer(
            LoadBalancerName="web", Listeners=[listener], AvailabilityZones=[f"{REGION}a"]
        )
        elb.modify_load_balancer_attributes(
            LoadBalancerName="web",
            LoadBalancerAttributes={"CrossZoneLoadBalancing": {"Enabled": cross_zone}},
        )
        return "loadbalancer/web"

    return make


CASES = (
    Case("aws-elb-classic-tls", _load_balancer(), _load_balancer("HTTP")),
    Case("aws-elb-classic-cross-zone", _load_balancer(), _load_balancer(cross_zone=False)),
)
