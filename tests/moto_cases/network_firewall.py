"""Firewalls of Network Firewall."""

from moto_cases import ACCOUNT, REGION, Case, ClientOf, Make


def _firewall(*, protected: bool) -> Make:
    def make(client: ClientOf) -> str:
        made = client("network-firewall").create_firewall(
            FirewallName="edge",
            FirewallPolicyArn=f"arn:aws:network-firewall:{REGION}:{ACCOUNT}:firewall-policy/p",
            VpcId="vpc-1",
            SubnetMappings=[{"SubnetId": "subnet-1"}],
            DeleteProtection=protected,
        )
        return str(made["Firewall"]["FirewallArn"])

    return make


CASES = (
    Case(
        "aws-network-firewall-delete-protection",
        _firewall(protected=True),
        _firewall(protected=False),
    ),
)
