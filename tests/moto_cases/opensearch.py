"""OpenSearch domains."""

from typing import Any

from moto_cases import ACCOUNT, REGION, Case, ClientOf, Make


def _domain(**options: Any) -> Make:
    def make(client: ClientOf) -> str:
        client("opensearch").create_domain(
            DomainName="logs", EngineVersion="OpenSearch_2.13", **options
        )
        return "domain/logs"

    return make


def _in_vpc(client: ClientOf) -> str:
    vpc = client("ec2").create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = client("ec2").create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    return _domain(VPCOptions={"SubnetIds": [subnet]})(client)


def _logging(kind: str) -> Make:
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:search"
    return _domain(
        LogPublishingOptions={kind: {"CloudWatchLogsLogGroupArn": group, "Enabled": True}}
    )


def _nodes(count: int, *, zones: bool) -> Make:
    return _domain(
        ClusterConfig={
            "InstanceType": "m6g.large.search",
            "InstanceCount": count,
            "ZoneAwarenessEnabled": zones,
        }
    )


def _https(policy: str) -> Make:
    return _domain(DomainEndpointOptions={"EnforceHTTPS": True, "TLSSecurityPolicy": policy})


CASES = (
    Case(
        "aws-opensearch-encrypted",
        _domain(EncryptionAtRestOptions={"Enabled": True}),
        _domain(EncryptionAtRestOptions={"Enabled": False}),
    ),
    Case(
        "aws-opensearch-node-to-node",
        _domain(NodeToNodeEncryptionOptions={"Enabled": True}),
        _domain(NodeToNodeEncryptionOptions={"Enabled": False}),
    ),
    Case(
        "aws-opensearch-https-required",
        _https("Policy-Min-TLS-1-2-PFS-2023-10"),
        _https("Policy-Min-TLS-1-0-2019-07"),
    ),
    Case("aws-opensearch-in-vpc", _in_vpc, _domain()),
    Case("aws-opensearch-audit-logs", _logging("AUDIT_LOGS"), _logging("INDEX_SLOW_LOGS")),
    Case("aws-opensearch-fault-tolerant", _nodes(3, zones=True), _nodes(3, zones=False)),
)
