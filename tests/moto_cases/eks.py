"""EKS clusters."""

from typing import Any

from moto_cases import ACCOUNT, REGION, Case, ClientOf, Make

_CLOSED = {"endpointPublicAccess": False, "endpointPrivateAccess": True}
_OPEN = {"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]}


def _cluster(network: dict[str, Any] | None = None, **settings: Any) -> Make:
    def make(client: ClientOf) -> str:
        ec2 = client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
        client("eks").create_cluster(
            name="shop",
            roleArn=f"arn:aws:iam::{ACCOUNT}:role/eks",
            resourcesVpcConfig={"subnetIds": [subnet], **(network or {})},
            **settings,
        )
        return "cluster/shop"

    return make


def _logging(*types: str) -> dict[str, Any]:
    return {"clusterLogging": [{"types": list(types), "enabled": True}]}


_VERSIONS = {"1.34": "STANDARD_SUPPORT", "1.32": "EXTENDED_SUPPORT", "1.27": "UNSUPPORTED"}
_SUPPORT = {
    "clusterVersions": [
        {"clusterVersion": version, "versionStatus": status}
        for version, status in _VERSIONS.items()
    ]
}
"""What AWS answers to DescribeClusterVersions, which moto does not know."""

_KEY = {"keyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k"}

CASES = (
    Case(
        "aws-eks-control-plane-logs",
        _cluster(logging=_logging("api", "audit", "authenticator")),
        _cluster(logging=_logging("audit")),
    ),
    Case("aws-eks-endpoint-not-public", _cluster(_CLOSED), _cluster(_OPEN)),
    Case(
        "aws-eks-secrets-encrypted",
        _cluster(encryptionConfig=[{"resources": ["secrets"], "provider": _KEY}]),
        _cluster(),
    ),
    Case(
        "aws-eks-version-supported",
        _cluster(version="1.32"),
        _cluster(version="1.27"),
        played={"eks:DescribeClusterVersions": _SUPPORT},
    ),
)
