"""Redshift clusters."""

from typing import Any

from moto_cases import ACCOUNT, Canned, Case, ClientOf, Make


def _cluster(client: ClientOf, **options: Any) -> str:
    client("redshift").create_cluster(
        ClusterIdentifier="dwh",
        NodeType="ra3.xlplus",
        ClusterType="single-node",
        MasterUsername="admin",
        MasterUserPassword="Password1",
        **options,
    )
    return "cluster:dwh"


def _with(**options: Any) -> Make:
    return lambda client: _cluster(client, **options)


def _logged(client: ClientOf) -> str:
    client("s3").create_bucket(Bucket="audit")
    policy = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":'
        f'"arn:aws:iam::{ACCOUNT}:user/logs"}},"Action":["s3:GetBucketAcl","s3:PutObject"],'
        '"Resource":["arn:aws:s3:::audit","arn:aws:s3:::audit/*"]}]}'
    )
    client("s3").put_bucket_policy(Bucket="audit", Policy=policy)
    made = _cluster(client)
    client("redshift").enable_logging(
        ClusterIdentifier="dwh", BucketName="audit", S3KeyPrefix="redshift/"
    )
    return made


def _tls(value: str) -> dict[str, dict[str, Any]]:
    group = {"ParameterGroupName": "strict", "ParameterGroupFamily": "redshift-2.0"}
    return {
        "redshift:DescribeClusters": {
            "Clusters": [
                {
                    "ClusterIdentifier": "dwh",
                    "ClusterParameterGroups": [{"ParameterGroupName": "strict"}],
                }
            ]
        },
        "redshift:DescribeClusterParameterGroups": {
            "ParameterGroups": [{**group, "Description": "TLS for all"}]
        },
        "redshift:DescribeClusterParameters": {
            "Parameters": [
                {"ParameterName": "auto_analyze", "ParameterValue": "true"},
                {"ParameterName": "require_ssl", "ParameterValue": value},
            ]
        },
    }


CASES: tuple[Case | Canned, ...] = (
    Case("aws-redshift-encrypted", _with(Encrypted=True), _with(Encrypted=False)),
    Case(
        "aws-redshift-not-public",
        _with(PubliclyAccessible=False),
        _with(PubliclyAccessible=True),
    ),
    Case(
        "aws-redshift-enhanced-vpc-routing",
        _with(EnhancedVpcRouting=True),
        _with(EnhancedVpcRouting=False),
    ),
    Case("aws-redshift-audit-logging", _logged, _with()),
    Case(
        "aws-redshift-automated-snapshots",
        _with(AutomatedSnapshotRetentionPeriod=14),
        _with(AutomatedSnapshotRetentionPeriod=1),
    ),
    Case(
        "aws-redshift-version-upgrade",
        _with(AllowVersionUpgrade=True),
        _with(AllowVersionUpgrade=False),
    ),
    # moto has no ModifyClusterParameterGroup, so a group of the customer's cannot differ.
    Canned("aws-redshift-tls-required", _tls("true"), _tls("false")),
)
